#pragma once
// The carrier's limit on call starts, taken at the moment of writing, so that what arrives there keeps the limit.

#include <cstdint>
#include <memory>

#include "carriers/account.hpp"
#include "model/clock.hpp"

namespace dialer::carriers {

/// Twilio: a steady rate, never more than calls_per_second in any 1-second window. Telnyx: never more than
/// 5 x calls_per_second in any 5-second window (carriers.md 3). Both keep a guard of a few milliseconds against jitter on
/// the way, and still use at least 99 % of the limit. Thread-safe: shared by the senders of all shards.
class call_budget {
 public:
  call_budget(carrier_kind kind, double calls_per_second);
  ~call_budget();

  /// Takes one call start at `now` and returns `now`; or takes nothing and returns the earliest instant to ask again.
  steady_time take(steady_time now);
  /// Gives back a start that was taken and then not written (veto at the last look).
  void give_back(steady_time taken_at);
  /// Halves the rate now and lets it climb back additively over `recover` (a 429, or queue_time above the bound).
  void slow_down(steady_time now, std::chrono::seconds recover);
  /// No starts before `until` (Retry-After, or the window the carrier counts in).
  void hold(steady_time until);
  /// A changed limit; keeps the history.
  void set_limit(double calls_per_second);
  double calls_per_second() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::carriers
