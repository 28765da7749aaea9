#pragma once
// The clock seam. The inner ring never reads a clock: every decision is given `now`.

#include <chrono>

namespace dialer {

/// Wall clock, UTC, microseconds. Used for windows, caps, ledger rows and carrier timestamps; never for deadlines.
using utc_time = std::chrono::sys_time<std::chrono::microseconds>;

/// Tag of the steady clock that deadlines and pacing use (CLOCK_BOOTTIME outside of simulation).
struct steady_clock_tag {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<steady_clock_tag, duration>;
  static constexpr bool is_steady = true;
};
using steady_time = steady_clock_tag::time_point;

/// One reading of both clocks.
struct instant {
  steady_time steady;
  utc_time utc;
};

/// Implemented once over the system, once by the simulation. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  virtual instant now() const = 0;
};

}  // namespace dialer
