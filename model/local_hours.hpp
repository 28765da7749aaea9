#pragma once

#include <array>
#include <cstdint>

namespace dialer {

/// Half-open [open, close) in minutes after local midnight, 0 <= open < close <= 1440; open == close means closed all
/// day.
struct local_hours {
  std::uint16_t open_minute = 8 * 60;
  std::uint16_t close_minute = 21 * 60;
  friend constexpr bool operator==(const local_hours&, const local_hours&) = default;
};

/// Indexed by weekday, 0 = Sunday.
using weekly_hours = std::array<local_hours, 7>;

}  // namespace dialer
