#pragma once
// The three ways carriers write an instant.

#include <optional>
#include <string>
#include <string_view>

#include "model/clock.hpp"

namespace dialer::carriers {

/// "Tue, 18 Aug 2026 17:14:30 +0000", the weekday optional, the zone "+hhmm", "-hhmm", "GMT" or "UTC": Twilio's dates
/// and HTTP's Date header.
std::optional<utc_time> parse_rfc2822(std::string_view text);
/// "2026-08-18T17:14:30.521992Z" or with "+hh:mm"; digits past microseconds are dropped: Telnyx's dates.
std::optional<utc_time> parse_rfc3339(std::string_view text);
/// "2026-08-18T17:14:30Z", the second begun. REQUIRES: a year of four digits.
std::string format_rfc3339(utc_time at);

}  // namespace dialer::carriers
