#pragma once
// What an organisation knows of the numbers it calls: who opted out, and when each was tried during the last week.

#include <cstdint>
#include <memory>
#include <optional>

#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::compliance {

/// Attempts to one number in the two windows that caps are counted over.
struct recent_attempts {
  unsigned last_24h = 0;
  unsigned last_7d = 0;
};

/// All that is known of one number at one instant.
struct callee {
  recent_attempts recent;
  bool opted_out = false;
};

/// The organisation's opt-outs, and its attempts of the last seven days over all campaigns: the input of the rolling
/// caps. Attempts in doubt count. Both in one table, so that a decision waits for one cache line. Attempts are kept to
/// the second, rounded up: a cap never frees early, and at most a second late. Owned by one shard; not synchronised.
/// 11 to 16 bytes an opt-out or attempt.
class callee_book {
 public:
  callee_book();
  ~callee_book();
  callee_book(callee_book&&) noexcept;
  callee_book& operator=(callee_book&&) noexcept;

  void opt_out(e164 number);  ///< no effect when it has
  void opt_in(e164 number);   ///< takes the opt-out back; no effect without one
  bool opted_out(e164 number) const noexcept;

  /// Attempts are recorded in any order of time. REQUIRES: `at` is less than nine days ago.
  void record(e164 number, utc_time at);
  /// Takes back one attempt recorded at `at` (the request was never sent); no effect when there is none.
  void retract(e164 number, utc_time at);
  /// Attempts later than now - length: those that lie ahead of a clock that was set back by up to 15 days count too.
  /// length <= 7 days.
  unsigned attempts(e164 number, utc_time now, std::chrono::hours length) const noexcept;
  /// The instant at which attempts(...) falls below `cap`, when it has reached it. REQUIRES: cap > 0.
  std::optional<utc_time> below_cap_at(e164 number, utc_time now, std::chrono::hours length, unsigned cap) const;
  /// Everything in one look at the table.
  callee find(e164 number, utc_time now) const noexcept;
  void prefetch(e164 number) const noexcept;

  /// Forgets attempts older than seven days. A call looks at as much of the table as the time since the last one asks
  /// for: within a day it comes round, and after a longer pause (the machine slept) it does so at once.
  /// REQUIRES: called before any look-up two days after the last call, or old attempts would be taken for new ones.
  void expire(utc_time now);

  std::size_t opt_outs() const noexcept;
  std::size_t attempts() const noexcept;  ///< remembered
  std::size_t bytes() const noexcept;     ///< memory held

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::compliance
