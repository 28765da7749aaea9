#include "cli/forecast.hpp"

#include <algorithm>
#include <cmath>

#include "compliance/calling_window.hpp"

namespace dialer::cli {
namespace {

constexpr std::chrono::days horizon{366};
constexpr std::chrono::days budget_period{1};
constexpr double nothing = 1e-6;  // of a call: rounding

/// A lane on its way.
struct progress {
  const forecast_lane* of = nullptr;
  std::vector<calls_due> later;  // latest first
  double left = 0;               // calls that are due
  bool open = false;
  utc_time changes_at = utc_time::min();  // when `open` does; max: never
  utc_time last_call{};

  bool done() const { return left <= nothing && later.empty(); }

  void move_to(utc_time now, const forecast_inputs& in, const compliance::zone_rules& zones) {
    for (; !later.empty() && later.back().due <= now; later.pop_back()) left += later.back().calls;
    if (now < changes_at) return;
    const auto window = compliance::evaluate_window(of->where, in.window, zones, now);
    open = window.open;
    changes_at = (open ? window.closes_at : window.opens_at).value_or(utc_time::max());
  }
};

utc_time after(utc_time now, double seconds) {
  const double most = std::chrono::duration<double>(horizon).count();
  return now + std::chrono::microseconds{static_cast<std::int64_t>(std::ceil(std::min(seconds, most) * 1e6))};
}

std::vector<progress> start(const forecast_inputs& in) {
  std::vector<progress> lanes;
  for (const forecast_lane& lane : in.lanes) {
    progress one{.of = &lane, .later = lane.calls, .last_call = in.now};
    std::ranges::sort(one.later, std::greater{}, &calls_due::due);
    lanes.push_back(std::move(one));
  }
  return lanes;
}

}  // namespace

forecast make_forecast(const forecast_inputs& in, const compliance::zone_rules& zones) {
  std::vector<progress> lanes = start(in);
  const double per_day = in.calls_per_day > 0 ? in.calls_per_day : HUGE_VAL;
  utc_time day_ends = in.now + budget_period;
  double day_left = per_day;
  for (utc_time now = in.now; now < in.now + horizon;) {
    if (now >= day_ends) {
      day_ends += budget_period;
      day_left = per_day;
      continue;
    }
    for (progress& lane : lanes) lane.move_to(now, in, zones);
    if (std::ranges::all_of(lanes, &progress::done)) break;
    const auto dials = [&](const progress& lane) { return lane.open && lane.left > nothing && day_left > nothing; };
    const auto dialing = static_cast<double>(std::ranges::count_if(lanes, dials));
    utc_time next = utc_time::max();
    if (day_left <= nothing) next = day_ends;
    for (const progress& lane : lanes) {
      if (lane.done()) continue;
      next = std::min(next, lane.changes_at);
      if (!lane.later.empty()) next = std::min(next, lane.later.back().due);
      if (dials(lane)) next = std::min(next, after(now, lane.left * dialing / in.calls_per_second));
    }
    if (dialing > 0) next = std::min({next, day_ends, after(now, day_left / in.calls_per_second)});
    if (next == utc_time::max()) break;  // what is left opens never
    const double each =
        std::chrono::duration<double>(next - now).count() * in.calls_per_second / std::max(dialing, 1.0);
    double made = 0;
    for (progress& lane : lanes) {
      if (!dials(lane)) continue;
      made += std::min(lane.left, each);
      lane.left = std::max(0.0, lane.left - each);
      lane.last_call = next;
    }
    day_left -= made;
    now = next;
  }
  forecast made;
  for (const progress& lane : lanes) {
    made.lanes.push_back(lane.done() ? std::optional{lane.last_call} : std::nullopt);
  }
  if (std::ranges::all_of(lanes, &progress::done)) {
    made.done_at = in.now;
    for (const progress& lane : lanes) made.done_at = std::max(*made.done_at, lane.last_call);
  }
  return made;
}

}  // namespace dialer::cli
