#include "carriers/call_budget.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>

namespace dialer::carriers {
namespace {

using microseconds = std::int64_t;
using nanoseconds = std::int64_t;

/// The shape of a carrier's limit.
struct shape {
  double period_s;       // what the carrier counts over
  unsigned bucket_bits;  // starts are counted in buckets of 2^bits microseconds
  nanoseconds catch_up;  // lateness that may be caught up
  double guard;          // the window is kept so much longer, against jitter on the way
};

constexpr shape shape_of(carrier_kind kind) {
  switch (kind) {
    case carrier_kind::twilio: return {1.0, 10, 50'000'000, 1.007};
    case carrier_kind::telnyx: break;
  }
  return {5.0, 12, 250'000'000, 1.0065};
}

constexpr double slowest = 1.0 / 64;
/// Covers two periods of either carrier and their guard: N / rate is below two periods unless N is 1.
constexpr std::size_t bucket_count = 4096;

/// Starts of the recent past, counted in buckets. A bucket counts until all of it has left the window, so the count is
/// never below the true one and at most one bucket's width ahead of it.
class start_log {
 public:
  explicit start_log(unsigned bucket_bits) : bits_{bucket_bits} {}

  void resize(microseconds window) {
    const auto longest = static_cast<microseconds>(bucket_count - 2) << bits_;
    window_ = std::min(window, longest);
  }

  /// REQUIRES: `now` does not decrease.
  std::uint64_t count(microseconds now) {
    while (total_ != 0 && leaves(oldest_) <= now) {
      total_ -= at(oldest_);
      at(oldest_) = 0;
      ++oldest_;
    }
    if (total_ == 0) oldest_ = now >> bits_;
    return total_;
  }

  /// REQUIRES: count(now) was asked before.
  void add(microseconds now) {
    ++at(now >> bits_);
    ++total_;
  }

  /// Puts in a start of the past, unless its window has passed. REQUIRES: count(now) was asked before; made_at <= now.
  void remember(microseconds made_at, microseconds now) {
    const std::int64_t bucket = made_at >> bits_;
    if (leaves(bucket) <= now) return;
    oldest_ = std::min(oldest_, bucket);  // the buckets in use still span no more than the window
    add(made_at);
  }

  /// Takes out one start that was taken at `taken_at`, or counted later because another thread's clock was ahead; false
  /// when its window has passed.
  bool remove(microseconds taken_at, microseconds now) {
    if (total_ == 0 || leaves(taken_at >> bits_) <= now) return false;
    const std::int64_t end = oldest_ + static_cast<std::int64_t>(bucket_count);
    for (std::int64_t bucket = std::max(taken_at >> bits_, oldest_); bucket < end; ++bucket) {
      if (at(bucket) == 0) continue;
      --at(bucket);
      --total_;
      return true;
    }
    return false;
  }

  /// The instant at which fewer than `limit` starts are in the window. REQUIRES: the count is not below it now.
  microseconds falls_below(std::uint64_t limit) {
    while (at(oldest_) == 0) ++oldest_;
    std::uint64_t left = total_;
    std::int64_t bucket = oldest_;
    while ((left -= at(bucket)) >= limit) ++bucket;
    return leaves(bucket);
  }

 private:
  std::uint32_t& at(std::int64_t bucket) { return starts_[static_cast<std::size_t>(bucket) % bucket_count]; }
  microseconds leaves(std::int64_t bucket) const { return ((bucket + 1) << bits_) + window_; }

  unsigned bits_;
  microseconds window_ = 0;
  std::int64_t oldest_ = 0;  // nothing is counted in earlier buckets
  std::uint64_t total_ = 0;
  std::array<std::uint32_t, bucket_count> starts_{};
};

microseconds micros(steady_time at) {
  return at.time_since_epoch().count();
}

}  // namespace

struct call_budget::impl {
  impl(carrier_kind kind, double calls_per_second) : form{shape_of(kind)}, log{form.bucket_bits} {
    set_limit(calls_per_second);
  }

