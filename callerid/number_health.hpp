#pragma once
// Is a number still answered as it was? Judged from our own calls alone, call by call.
//
// The test. Every call that reached a phone is a trial: answered by a person (or by somebody, where the carrier could
// not tell), or not. What was to be expected of it, p, is what its pool - the calls of the same campaign - shows for
// the same area, the same hour of the day and right now, without this number's own calls, times the number's own ratio
// to its pool over the last seven days. The log likelihood ratio of p/2 against p is summed and never falls below 0,
// which is Page's cumulative sum (Biometrika 41, 1954) adjusted for each trial's own risk (Steiner et al.,
// Biostatistics 1, 2000):
//
//   answered: S = max(0, S + ln(1/2))         not answered: S = S + ln((1 - p/2) / (1 - p))
//
// From the p of the better hypothesis one standard deviation of what it was estimated from is taken off: the answers of
// the number's week, and those of the others since S left 0. Without others to compare with a number never rests for
// it.
//
// A bad evening lowers p of everybody; an area or an hour that is always bad lowers p of its calls; so neither moves S.
// The number's own ratio is taken from calls before S last left 0: a label does not become its own baseline.
//
// The limit. Between two false alarms lie at least e^h calls (Lorden, Annals of Mathematical Statistics 42, 1971), and
// close to e^h / I, I = p/2 ln(1/2) + (1 - p/2) ln((1 - p/2) / (1 - p)) being the mean step once the rate has halved
// (Siegmund, Sequential Analysis, 1985). So a number with n calls a week is falsely alarmed in a week with probability
// a = n I e^-h, and h = ln(n I / a). After a halving it takes about h / I calls: the fewer calls are answered, the
// more. No test does much better; a fixed hour would need about (3.7 sqrt(pq) + 1.6 sqrt(p'q'))^2 / (p - p')^2 calls
// for the same promise. What was measured stands in docs/adr/0008; tests/callerid/number_health_simulation_test.cpp
// measures it again.
//
// So within one hour only numbers with some hundreds of calls an hour can be told. At 15 calls an hour, of which 20 %
// are answered, it takes days; what is quicker there are refusals by the carrier, which need no statistics.
//
// Other signals are sums of the same kind: calls over within seconds of being answered, opt-outs among the answered,
// refusals for the number's reputation. One of them above its lower limit makes a number watched. It rests when answers
// or refusals pass their upper limit, or two signals their lower ones.
//
// Thread-safety: none; one organisation's, on its shard. Reads no clock and draws no randomness.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "callerid/pool_rates.hpp"
#include "callerid/rolling_use.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::callerid {

/// Stored as its number: append only.
enum class health : std::uint8_t {
  fresh = 0,    ///< warming up: few calls a day, more each week
  healthy = 1,  ///< all its caps
  watch = 2,    ///< one signal, or back from a rest: then half its caps
  resting = 3,  ///< not shown until a known time
  retired = 4,  ///< rested three times and drew the same answer again: not shown until a person says so
};
inline constexpr std::size_t health_states = 5;
std::string_view to_string(health value) noexcept;

/// What is counted against a number.
enum class health_signal : std::uint8_t { answers = 0, short_calls = 1, opt_outs = 2, refusals = 3 };
inline constexpr std::size_t health_signals = 4;
std::string_view to_string(health_signal value) noexcept;

struct health_options {
  std::array<std::uint32_t, 3> warm_up_calls_per_day{10, 20, 30};  ///< of a fresh number, then it has its caps
  std::chrono::hours warm_up_step{7 * 24};
  std::chrono::hours rest_min{48};  ///< each number's own, the same in every run
  std::chrono::hours rest_max{72};
  std::chrono::hours watch_after_rest{7 * 24};
  std::chrono::hours watch_min{24};  ///< for a signal that went away
  std::uint32_t rests_max{3};        ///< within `rests_forgotten` of each other; one more and it retires
  std::chrono::hours rests_forgotten{30 * 24};
  double false_rests_per_week = 0.004;   ///< of one number, by answers alone; refusals: a quarter of it
  double false_watches_per_week = 0.05;  ///< of one number and signal
  double expected_answers_min = 40;      ///< of the number's own, before its answers are judged
};

struct health_counts {
  std::uint32_t calls = 0;  ///< that reached a phone
  std::uint32_t answers = 0;
  std::uint32_t short_calls = 0;
  std::uint32_t opt_outs = 0;
  std::uint32_t refusals = 0;
  double expected = 0;  ///< answers, by the pool's calls
  void add(const call_end& call, double expected_answers);
  health_counts& operator+=(const health_counts& more);
  health_counts& operator-=(const health_counts& less);
};

