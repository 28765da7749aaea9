#pragma once

#include "model/clock.hpp"

namespace dialer {

/// The same day and time of day so many months later, in UTC; where that month is shorter, its last day. Counted from
/// the first day of all: the 31st of January is followed by the 28th of February, and that by the 31st of March.
utc_time months_after(utc_time first, int months) noexcept;

}  // namespace dialer
