#include "cli/zone_data.hpp"

#include "cli/errors.hpp"

namespace dialer::cli {

std::shared_ptr<const compliance::zone_rules> load_zone_data() {
  auto rules = compliance::load_system_zone_rules();
  if (!compliance::is_current_tzdata(rules->version())) {
    throw settings_error{"time zone data: tzdata " + rules->version() + " is older than " +
                         std::string{compliance::oldest_tzdata} +
                         ", and zones have changed since: people there would be called at the wrong hour; update it "
                         "(apt-get update && apt-get install tzdata)"};
  }
  return rules;
}

}  // namespace dialer::cli
