// What speaks against a number: its week, and the sums that its calls move.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "callerid/number_health.hpp"

namespace dialer::callerid {
namespace {

constexpr std::int32_t week_hours = 7 * 24;
constexpr std::size_t areas_in_an_hour = 16;

// How many calls or answers' worth of doubt each estimate starts with, as in pool_rates.cpp.
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

constexpr auto never_rests = std::numeric_limits<double>::infinity();

std::int32_t hour_of(utc_time at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count());
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

void health_counts::add(const call_end& call, double expected_answers) {
  refusals += call.refused ? 1 : 0;
  opt_outs += call.opted_out ? 1 : 0;
  if (!call.reached) return;
  ++calls;
  answers += call.answered ? 1 : 0;
  short_calls += call.short_call ? 1 : 0;
  expected += expected_answers;
}

health_counts& health_counts::operator+=(const health_counts& more) {
  calls += more.calls;
  answers += more.answers;
  short_calls += more.short_calls;
  opt_outs += more.opt_outs;
  refusals += more.refusals;
  expected += more.expected;
  return *this;
}

health_counts& health_counts::operator-=(const health_counts& less) {
  calls -= less.calls;
  answers -= less.answers;
  short_calls -= less.short_calls;
  opt_outs -= less.opt_outs;
  refusals -= less.refusals;
  expected -= less.expected;
  return *this;
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
void health_book::weigh(entry& of, const pool_rates& from, const pool_clocks& now, const call_end& call,
                        double expected, double others) const {
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

}  // namespace dialer::callerid
