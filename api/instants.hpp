#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/clock.hpp"

namespace dialer::api {

/// "2026-11-20T15:00:00Z", also with a fraction of up to six digits, or a date alone (its midnight, UTC). Nothing else:
/// an offset other than Z would be a second way to say the same.
std::optional<utc_time> parse_instant(std::string_view text) noexcept;

/// "2026-11-20T15:00:00Z"; a fraction only when there is one.
std::string to_text(utc_time at);

}  // namespace dialer::api
