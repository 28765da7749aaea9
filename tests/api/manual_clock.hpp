#pragma once

#include "model/clock.hpp"

namespace dialer::api::test {

/// Stands still until it is told to go on. One thread moves it, while no other reads.
class manual_clock final : public clock {
 public:
  instant now() const override { return at_; }
  void advance(std::chrono::microseconds by) {
    at_.steady += by;
    at_.utc += by;
  }

 private:
  instant at_{steady_time{std::chrono::hours{1}}, utc_time{std::chrono::seconds{1'790'000'000}}};
};

}  // namespace dialer::api::test
