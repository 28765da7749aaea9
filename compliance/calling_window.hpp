#pragma once
// When may a place be called? Pure functions of (place, window, zone rules, now).

#include <optional>
#include <string_view>
#include <vector>

#include "compliance/place.hpp"
#include "compliance/zone_rules.hpp"
#include "model/clock.hpp"
#include "model/local_hours.hpp"
#include "model/reason.hpp"

namespace dialer::compliance {

/// 47 CFR 64.1200(c)(1) and 16 CFR 310.4(c): 08:00-21:00 at the called party's location, all days.
weekly_hours federal_hours();

/// Open or closed, and until when that answer holds.
struct window_state {
  bool open = false;
  reason why = reason::none;          ///< when closed: window_closed, window_never_opens, no_time_zone (the place has
                                      ///< none), rules_stale (the zone data does not tell its time)
  std::optional<utc_time> closes_at;  ///< when open: the first instant at which it is closed again
  std::optional<utc_time> opens_at;   ///< when closed: the next opening; empty when none within 14 days
};

/// The countries whose hours all apply there: of the number, then of the addresses. An unknown country is an empty
/// name.
std::vector<std::string_view> countries_of(const place& where);

/// The intersection over all zones of `where` of the law's hours and `campaign` hours, at `now`. Boundaries are exact
/// to the microsecond: at open it is open, at close it is closed. Daylight-saving gaps and repeats never widen it.
window_state evaluate_window(const place& where, const weekly_hours& campaign, const zone_rules& zones, utc_time now);

}  // namespace dialer::compliance
