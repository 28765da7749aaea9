#pragma once

#include <atomic>

#include "model/clock.hpp"

namespace dialer::api::test {

/// Stands still until it is told to go on. Any thread.
class manual_clock final : public clock {
 public:
  instant now() const override {
    const std::chrono::microseconds gone{gone_.load()};
    return {steady_time{std::chrono::hours{1}} + gone, utc_time{std::chrono::seconds{1'790'000'000}} + gone};
  }
  void advance(std::chrono::microseconds by) { gone_ += by.count(); }

 private:
  std::atomic<std::chrono::microseconds::rep> gone_{0};
};

}  // namespace dialer::api::test
