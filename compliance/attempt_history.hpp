#pragma once

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

/// When each number was tried during the last seven days, over all campaigns of one organisation: the input of the
/// rolling attempt caps. Attempts in doubt count. Owned by one shard; not synchronised. 23 to 32 bytes an attempt.
class attempt_history {
 public:
  attempt_history();
  ~attempt_history();
  attempt_history(attempt_history&&) noexcept;
  attempt_history& operator=(attempt_history&&) noexcept;

  /// Attempts are recorded in any order of time.
  void record(e164 number, utc_time at);
  /// Takes back one attempt recorded at exactly `at` (the request was never sent); no effect when there is none.
  void retract(e164 number, utc_time at);
  /// Attempts later than now - length: those that lie ahead of a clock that was set back count too. length <= 7 days.
  unsigned count(e164 number, utc_time now, std::chrono::hours length) const;
  /// Both windows' counts in one look at the table.
  recent_attempts recent(e164 number, utc_time now) const noexcept;
  /// The instant at which count(...) falls below `cap`, when it has reached it. REQUIRES: cap > 0.
  std::optional<utc_time> below_cap_at(e164 number, utc_time now, std::chrono::hours length, unsigned cap) const;
  /// Forgets attempts older than seven days; bounded work a call (a slice of the table), so call it every few
  /// seconds.
  void expire(utc_time now);
  void prefetch(e164 number) const noexcept;
  std::size_t attempts() const noexcept;  ///< remembered
  std::size_t bytes() const noexcept;     ///< memory held

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::compliance