/// What outlives a restart. Calls are counted again from the ledger.
struct health_record {
  e164 number;
  health state = health::healthy;
  utc_time since{};               ///< of the state; the newer record of a number counts, no two are of one instant
  std::optional<utc_time> until;  ///< the state's end, when time alone ends it
  std::optional<utc_time> warm_up_from;
  std::uint32_t rests = 0;
  utc_time counted_from{};      ///< calls before are not its own any more: they were judged
  std::optional<double> ratio;  ///< of its answers to what its pools led to expect, before `counted_from`
  std::string why;              ///< in words, with what was counted
  friend bool operator==(const health_record&, const health_record&) = default;
};

/// Calls of one number to one area in one hour. Beyond 16 areas an hour they share the cell of area 0.
struct health_cell {
  std::int32_t hour = 0;  ///< since 1970, UTC
  destination_area area = 0;
  health_counts counts;
};

/// All numbers of one organisation, by their number_index, and what their pools show. Memory: 40 bytes for each hour
/// and area that a number called in the last seven days, at most 17 an hour; 32 for each area of a campaign, and 64 for
/// each number that it shows.
class health_book {
 public:
  /// What tells one campaign's calls from another's; any value but the same one for the same campaign.
  using pool_key = std::uint64_t;

  explicit health_book(health_options options = {}) : options_{options} {}

  /// Takes over what was decided before, or by a person, unless something newer is known. True: limits() may have
  /// changed. Numbers without a record are healthy. One that a person let go on within its warm-up goes on warming up.
  bool restore(number_index number, const health_record& record);

  /// Counts a call. True: the number's state has changed; record() has it, to be stored. Some 200 ns, no allocation but
  /// for the first call to an area in an hour.
  bool count(number_index number, e164 value, pool_key pool, e164 to, const call_end& call, utc_time now);
  /// Counts a call of before the start, oldest first, after restore(): judges nothing. Whether it was refused, or its
  /// callee opted out, is not known of it: of these the pools are known by their calls since the start.
  void recount(number_index number, e164 value, pool_key pool, e164 to, const call_end& call, utc_time at);

  struct change {
    number_index number = 0;
    bool state = false;  ///< and not only limits(): record() is to be stored
    friend bool operator==(const change&, const change&) = default;
  };
  /// Ends what time ends. Numbers whose limits may have changed; valid until the next call. To be called every minute
  /// or so.
  const std::vector<change>& advance(utc_time now);

  number_limits limits(number_index number, utc_time now) const;
  /// As it would be stored; since is the epoch for a number that nothing was decided about. Valid for the book's life.
  const health_record& record(number_index number) const;
  health_counts last_week(number_index number) const;
  const std::deque<health_cell>& cells(number_index number) const;
  /// The signal's sum and the limits it is held against.
  struct evidence {
    double sum = 0;
    double watch_at = 0;
    double rest_at = 0;  ///< infinite: the signal alone never rests a number
  };
  evidence of(number_index number, health_signal signal) const;
  /// Of the numbers that were counted or restored.
  const std::array<std::uint32_t, health_states>& count_by_state() const { return states_; }

 private:
  struct suspicion {  // since the sum last was 0
    double sum = 0;
    std::uint32_t trials = 0;
    std::uint32_t seen = 0;
    double expected = 0;  // of the number
    double expected_of_pool = 0;
    double others = 0;
    double step = 0;  // mean one under the worse hypothesis, of the last trial
  };
  struct entry {
    health_record what;
    health_counts week;
    std::deque<health_cell> cells;
    boost::unordered_flat_map<pool_key, pool_part> parts;
    std::array<suspicion, health_signals> signals;
  };
  entry& at(number_index number);
  void add_to_week(entry& of, destination_area area, const call_end& call, double expected, utc_time now) const;
  void weigh(entry& of, const pool_rates& from, const pool_clocks& now, const call_end& call, double expected,
             double others) const;
  static double baseline(const entry& of);
  static double ratio_of(const entry& of);
  bool has_baseline(const entry& of) const;
  std::optional<utc_time> warm_up_ends(const health_record& what) const;
  evidence evidence_of(const entry& of, health_signal signal) const;
  std::string describe(const entry& of) const;
  static bool is_compared(const suspicion& run);
  bool judge(entry& of, const call_end& call, utc_time now);
  void become(entry& of, health state, utc_time now, std::optional<utc_time> until, std::string why);
  void rest(entry& of, utc_time now, std::string why);
  bool take(number_index number, e164 value, pool_key pool, e164 to, const call_end& call, utc_time now, bool judged);

  static constexpr double limit_min = 2;  // of any sum

  health_options options_;
  std::deque<entry> entries_;  // by number_index; a number that comes later moves none
  boost::unordered_flat_map<pool_key, pool_rates> pools_;
  std::vector<change> changed_;
  std::array<std::uint32_t, health_states> states_{};
  utc_time pools_swept_at_{};
};

}  // namespace dialer::callerid
