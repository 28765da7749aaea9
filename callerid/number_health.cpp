#include "callerid/number_health.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "callerid/locality.hpp"

namespace dialer::callerid {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours week{7 * 24};
constexpr std::int32_t week_hours = 7 * 24;
constexpr std::size_t areas_in_an_hour = 16;

// How many calls or answers' worth of doubt each estimate starts with. They keep a handful of calls from saying much.
constexpr double answered_share_before = 0.2;
constexpr double calls_before = 20;
constexpr double area_calls_before = 50;
constexpr double hour_of_day_before = 20;
constexpr double today_before = 10;
constexpr double lately_before = 5;
constexpr double lately_answers = 30;  // of a pool: beyond them the present is no longer what it was
constexpr double others_before = 30;
constexpr double own_before = 30;
constexpr double short_share_before = 0.05;
constexpr double opt_out_share_before = 0.02;
constexpr double rare_answers_before = 100;
constexpr double rare_answers_min = 100;  // of the pool, before numbers are compared with it
constexpr double rare_max = 0.4;          // what most calls do says nothing of a number
constexpr double rare_margin = 1.2;       // numbers differ
constexpr double doubt_weight = 1;

// A number is compared with others only where those had at least so many calls for each of its own.
constexpr double others_min = 0.5;
constexpr std::uint32_t trials_min = 100;  // a week, for the limits: the promise holds for small numbers too

// Refusals for reputation: next to none of a clean number's calls, and one in fifty is plenty.
constexpr double refused_before = 0.002;
constexpr double refused_after = 0.02;

constexpr double limit_min = 2;  // of any sum
constexpr auto never_rests = std::numeric_limits<double>::infinity();

std::int32_t hour_of(utc_time at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count());
}

/// Spreads numbers over the hours of a rest, alike in every run.
std::uint64_t scatter(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[256];
  const int length = std::snprintf(text, sizeof text, format, values...);
  return {text, static_cast<std::size_t>(std::clamp<int>(length, 0, sizeof text - 1))};
}

struct hypotheses {
  double before = 0;  // chance of the event while all is well
  double after = 0;   // and under what is looked for

  double step_if_seen() const { return std::log(after / before); }
  double step_if_not() const { return std::log1p(-after) - std::log1p(-before); }
  /// Of a trial, on average, once the worse holds.
  double mean_step() const { return after * step_if_seen() + (1 - after) * step_if_not(); }
};

std::string_view unit_of(health_signal signal) {
  return signal == health_signal::answers || signal == health_signal::refusals ? "calls" : "answers";
}

}  // namespace

std::string_view to_string(health value) noexcept {
  switch (value) {
    case health::fresh: return "fresh";
    case health::healthy: return "healthy";
    case health::watch: return "watch";
    case health::resting: return "resting";
    case health::retired: return "retired";
  }
  return "none";
}

std::string_view to_string(health_signal value) noexcept {
  switch (value) {
    case health_signal::answers: return "answers";
    case health_signal::short_calls: return "short_calls";
    case health_signal::opt_outs: return "opt_outs";
    case health_signal::refusals: return "refusals";
  }
  return "none";
}

destination_area area_of(e164 to) noexcept {
  unsigned digits = 0;
  for (std::uint64_t rest = to.digits(); rest != 0; rest /= 10) ++digits;
  std::uint64_t area = to.digits();
  for (const unsigned kept = to ? calling_code_length(to) + 3 : 0; digits > kept; --digits) area /= 10;
  return static_cast<destination_area>(area);
}

void health_counts::add(const call_end& call, double expected_answers) {
  refusals += call.refused ? 1 : 0;
  opt_outs += call.opted_out ? 1 : 0;
  if (!call.reached) return;
  ++calls;
  answers += call.answered ? 1 : 0;
  machines += call.machine ? 1 : 0;
  short_calls += call.short_call ? 1 : 0;
  expected += expected_answers;
}

health_counts& health_counts::operator+=(const health_counts& more) {
  calls += more.calls;
  answers += more.answers;
  machines += more.machines;
  short_calls += more.short_calls;
  opt_outs += more.opt_outs;
  refusals += more.refusals;
  expected += more.expected;
  return *this;
}

