#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "model/clock.hpp"

namespace dialer::engine {

/// Opens when most recent answers of a carrier account were faults, closes again after one good answer to a probe.
/// closed: all calls. open: none until `retry_at`. half-open: one call at a time decides.
class circuit_breaker {
 public:
  /// Whether a call may be decided on now while `unanswered` creates are out: always when closed, when half-open only
  /// the one whose answer decides. Calls in doubt and in conversation have had their answer.
  bool allows(steady_time now, std::uint32_t unanswered) const {
    if (!open_) return true;
    return now >= retry_at_ && unanswered == 0;
  }
  bool is_open() const { return open_; }
  steady_time retry_at() const { return retry_at_; }

  void on_good() {
    open_ = false;
    pause_ = pause_min;
    history_ <<= 1;
    answers_ = std::min<std::uint32_t>(answers_ + 1, window);
  }

  void on_fault(steady_time now) {
    history_ = (history_ << 1) | 1;
    answers_ = std::min<std::uint32_t>(answers_ + 1, window);
    if (open_) {
      // The probe failed, or calls that were out when it opened came back faulty.
      if (now >= retry_at_) {
        pause_ = std::min(pause_ * 2, pause_max);
        retry_at_ = now + pause_;
      }
      return;
    }
    const auto faults = static_cast<std::uint32_t>(__builtin_popcount(history_ & ((1U << window) - 1)));
    if (answers_ >= answers_min && faults * 2 > answers_) {
      open_ = true;
      retry_at_ = now + pause_;
      history_ = 0;
      answers_ = 0;
    }
  }

 private:
  static constexpr std::uint32_t window = 20;
  static constexpr std::uint32_t answers_min = 10;
  static constexpr std::chrono::seconds pause_min{2};
  static constexpr std::chrono::seconds pause_max{60};

  std::uint32_t history_ = 0;  // newest answer in bit 0; 1 = fault
  std::uint32_t answers_ = 0;
  bool open_ = false;
  steady_time retry_at_{};
  std::chrono::seconds pause_ = pause_min;
};

}  // namespace dialer::engine
