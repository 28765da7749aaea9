#include "callerid/pool_rates.hpp"

#include <algorithm>
#include <cmath>

#include "callerid/locality.hpp"

namespace dialer::callerid {
namespace {

// How many calls or answers' worth of doubt each estimate starts with. They keep a handful of calls from saying much.
constexpr double answered_share_before = 0.2;
constexpr double calls_before = 20;
constexpr double area_calls_before = 50;
constexpr double hour_of_day_before = 20;
constexpr double today_before = 10;
constexpr double lately_before = 5;
constexpr double lately_answers = 30;  // of a pool: beyond them the present is no longer what it was

}  // namespace

destination_area area_of(e164 to) noexcept {
  unsigned digits = 0;
  for (std::uint64_t rest = to.digits(); rest != 0; rest /= 10) ++digits;
  std::uint64_t area = to.digits();
  for (const unsigned kept = to ? calling_code_length(to) + 3 : 0; digits > kept; --digits) area /= 10;
  return static_cast<destination_area>(area);
}

fading fading::faded(double now) const {
  if (now <= at) return {expected, seen, std::min(at, now + 1)};
  const double left = std::exp(at - now);
  return {expected * left, seen * left, now};
}

void fading::add(double now, double more_expected, double more_seen) {
  *this = faded(now);
  expected += more_expected;
  seen += more_seen;
}

pool_clocks pool_rates::clocks_at(utc_time now) const {
  const double hours = std::chrono::duration<double, std::ratio<3600>>(now.time_since_epoch()).count();
  const auto hour = std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count();
  return {hours / (7 * 24), hours / 24, hours + expected_ever / lately_answers, static_cast<std::size_t>(hour % 24)};
}

pool_part pool_rates::new_part(const pool_clocks& now) const {
  return {{0, 0, now.day}, {0, 0, now.lately}, expected_ever};
}

expectation pool_rates::expect(const pool_part& own, destination_area area, const pool_clocks& now) const {
  const fading everything = all.faded(now.week);
  const double share = (everything.seen + calls_before * answered_share_before) / (everything.expected + calls_before);
  double of_area = share;
  if (const auto found = by_area.find(area); found != by_area.end()) {
    const fading here = found->second.faded(now.week);
    of_area = (here.seen + area_calls_before * share) / (here.expected + area_calls_before);
  }
  const fading hour = by_hour[now.hour].faded(now.week);
  const double usual = of_area * (hour.seen + hour_of_day_before) / (hour.expected + hour_of_day_before);
  // What the others see: of the day, and of these minutes beyond that.
  const auto others = [](const fading& all_of_it, const fading& part) {
    return fading{std::max(all_of_it.expected - part.expected, 0.0), std::max(all_of_it.seen - part.seen, 0.0), 0};
  };
  const fading day = others(today.faded(now.day), own.today.faded(now.day));
  const double of_day = (day.seen + today_before) / (day.expected + today_before);
  const fading recent = others(lately.faded(now.lately), own.lately.faded(now.lately));
  const double of_now = (recent.seen + lately_before) / (of_day * recent.expected + lately_before);
  return {of_area, usual, usual * of_day * of_now};
}

void pool_rates::add(pool_part& own, destination_area area, const call_end& call, const expectation& due, utc_time at,
                     const pool_clocks& now, bool opt_outs_known) {
  if (call.reached) {
    const double seen = call.answered ? 1 : 0;
    all.add(now.week, 1, seen);
    by_area[area].add(now.week, 1, seen);
    by_hour[now.hour].add(now.week, due.by_area, seen);
    today.add(now.day, due.usual, seen);
    lately.add(now.lately, due.usual, seen);
    own.today.add(now.day, due.usual, seen);
    own.lately.add(now.lately, due.usual, seen);
    if (call.answered) {
      short_calls.add(now.week, 1, call.short_call ? 1 : 0);
      if (opt_outs_known) opt_outs.add(now.week, 1, call.opted_out ? 1 : 0);
    }
    expected_ever += due.now;
  }
  last = std::max(last, at);
  own.expected_before = expected_ever;
}

}  // namespace dialer::callerid
