#pragma once
// How often was each number used, and may it be used again? Rolling hour, rolling day, in flight.
//
// Uses are counted per minute, and a minute counts until all of it has left the window. So a window is never shorter
// than it says: a cap is never exceeded in any true 60 minutes or 24 hours, and frees at most one minute late.
//
// The clock of this book is the latest instant it has been shown. An earlier one (a wall clock that was set back)
// brings nothing back that has left, and a use at such an instant counts for its own minute.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "callerid/inventory.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::callerid {

/// 0 = unlimited.
struct use_caps {
  std::uint32_t per_day = 0;
  std::uint32_t per_hour = 0;
  std::uint32_t concurrent = 0;
};

/// What a number's health leaves of its use (number_health.hpp).
struct number_limits {
  bool shown = true;
  std::optional<utc_time> rests_until;  ///< when not shown and time ends it
  std::uint32_t calls_per_day_max = 0;  ///< 0 = no limit for health's sake
  std::uint32_t share_of_caps = 1;      ///< its own caps are divided by this
  friend bool operator==(const number_limits&, const number_limits&) = default;
};

/// What a pool needs to know of a number.
struct standing {
  std::uint32_t calls_in_last_day = 0;
  bool free = true;    ///< below all of its caps, and not resting
  bool rests = false;  ///< for its health
  std::optional<utc_time>
      frees;  ///< when not free: the instant it will be by time alone; none while a call must end first
};

/// One shard; not synchronised. Memory: 8 bytes per number and minute in which it was used, kept for 24 hours.
class rolling_use {
 public:
  /// The number's index, made at first sight.
  number_index add(e164 number);
  std::optional<number_index> find(e164 number) const;
  e164 number(number_index index) const { return entries_[index].number; }
  std::size_t size() const { return entries_.size(); }

  void set_caps(number_index index, use_caps caps);
  /// True: they were others before.
  bool set_limits(number_index index, const number_limits& limits);
  bool rests(number_index index) const { return !entries_[index].shown; }

  /// Moves the clock; returns the numbers of which some use left a window. The span lives until the next call.
  /// Costs nothing within a minute; at its end, a few tens of ns per number used in the minutes that leave.
  std::span<const number_index> advance(utc_time now);

  /// One call starts at `at`. REQUIRES: advance() has seen `at` or later.
  void take(number_index index, utc_time at);
  /// A use without a call in flight, or a call in flight whose start has left all windows. REQUIRES: as take().
  void restore(number_index index, utc_time at, bool in_flight);
  void release(number_index index);
  void retract(number_index index, utc_time at);

  standing stand(number_index index) const;
  std::uint32_t calls_in_last_day(number_index index) const { return entries_[index].day; }
  std::uint32_t in_flight(number_index index) const { return entries_[index].in_flight; }

 private:
  using minute = std::int32_t;  // since 1970
  static constexpr minute hour_minutes = 60;
  static constexpr minute day_minutes = 24 * 60;

  struct bucket {
    minute at = 0;
    std::uint32_t count = 0;
  };
  // What a call reads and writes; small, so that thousands of numbers stay in the cache.
  struct entry {
    e164 number;
    use_caps caps;  // the stricter of its own and of its limits
    std::uint32_t hour = 0;
    std::uint32_t day = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t this_minute = 0;  // uses in the clock's minute; no bucket has them yet
    bool shown = true;
  };
  struct past {
    use_caps own_caps;
    number_limits limits;
    std::vector<bucket> buckets;  // ascending; one for each calendar mark of this number
  };

  void combine(number_index index);
  static minute minute_of(utc_time at) noexcept;
  std::vector<number_index>& marks(minute at) noexcept;
  bool in_day(minute at) const noexcept { return at >= clock_ - day_minutes; }
  bool in_hour(minute at) const noexcept { return at >= clock_ - hour_minutes; }
  void count(number_index index, minute at);
  void close_minute();
  void leave_hour(minute at);
  void leave_day(minute at);
  utc_time frees_below(number_index index, std::uint32_t count, std::uint32_t cap, minute window) const;

  std::vector<entry> entries_;
  std::vector<past> past_;              // by index, as entries_
  std::vector<number_index> used_now_;  // of entries_, those used in the clock's minute; some twice
  boost::unordered_flat_map<e164, number_index, std::hash<e164>> index_of_;
  /// For each minute of the day window, the numbers that have a bucket there.
  std::array<std::vector<number_index>, day_minutes + 1> calendar_;
  std::vector<number_index> changed_;
  minute clock_ = 0;
  utc_time next_minute_ = utc_time::min();
};

}  // namespace dialer::callerid
