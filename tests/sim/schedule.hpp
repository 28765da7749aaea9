#pragma once
// Virtual time: one queue of things to happen, in an order that depends on the seed alone.

#include <cstdint>
#include <functional>
#include <queue>
#include <stdexcept>
#include <vector>

#include "model/clock.hpp"
#include "model/random.hpp"

namespace dialer::sim {

using std::chrono::microseconds;

/// The world's clock and agenda. Ties are broken by order of insertion.
class schedule {
 public:
  explicit schedule(std::uint64_t seed) : random{seed} {}

  instant now() const { return {steady_time{elapsed_}, start_ + elapsed_ + wall_clock_off_}; }
  /// The wall clock is put right, or wrong.
  void set_wall_clock(microseconds off) { wall_clock_off_ = off; }
  /// By a clock that nobody sets.
  utc_time true_time(microseconds elapsed) const { return start_ + elapsed; }
  void after(microseconds delay, std::function<void()> what) {
    agenda_.push({elapsed_ + std::max(delay, microseconds{0}), ++order_, std::move(what)});
  }
  bool step() {
    if (agenda_.empty()) return false;
    // The queue hands out const references; the entry is gone right after.
    entry next = std::move(const_cast<entry&>(agenda_.top()));
    agenda_.pop();
    elapsed_ = next.at;
    next.what();
    return true;
  }
  void run_until(microseconds at) {
    while (!agenda_.empty() && agenda_.top().at <= at) step();
    elapsed_ = std::max(elapsed_, at);
  }
  microseconds elapsed() const { return elapsed_; }
  /// Uniform in [from, to].
  microseconds between(microseconds from, microseconds to) {
    return from + microseconds{random.below(static_cast<std::uint64_t>((to - from).count()) + 1)};
  }

  random_source random;

 private:
  struct entry {
    microseconds at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const entry& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  std::priority_queue<entry> agenda_;
  microseconds elapsed_{0};
  microseconds wall_clock_off_{0};
  std::uint64_t order_ = 0;
  // A Wednesday, 17:00 UTC.
  utc_time start_ = std::chrono::sys_days{std::chrono::year{2026} / 11 / 18} + std::chrono::hours{17};
};

/// A violated invariant: carries what the replay needs.
struct violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace dialer::sim
