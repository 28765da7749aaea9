#pragma once
// When the next connection may be set up: a budget of handshakes per second, and after failures an exponential pause
// with full jitter. A handshake costs as much CPU as sixty requests, on both sides, so neither a lost carrier nor a
// cold start may turn into a storm of them. Pure: time is passed in.

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "model/random.hpp"

namespace dialer::carriers::http {

class connect_pacer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds burst_window{100};  ///< of unused budget that may be spent at once
  static constexpr std::chrono::milliseconds pause_first{100};
  static constexpr std::chrono::milliseconds pause_max{10'000};

  /// REQUIRES: handshakes_per_second > 0.
  connect_pacer(std::size_t handshakes_per_second, std::uint64_t seed);

  /// Takes one connection set-up from the budget; false: not before next_at().
  bool try_take(time_point now);
  /// The earliest time at which try_take can succeed.
  time_point next_at() const;

  void on_success();
  /// `started`: when the failed attempt began. Attempts that were under way together count as one failure.
  void on_failure(time_point started, time_point now);
  /// True between a failure and the next success: one attempt at a time is enough.
  bool probing() const { return failures_ != 0; }

 private:
  std::chrono::nanoseconds interval_;
  time_point budget_at_{};  ///< when the budget will be full again (GCRA)
  time_point paused_until_{};
  time_point last_failure_{};
  std::uint32_t failures_ = 0;
  random_source random_;
};

}  // namespace dialer::carriers::http
