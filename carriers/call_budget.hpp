#pragma once
// The carrier's limit on call starts, taken at the moment of writing, so that what arrives there keeps the limit.
//
// Two rules, both must agree:
//  - Window: at most N starts in any N / rate seconds, N being the least whole number of starts that fills the
//  carrier's
//    period (Twilio 1 s, Telnyx 5 s). At a whole rate that is the carrier's own rule. 0.5 per second is
//    one start in any 2 s. The window is kept some 0.7 % longer than it is, so starts that are delayed unequally on
//    the way, by up to 7 ms (Twilio) or 32 ms (Telnyx), still keep the limit on arrival.
//  - Pace: starts are spaced evenly over the window. A sender that wakes up late, by up to 50 ms (Twilio) or 250 ms
//    (Telnyx, which counts over 5 s), catches up; after longer than that the spacing begins anew, so silence earns no
//    burst. A limit of one start per window leaves nothing to catch up.
//
// Thread-safe: one short lock. Memory: 16 KB, whatever the rate.

#include <chrono>
#include <memory>

#include "carriers/account.hpp"
#include "model/clock.hpp"

namespace dialer::carriers {

/// Used at 99 % of the limit and more when the senders are ready (late wake-ups of 1 ms included), never above it.
/// Shared by the senders of all shards.
class call_budget {
 public:
  /// REQUIRES: calls_per_second > 0.
  call_budget(carrier_kind kind, double calls_per_second);
  ~call_budget();
  call_budget(call_budget&&) = delete;

  /// Takes one call start at `now` and returns `now`; or takes nothing and returns the earliest instant to ask again.
  steady_time take(steady_time now);
  /// Gives back a start that was taken and then not written (veto at the last look).
  void give_back(steady_time taken_at);
  /// Halves the rate now and lets it climb back additively over `recover` (a 429, or queue_time above the bound). Again
  /// before that: halves what it has climbed to, at the least to 1/64 of the limit.
  void slow_down(steady_time now, std::chrono::seconds recover);
  /// Counts a start that another process made at `at`, in any order; one after `now` counts as made now.
  void remember(steady_time at, steady_time now);
  /// No starts before `until` (Retry-After, or the window the carrier counts in). The later of several holds.
  void hold(steady_time until);
  /// A changed limit; keeps the history: starts of the last window count against the new limit.
  void set_limit(double calls_per_second);
  /// The limit.
  double calls_per_second() const;
  /// The rate in force at `now`: the limit, or less after slow_down().
  double calls_per_second(steady_time now) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::carriers
