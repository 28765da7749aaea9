#pragma once
// The system's time zone data, if it is fit to dial by.

#include <memory>

#include "compliance/zone_rules.hpp"

namespace dialer::cli {

/// Throws settings_error, naming the version and the remedy, when the data is older than zones that have changed.
std::shared_ptr<const compliance::zone_rules> load_zone_data();

}  // namespace dialer::cli