health_counts& health_counts::operator-=(const health_counts& less) {
  calls -= less.calls;
  answers -= less.answers;
  machines -= less.machines;
  short_calls -= less.short_calls;
  opt_outs -= less.opt_outs;
  refusals -= less.refusals;
  expected -= less.expected;
  return *this;
}

health_book::fading health_book::fading::faded(double now) const {
  if (now <= at) return {expected, seen, std::min(at, now + 1)};
  const double left = std::exp(at - now);
  return {expected * left, seen * left, now};
}

void health_book::fading::add(double now, double more_expected, double more_seen) {
  *this = faded(now);
  expected += more_expected;
  seen += more_seen;
}

health_book::clocks health_book::clocks_of(const pool_rates& of, utc_time now) {
  const double hours = std::chrono::duration<double, std::ratio<3600>>(now.time_since_epoch()).count();
  return {hours / week_hours, hours / 24, hours + of.expected_ever / lately_answers,
          static_cast<std::size_t>(hour_of(now) % 24)};
}

health_book::entry& health_book::at(number_index number) {
  if (number >= entries_.size()) {
    const std::size_t more = number + std::size_t{1} - entries_.size();
    entries_.resize(number + std::size_t{1});
    states_[static_cast<std::size_t>(health::healthy)] += static_cast<std::uint32_t>(more);
  }
  return entries_[number];
}

health_book::own_part& health_book::part_of(entry& of, pool_key key, const pool_rates& from, const clocks& now) {
  const auto [found, added] = of.parts.try_emplace(key);
  if (added) found->second = {{0, 0, now.day}, {0, 0, now.lately}, from.expected_ever};
  return found->second;
}

health_book::expectation health_book::expect(const pool_rates& from, const own_part& own, destination_area area,
                                             const clocks& now) {
  const fading all = from.all.faded(now.week);
  const double share = (all.seen + calls_before * answered_share_before) / (all.expected + calls_before);
  double by_area = share;
  if (const auto found = from.by_area.find(area); found != from.by_area.end()) {
    const fading here = found->second.faded(now.week);
    by_area = (here.seen + area_calls_before * share) / (here.expected + area_calls_before);
  }
  const fading hour = from.by_hour[now.hour].faded(now.week);
  const double usual = by_area * (hour.seen + hour_of_day_before) / (hour.expected + hour_of_day_before);
  // What the others see: of the day, and of these minutes beyond that.
  const auto others = [](const fading& all_of_it, const fading& part) {
    return fading{std::max(all_of_it.expected - part.expected, 0.0), std::max(all_of_it.seen - part.seen, 0.0), 0};
  };
  const fading day = others(from.today.faded(now.day), own.today.faded(now.day));
  const double of_day = (day.seen + today_before) / (day.expected + today_before);
  const fading last = others(from.lately.faded(now.lately), own.lately.faded(now.lately));
  const double of_now = (last.seen + lately_before) / (of_day * last.expected + lately_before);
  return {by_area, usual, usual * of_day * of_now};
}

/// Answers to be expected of its calls before the sum left 0.
double health_book::baseline(const entry& of) {
  const suspicion& run = of.signals[static_cast<std::size_t>(health_signal::answers)];
  return std::max(of.week.expected - run.expected_of_pool, 0.0);
}

double health_book::ratio_of(const entry& of) {
  const suspicion& run = of.signals[static_cast<std::size_t>(health_signal::answers)];
  const double seen = std::max(static_cast<double>(of.week.answers) - run.seen, 0.0);
  return (seen + own_before * of.what.ratio.value_or(1)) / (baseline(of) + own_before);
}

bool health_book::has_baseline(const entry& of) const {
  return of.what.ratio || baseline(of) >= options_.expected_answers_min;
}

std::optional<utc_time> health_book::warm_up_ends(const health_record& what) const {
  if (!what.warm_up_from) return std::nullopt;
  return *what.warm_up_from + options_.warm_up_calls_per_day.size() * options_.warm_up_step;
}

