#pragma once

#include <string>

#include "tests/e2e/rig.hpp"

namespace dialer::e2e {

/// Simulated carriers with these limits and quick calls; 0: no limit.
std::string quick_carriers(unsigned twilio_cps, unsigned telnyx_dps);
/// With the limits that the engine has for the accounts. At rates that this machine reaches in no other way, every
/// called line is busy.
std::string quick_carriers(const account_limits& accounts);

/// One request in thirty is acted on without telling, one in a hundred not acted on; callbacks are lost, late, doubled
/// and overtaken. To be appended to quick_carriers().
std::string acting_faults();

}  // namespace dialer::e2e
