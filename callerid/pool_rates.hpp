#pragma once
// What is to be expected of a call: what the calls of one campaign show for its area, the hour of the day, the day and
// these minutes. A number is judged by it (number_health.hpp), so its own calls can be left out.
//
// Thread-safety: none. Reads no clock.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>

#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::callerid {

/// How a call ended, as far as it says something about the number that it showed.
struct call_end {
  bool reached = true;      ///< it rang somewhere or was refused for its number: not failed on the way, not canceled
  bool answered = false;    ///< by a person, or nobody could tell by whom
  bool short_call = false;  ///< answered, and over before short_call_below
  bool opted_out = false;   ///< the callee opted out during the call
  bool refused = false;     ///< for the number's reputation
  bool restricted = false;  ///< the carrier says it of the number, not of this call: it rests at once
};
inline constexpr std::chrono::seconds short_call_below{6};

/// A destination's area: calling code and the three digits after it (the area code under +1); the whole number when it
/// is shorter.
using destination_area = std::uint32_t;
destination_area area_of(e164 to) noexcept;

/// Two sums of which 1/e is left after one unit of their clock.
struct fading {
  double expected = 0;
  double seen = 0;
  double at = 0;
  /// The later sums stand at most one unit ahead of the clock, should it have been set back.
  fading faded(double now) const;
  void add(double now, double more_expected, double more_seen);
};

/// The instant, in units of what each sum keeps.
struct pool_clocks {
  double week = 0;
  double day = 0;
  double lately = 0;     ///< an hour, or less where many calls are made
  std::size_t hour = 0;  ///< of the day
};

/// A number's own part in a pool, to be left out.
struct pool_part {
  fading today;
  fading lately;
  double expected_before = 0;  ///< pool_rates::expected_ever after this number's last call
};

/// Chance that a call is answered.
struct expectation {
  double by_area = 0;
  double usual = 0;  ///< and by the hour of the day
  double now = 0;    ///< and by what the others see today and in this hour
};

struct pool_rates {
  fading all;                      ///< expected: calls
  fading short_calls;              ///< expected: answers
  fading opt_outs;                 ///< expected: answers
  std::array<fading, 24> by_hour;  ///< of the day
  fading today;
  fading lately;
  boost::unordered_flat_map<destination_area, fading> by_area;  ///< expected: calls
  double expected_ever = 0;
  utc_time last{};

  pool_clocks clocks_at(utc_time now) const;
  /// Of a number that calls for the first time.
  pool_part new_part(const pool_clocks& now) const;
  expectation expect(const pool_part& own, destination_area area, const pool_clocks& now) const;
  /// Counts a call of which `due` was expected. opt_outs_known: whether the call's callee would be known to have opted
  /// out.
  void add(pool_part& own, destination_area area, const call_end& call, const expectation& due, utc_time at,
           const pool_clocks& now, bool opt_outs_known);
};

}  // namespace dialer::callerid