void health_book::add_to_week(entry& of, destination_area area, const call_end& call, double expected,
                              utc_time now) const {
  std::int32_t hour = hour_of(now);
  const std::int32_t newest = of.cells.empty() ? hour : of.cells.back().hour;
  if (newest > hour + 1) {
    // The clock was set back. Until those hours come again nothing would leave the week: they count as this one.
    for (auto cell = of.cells.rbegin(); cell != of.cells.rend() && cell->hour > hour; ++cell) cell->hour = hour;
  } else {
    hour = std::max(hour, newest);
  }
  while (!of.cells.empty() && of.cells.front().hour <= hour - week_hours) {
    of.week -= of.cells.front().counts;
    of.cells.pop_front();
  }
  if (of.cells.empty()) of.week = {};  // nothing is left of rounding either
  std::size_t in_hour = 0;
  health_cell* rest = nullptr;
  health_cell* found = nullptr;
  for (auto cell = of.cells.rbegin(); cell != of.cells.rend() && cell->hour == hour; ++cell, ++in_hour) {
    if (cell->area == area) found = &*cell;
    if (cell->area == 0) rest = &*cell;
  }
  if (found == nullptr && in_hour >= areas_in_an_hour) {
    found = rest;
    area = 0;
  }
  if (found == nullptr) found = &of.cells.emplace_back(health_cell{hour, area, {}});
  found->counts.add(call, expected);
  of.week.add(call, expected);
}

/// Moves the sums of all signals that the call is a trial of.
void health_book::weigh(entry& of, const pool_rates& from, const clocks& now, const call_end& call, double expected,
                        double others) const {
  const auto note = [&](health_signal signal, const hypotheses& test, bool seen, double of_pool) {
    suspicion& run = of.signals[static_cast<std::size_t>(signal)];
    const double step = seen ? test.step_if_seen() : test.step_if_not();
    if (run.sum + step <= 0) {
      run = {};
      run.step = test.mean_step();
      return;
    }
    run.sum += step;
    ++run.trials;
    run.seen += seen ? 1 : 0;
    run.expected += test.before;
    run.expected_of_pool += of_pool;
    run.others += others;
    run.step = test.mean_step();
  };
  note(health_signal::refusals, {refused_before, refused_after}, call.refused, 0);
  if (!call.reached) return;
  if (has_baseline(of)) {
    const suspicion& run = of.signals[static_cast<std::size_t>(health_signal::answers)];
    const double share = std::clamp(expected * ratio_of(of), 0.02, 0.9);
    const double doubt = doubt_weight * std::sqrt(1 / (baseline(of) + own_before) + 1 / (run.others + others_before));
    note(health_signal::answers, {share * (1 - std::min(doubt, 0.3)), share / 2}, call.answered, expected);
  }
  if (!call.answered) return;
  const auto rare = [&](health_signal signal, bool seen, const fading& kept, double prior) {
    const fading of_pool = kept.faded(now.week);
    if (of_pool.expected < rare_answers_min) return;
    const double share = (of_pool.seen + rare_answers_before * prior) / (of_pool.expected + rare_answers_before);
    const double before = std::max(rare_margin * share, prior / 2);
    if (before > rare_max) return;
    note(signal, {before, 2 * before}, seen, 0);
  };
  rare(health_signal::short_calls, call.short_call, from.short_calls, short_share_before);
  rare(health_signal::opt_outs, call.opted_out, from.opt_outs, opt_out_share_before);
}

health_book::evidence health_book::evidence_of(const entry& of, health_signal signal) const {
  const suspicion& run = of.signals[static_cast<std::size_t>(signal)];
  const bool of_calls = unit_of(signal) == "calls";
  const double trials = std::max(of_calls ? of.week.calls : of.week.answers, trials_min);
  const auto limit = [&](double false_alarms) {
    return std::max(std::log(trials * run.step / false_alarms), limit_min);
  };
  evidence shown{run.sum, limit(options_.false_watches_per_week), never_rests};
  if (signal == health_signal::answers) shown.rest_at = limit(options_.false_rests_per_week);
  if (signal == health_signal::refusals) shown.rest_at = limit(options_.false_rests_per_week / 4);
  return shown;
}

void health_book::become(entry& of, health state, utc_time now, std::optional<utc_time> until, std::string why) {
  --states_[static_cast<std::size_t>(of.what.state)];
  ++states_[static_cast<std::size_t>(state)];
  of.what.state = state;
  of.what.since = std::max(now, of.what.since + std::chrono::microseconds{1});  // rises, whatever the clock does
  of.what.until = until;
  of.what.why = std::move(why);
}

