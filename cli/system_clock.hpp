#pragma once

#include "model/clock.hpp"

namespace dialer::cli {

/// The machine's clocks: CLOCK_BOOTTIME for deadlines (it goes on while the machine sleeps), CLOCK_REALTIME for the
/// wall. Thread-safe.
class system_clock final : public clock {
 public:
  /// `wall_offset` is added to the wall clock, for runs at a stated instant.
  explicit system_clock(std::chrono::microseconds wall_offset = {}) : wall_offset_{wall_offset} {}
  /// The wall clock reads `start` now and goes on from there.
  static system_clock starting_at(utc_time start);

  instant now() const override;
  std::chrono::microseconds wall_offset() const noexcept { return wall_offset_; }

 private:
  std::chrono::microseconds wall_offset_;
};

}  // namespace dialer::cli