  void set_limit(double calls_per_second) {
    // A hair below, so that 5 x 0.2 fills one start and not two.
    const double starts = std::max(1.0, std::ceil(calls_per_second * form.period_s - 1e-9));
    const double window_s = starts / calls_per_second * form.guard;
    const double old_spacing = spacing;
    limit = calls_per_second;
    starts_max = static_cast<std::uint64_t>(starts);
    log.resize(static_cast<microseconds>(std::ceil(std::min(window_s, 1e6) * 1e6)));
    spacing = window_s / starts * 1e9;
    catch_up = starts_max == 1 ? 0 : form.catch_up;
    // What is owed for the last start was reckoned at the old spacing.
    const nanoseconds owed = due - latest * 1000;
    if (owed > 0) due = latest * 1000 + static_cast<nanoseconds>(static_cast<double>(owed) * spacing / old_spacing);
  }

  /// The share of the limit in force.
  double share(microseconds now) const {
    if (now >= recovered) return 1.0;
    const double climbed = static_cast<double>(now - slowed) / static_cast<double>(recovered - slowed);
    return slowed_to + (1.0 - slowed_to) * std::max(0.0, climbed);
  }

  /// Another thread may have come first with a later reading of the clock: then it is at least that late by now.
  microseconds settle(steady_time now) { return latest = std::max(latest, micros(now)); }

  mutable std::mutex lock;
  shape form;
  start_log log;
  double limit = 0;
  std::uint64_t starts_max = 0;
  double spacing = 1;  // nanoseconds between starts at the limit
  nanoseconds catch_up = 0;
  nanoseconds due = std::numeric_limits<nanoseconds>::min() /
                    2;  // when the next start is due; a later sender keeps the schedule up to catch_up
  microseconds latest = std::numeric_limits<microseconds>::min() / 4000;
  microseconds held_until = std::numeric_limits<microseconds>::min();
  microseconds slowed = 0;
  microseconds recovered = std::numeric_limits<microseconds>::min();
  double slowed_to = 1.0;
};

call_budget::call_budget(carrier_kind kind, double calls_per_second)
    : impl_{std::make_unique<impl>(kind, calls_per_second)} {}
call_budget::~call_budget() = default;

steady_time call_budget::take(steady_time now) {
  impl& my = *impl_;
  const std::lock_guard guarded{my.lock};
  const microseconds at = my.settle(now);
  const bool full = my.log.count(at) >= my.starts_max;
  const nanoseconds late = at * 1000 - my.due;
  if (!full && late >= 0 && my.held_until <= at) {
    my.log.add(at);
    my.due = (late <= my.catch_up ? my.due : at * 1000) + static_cast<nanoseconds>(my.spacing / my.share(at));
    return now;
  }
  microseconds earliest = std::max(my.held_until, (my.due + 999) / 1000);
  if (full) earliest = std::max(earliest, my.log.falls_below(my.starts_max));
  return std::max(steady_time{steady_time::duration{earliest}}, now + steady_time::duration{1});
}

void call_budget::give_back(steady_time taken_at) {
  impl& my = *impl_;
  const std::lock_guard guarded{my.lock};
  if (my.log.remove(micros(taken_at), my.latest)) my.due -= static_cast<nanoseconds>(my.spacing / my.share(my.latest));
}

void call_budget::remember(steady_time at, steady_time now) {
  impl& my = *impl_;
  const std::lock_guard guarded{my.lock};
  const microseconds known = my.settle(now);
  const microseconds made_at = std::min(micros(at), known);
  my.log.count(known);
  my.log.remember(made_at, known);
  my.due = std::max(my.due, made_at * 1000 + static_cast<nanoseconds>(my.spacing / my.share(known)));
}

void call_budget::slow_down(steady_time now, std::chrono::seconds recover) {
  impl& my = *impl_;
  const std::lock_guard guarded{my.lock};
  const microseconds at = my.settle(now);
  my.slowed_to = std::max(slowest, my.share(at) / 2);
  my.slowed = at;
  my.recovered = at + std::chrono::microseconds{recover}.count();
  my.due = std::max(my.due, at * 1000);  // nothing is left to catch up
}

void call_budget::hold(steady_time until) {
  const std::lock_guard guarded{impl_->lock};
  impl_->held_until = std::max(impl_->held_until, micros(until));
}

void call_budget::set_limit(double calls_per_second) {
  const std::lock_guard guarded{impl_->lock};
  impl_->set_limit(calls_per_second);
}

double call_budget::calls_per_second() const {
  const std::lock_guard guarded{impl_->lock};
  return impl_->limit;
}

double call_budget::calls_per_second(steady_time now) const {
  const std::lock_guard guarded{impl_->lock};
  return impl_->limit * impl_->share(micros(now));
}

}  // namespace dialer::carriers
