#pragma once

#include <string>

#include "tests/e2e/rig.hpp"

namespace dialer::e2e {

/// An installation with nothing of its own in the way of dialing: unhindered campaigns, and carriers with quick calls
/// and the limits that the engine knows. At rates that this machine reaches in no other way, every called line is busy.
rig_options quick_rig(const account_limits& accounts);
/// Whose accounts make so many calls a second together.
rig_options quick_rig(unsigned calls_per_second);

/// One request in thirty is acted on without telling, one in a hundred not acted on; callbacks are lost, late, doubled
/// and overtaken. To be appended to a scenario.
std::string acting_faults();

}  // namespace dialer::e2e
