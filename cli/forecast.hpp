#pragma once
// When will a campaign have called everybody? Pure: the same windows as the gate's, and a steady rate.

#include <optional>
#include <vector>

#include "compliance/place.hpp"
#include "compliance/zone_rules.hpp"
#include "model/clock.hpp"
#include "model/local_hours.hpp"

namespace dialer::cli {

/// Calls that can't start before `due`.
struct calls_due {
  utc_time due{};
  double calls = 0;
};

struct forecast_lane {
  compliance::place where;
  std::vector<calls_due> calls;
};

struct forecast_inputs {
  utc_time now{};
  weekly_hours window{};        ///< the campaign's
  double calls_per_second = 0;  ///< over all lanes; above 0
  double calls_per_day = 0;     ///< in any 24 h counted from now; 0: no such limit
  std::vector<forecast_lane> lanes;
};

struct forecast {
  std::vector<std::optional<utc_time>> lanes;  ///< when each lane's last call starts; empty: not within a year
  std::optional<utc_time> done_at;             ///< of all; empty when one has none
};

/// Lanes that are open share the rate evenly, as the engine takes turns among them.
forecast make_forecast(const forecast_inputs& in, const compliance::zone_rules& zones);

}  // namespace dialer::cli
