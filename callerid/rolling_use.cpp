#include "callerid/rolling_use.hpp"

#include <algorithm>
#include <utility>

namespace dialer::callerid {
namespace {

utc_time start_of(std::int32_t minute) noexcept {
  return utc_time{std::chrono::minutes{minute}};
}

}  // namespace

number_index rolling_use::add(e164 number) {
  const auto [found, added] = index_of_.try_emplace(number, static_cast<number_index>(entries_.size()));
  if (added) {
    entries_.emplace_back().number = number;
    past_.emplace_back();
  }
  return found->second;
}

std::optional<number_index> rolling_use::find(e164 number) const {
  const auto found = index_of_.find(number);
  return found == index_of_.end() ? std::nullopt : std::optional{found->second};
}

void rolling_use::combine(number_index index) {
  const auto& [own, limits, buckets] = past_[index];
  const auto share = [&](std::uint32_t cap) { return cap == 0 ? 0 : std::max(cap / limits.share_of_caps, 1U); };
  use_caps& caps = entries_[index].caps;
  caps = {share(own.per_day), share(own.per_hour), own.concurrent};
  const std::uint32_t limit = limits.calls_per_day_max;
  if (limit != 0) caps.per_day = caps.per_day == 0 ? limit : std::min(caps.per_day, limit);
  entries_[index].shown = limits.shown;
}

void rolling_use::set_caps(number_index index, use_caps caps) {
  past_[index].own_caps = caps;
  combine(index);
}

bool rolling_use::set_limits(number_index index, const number_limits& limits) {
  if (past_[index].limits == limits) return false;
  past_[index].limits = limits;
  combine(index);
  return true;
}

rolling_use::minute rolling_use::minute_of(utc_time at) noexcept {
  return static_cast<minute>(std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()).count());
}

std::vector<number_index>& rolling_use::marks(minute at) noexcept {
  constexpr auto slots = static_cast<minute>(day_minutes + 1);
  return calendar_[static_cast<std::size_t>((at % slots + slots) % slots)];
}

std::span<const number_index> rolling_use::advance(utc_time now) {
  if (now < next_minute_) return {};
  changed_.clear();
  const minute target = minute_of(now);
  close_minute();
  if (next_minute_ != utc_time::min()) {
    // After a whole day of silence every bucket has left: no need to walk further.
    const minute last = std::min<minute>(target, clock_ + day_minutes + 1);
    for (minute at = clock_ + 1; at <= last; ++at) {
      leave_hour(at - hour_minutes - 1);
      leave_day(at - day_minutes - 1);
    }
  }
  clock_ = target;
  next_minute_ = start_of(target + 1);
  return changed_;
}

// The uses of the clock's minute become a bucket, the newest of their number's.
void rolling_use::close_minute() {
  for (const number_index index : used_now_) {
    const std::uint32_t count = std::exchange(entries_[index].this_minute, 0);
    if (count == 0) continue;  // seen before, or all retracted
    past_[index].buckets.push_back({clock_, count});
    marks(clock_).push_back(index);
  }
  used_now_.clear();
}

void rolling_use::leave_hour(minute at) {
  for (const number_index index : marks(at)) {
    const std::vector<bucket>& buckets = past_[index].buckets;
    const auto found = std::lower_bound(buckets.begin(), buckets.end(), at,
                                        [](const bucket& left, minute right) { return left.at < right; });
    entries_[index].hour -= found->count;
    changed_.push_back(index);
  }
}

void rolling_use::leave_day(minute at) {
  std::vector<number_index>& leaving = marks(at);
  for (const number_index index : leaving) {
    std::vector<bucket>& buckets = past_[index].buckets;
    entries_[index].day -= buckets.front().count;
    buckets.erase(buckets.begin());
    changed_.push_back(index);
  }
  leaving.clear();
}

void rolling_use::count(number_index index, minute at) {
  if (!in_day(at)) return;
  entry& of = entries_[index];
  ++of.day;
  if (in_hour(at)) ++of.hour;
  if (at == clock_) {
    if (of.this_minute++ == 0) used_now_.push_back(index);
    return;
  }
  std::vector<bucket>& buckets = past_[index].buckets;
  auto where = buckets.end();
  while (where != buckets.begin() && std::prev(where)->at >= at) --where;
  if (where == buckets.end() || where->at != at) {
    where = buckets.insert(where, bucket{at, 0});
    marks(at).push_back(index);
  }
  ++where->count;
}

void rolling_use::take(number_index index, utc_time at) {
  // By a clock that was set back it counts where the book is: no cap is reset, and it frees that much later.
  count(index, std::max(minute_of(at), clock_));
  ++entries_[index].in_flight;
}

void rolling_use::restore(number_index index, utc_time at, bool in_flight) {
  count(index, minute_of(at));
  if (in_flight) ++entries_[index].in_flight;
}

void rolling_use::release(number_index index) {
  entry& of = entries_[index];
  if (of.in_flight > 0) --of.in_flight;
}

void rolling_use::retract(number_index index, utc_time when) {
  release(index);
  const minute at = minute_of(when);
  entry& of = entries_[index];
  std::vector<bucket>& buckets = past_[index].buckets;
  const auto found = std::find_if(buckets.rbegin(), buckets.rend(), [at](const bucket& each) { return each.at <= at; });
  const bool in_bucket = found != buckets.rend() && found->at == at;
  std::uint32_t& count = in_bucket ? found->count : of.this_minute;
  if (count == 0 || !in_day(at)) return;
  --count;  // a bucket stays, even empty: the calendar still points at it
  --of.day;
  if (!in_bucket || in_hour(at)) --of.hour;
}

utc_time rolling_use::frees_below(number_index index, std::uint32_t count, std::uint32_t cap, minute window) const {
  for (const bucket& each : past_[index].buckets) {
    if (each.at < clock_ - window) continue;
    count -= each.count;
    if (count < cap) return start_of(each.at + window + 1);
  }
  return start_of(clock_ + window + 1);
}

standing rolling_use::stand(number_index index) const {
  const entry& of = entries_[index];
  const bool day_full = of.caps.per_day != 0 && of.day >= of.caps.per_day;
  const bool hour_full = of.caps.per_hour != 0 && of.hour >= of.caps.per_hour;
  const bool lines_full = of.caps.concurrent != 0 && of.in_flight >= of.caps.concurrent;
  standing result;
  result.calls_in_last_day = of.day;
  if (!of.shown) {
    result.free = false;
    result.rests = true;
    result.frees = past_[index].limits.rests_until;
    return result;
  }
  result.free = !day_full && !hour_full && !lines_full;
  if (result.free || lines_full) return result;
  utc_time frees = utc_time::min();
  if (day_full) frees = frees_below(index, of.day, of.caps.per_day, day_minutes);
  if (hour_full) frees = std::max(frees, frees_below(index, of.hour, of.caps.per_hour, hour_minutes));
  result.frees = frees;
  return result;
}

}  // namespace dialer::callerid