void health_book::rest(entry& of, utc_time now, std::string why) {
  if (of.what.rests > 0 && now - of.what.counted_from > options_.rests_forgotten) of.what.rests = 0;
  // What it was before is what it is held against when it comes back; what led here is not part of it.
  if (has_baseline(of)) of.what.ratio = ratio_of(of);
  of.what.counted_from = now;
  of.week = {};
  of.cells.clear();
  of.signals = {};
  if (of.what.rests >= options_.rests_max) {
    become(of, health::retired, now, std::nullopt,
           print("after %u rests within %lld days: ", of.what.rests,
                 static_cast<long long>(options_.rests_forgotten.count() / 24)) +
               why);
    return;
  }
  ++of.what.rests;
  const std::chrono::seconds spread = options_.rest_max - options_.rest_min;
  const std::chrono::seconds extra{static_cast<std::int64_t>(scatter(of.what.number.digits() + of.what.rests) %
                                                             static_cast<std::uint64_t>(spread.count() + 1))};
  become(of, health::resting, now, now + options_.rest_min + extra, std::move(why));
}

std::string health_book::describe(const entry& of) const {
  std::string why;
  for (std::size_t i = 0; i < health_signals; ++i) {
    const auto signal = static_cast<health_signal>(i);
    const suspicion& run = of.signals[i];
    const evidence now_is = evidence_of(of, signal);
    if (now_is.sum < now_is.watch_at) continue;
    if (!why.empty()) why += "; ";
    why += print("%s: %u of %u %s where %.1f were to be expected, evidence %.1f of %.1f",
                 std::string{to_string(signal)}.c_str(), run.seen, run.trials, std::string{unit_of(signal)}.c_str(),
                 run.expected, now_is.sum, std::isinf(now_is.rest_at) ? now_is.watch_at : now_is.rest_at);
    if (signal == health_signal::answers && !is_compared(run)) {
      why += ", with too few calls of other numbers to compare";
    }
  }
  return why;
}

bool health_book::is_compared(const suspicion& run) {
  return run.others >= others_min * run.expected_of_pool;
}

/// True: the state changed.
bool health_book::judge(entry& of, const call_end& call, utc_time now) {
  if (call.restricted) {
    rest(of, now, "the carrier restricts it for its reputation");
    return true;
  }
  std::size_t above_watch = 0;
  bool alarm = false;
  for (std::size_t i = 0; i < health_signals; ++i) {
    const auto signal = static_cast<health_signal>(i);
    if (of.signals[i].sum < limit_min) continue;
    const evidence now_is = evidence_of(of, signal);
    if (now_is.sum >= now_is.watch_at) ++above_watch;
    alarm |= now_is.sum >= now_is.rest_at && (signal != health_signal::answers || is_compared(of.signals[i]));
  }
  if (alarm || above_watch >= 2) {
    rest(of, now, describe(of));
    return true;
  }
  if (above_watch == 0 || of.what.state == health::watch) return false;
  become(of, health::watch, now, std::nullopt, describe(of));
  return true;
}

bool health_book::take(number_index number, e164 value, pool_key key, e164 to, const call_end& call, utc_time now,
                       bool judged) {
  entry& of = at(number);
  of.what.number = value;
  pool_rates& from = pools_[key];
  const clocks times = clocks_of(from, now);
  own_part& own = part_of(of, key, from, times);
  const destination_area area = area_of(to);
  const expectation due = expect(from, own, area, times);
  const double others = from.expected_ever - own.expected_before;

  const bool shown = of.what.state != health::resting && of.what.state != health::retired;
  const bool counts = shown && now >= of.what.counted_from;
  if (counts) {
    weigh(of, from, times, call, due.now, others);
    add_to_week(of, area, call, due.now, now);
  }
  if (call.reached) {
    const double seen = call.answered ? 1 : 0;
    from.all.add(times.week, 1, seen);
    from.by_area[area].add(times.week, 1, seen);
    from.by_hour[times.hour].add(times.week, due.by_area, seen);
    from.today.add(times.day, due.usual, seen);
    from.lately.add(times.lately, due.usual, seen);
    own.today.add(times.day, due.usual, seen);
    own.lately.add(times.lately, due.usual, seen);
    if (call.answered) {
      from.short_calls.add(times.week, 1, call.short_call ? 1 : 0);
      if (judged) from.opt_outs.add(times.week, 1, call.opted_out ? 1 : 0);
    }
    from.expected_ever += due.now;
  }
  from.last = std::max(from.last, now);
  own.expected_before = from.expected_ever;
  return counts && judged && judge(of, call, now);
}

bool health_book::count(number_index number, e164 value, pool_key pool, e164 to, const call_end& call, utc_time now) {
  return take(number, value, pool, to, call, now, true);
}

void health_book::recount(number_index number, e164 value, pool_key pool, e164 to, const call_end& call, utc_time at) {
  take(number, value, pool, to, call, at, false);
}

bool health_book::restore(number_index number, const health_record& record) {
  entry& of = at(number);
  if (record.since <= of.what.since && of.what.since != utc_time{}) return false;
  if (record.counted_from > of.what.counted_from) {
    of.week = {};
    of.cells.clear();
    of.signals = {};
  }
  --states_[static_cast<std::size_t>(of.what.state)];
  of.what = record;
  if (record.state == health::fresh && !record.warm_up_from) of.what.warm_up_from = record.since;
  if (record.state == health::healthy && warm_up_ends(record) > record.since) of.what.state = health::fresh;
  ++states_[static_cast<std::size_t>(of.what.state)];
  if (record.state == health::resting && !record.until) of.what.until = record.since + options_.rest_max;
  return true;
}

const std::vector<health_book::change>& health_book::advance(utc_time now) {
  changed_.clear();
  for (number_index number = 0; number < entries_.size(); ++number) {
    entry& of = entries_[number];
    health_record& what = of.what;
    const health was = what.state;
    switch (what.state) {
      case health::healthy:
      case health::retired: continue;
      case health::fresh:
        if (now >= *warm_up_ends(what)) become(of, health::healthy, *warm_up_ends(what), std::nullopt, "warmed up");
        break;
      case health::resting:
        if (now >= *what.until) {
          const std::string back = "back from rest " + std::to_string(what.rests) + "; rested for ";
          const utc_time end = *what.until;
          become(of, health::watch, end, end + options_.watch_after_rest, back + what.why);
          what.counted_from = end;
        }
        break;
      case health::watch: {
        bool quiet = now - what.since >= options_.watch_min;
        for (std::size_t i = 0; i < health_signals; ++i) {
          const evidence seen = evidence_of(of, static_cast<health_signal>(i));
          quiet &= seen.sum < seen.watch_at;
        }
        if (!quiet || (what.until && now < *what.until)) break;
        const bool warming = warm_up_ends(what) > now;
        become(of, warming ? health::fresh : health::healthy, now, std::nullopt, "well again");
        break;
      }
    }
    changed_.push_back({number, what.state != was});
  }
  if (now - pools_swept_at_ >= 1h) {
    pools_swept_at_ = now;
    erase_if(pools_, [now](const auto& each) { return now - each.second.last > week; });
    const auto forgotten = [this](const auto& part) { return !pools_.contains(part.first); };
    for (entry& of : entries_) erase_if(of.parts, forgotten);
  }
  return changed_;
}

number_limits health_book::limits(number_index number, utc_time now) const {
  if (number >= entries_.size()) return {};
  const health_record& what = entries_[number].what;
  number_limits limits;
  switch (what.state) {
    case health::healthy: break;
    case health::resting:
    case health::retired:
      limits.shown = false;
      limits.rests_until = what.until;
      return limits;
    case health::watch: limits.share_of_caps = what.until ? 2 : 1; break;
    case health::fresh: break;
  }
  if (what.warm_up_from) {
    const auto step =
        static_cast<std::size_t>(std::max<std::int64_t>((now - *what.warm_up_from) / options_.warm_up_step, 0));
    const auto& ramp = options_.warm_up_calls_per_day;
    if (step < ramp.size()) limits.calls_per_day_max = ramp[step];
  }
  return limits;
}

const health_record& health_book::record(number_index number) const {
  static const health_record nothing;
  return number < entries_.size() ? entries_[number].what : nothing;
}

health_counts health_book::last_week(number_index number) const {
  return number < entries_.size() ? entries_[number].week : health_counts{};
}

const std::deque<health_cell>& health_book::cells(number_index number) const {
  static const std::deque<health_cell> none;
  return number < entries_.size() ? entries_[number].cells : none;
}

health_book::evidence health_book::of(number_index number, health_signal signal) const {
  return number < entries_.size() ? evidence_of(entries_[number], signal) : evidence{};
}

}  // namespace dialer::callerid
