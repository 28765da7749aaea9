#include "callerid/rolling_use.hpp"

#include <algorithm>

namespace dialer::callerid {
namespace {

utc_time start_of(std::int32_t minute) noexcept {
  return utc_time{std::chrono::minutes{minute}};
}

}  // namespace

number_index rolling_use::add(e164 number) {
  const auto [found, added] = index_of_.try_emplace(number, static_cast<number_index>(entries_.size()));
  if (added) entries_.emplace_back().number = number;
  return found->second;
}

std::optional<number_index> rolling_use::find(e164 number) const {
  const auto found = index_of_.find(number);
  return found == index_of_.end() ? std::nullopt : std::optional{found->second};
}

void rolling_use::combine(entry& of) {
  const auto share = [&](std::uint32_t cap) { return cap == 0 ? 0 : std::max(cap / of.limits.share_of_caps, 1U); };
  of.caps = of.own_caps;
  of.caps.per_hour = share(of.caps.per_hour);
  of.caps.per_day = share(of.caps.per_day);
  const std::uint32_t limit = of.limits.calls_per_day_max;
  if (limit != 0) of.caps.per_day = of.caps.per_day == 0 ? limit : std::min(of.caps.per_day, limit);
}

void rolling_use::set_caps(number_index index, use_caps caps) {
  entries_[index].own_caps = caps;
  combine(entries_[index]);
}

bool rolling_use::set_limits(number_index index, const number_limits& limits) {
  entry& of = entries_[index];
  if (of.limits == limits) return false;
  of.limits = limits;
  combine(of);
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

void rolling_use::leave_hour(minute at) {
  for (const number_index index : marks(at)) {
    entry& of = entries_[index];
    const auto found = std::lower_bound(of.buckets.begin(), of.buckets.end(), at,
                                        [](const bucket& left, minute right) { return left.at < right; });
    of.hour -= found->count;
    changed_.push_back(index);
  }
}

void rolling_use::leave_day(minute at) {
  std::vector<number_index>& leaving = marks(at);
  for (const number_index index : leaving) {
    entry& of = entries_[index];
    of.day -= of.buckets.front().count;
    of.buckets.erase(of.buckets.begin());
    changed_.push_back(index);
  }
  leaving.clear();
}

void rolling_use::count(number_index index, minute at) {
  if (!in_day(at)) return;
  entry& of = entries_[index];
  auto where = of.buckets.end();
  while (where != of.buckets.begin() && std::prev(where)->at >= at) --where;
  if (where == of.buckets.end() || where->at != at) {
    where = of.buckets.insert(where, bucket{at, 0});
    marks(at).push_back(index);
  }
  ++where->count;
  ++of.day;
  if (in_hour(at)) ++of.hour;
}

void rolling_use::take(number_index index, utc_time at) {
  restore(index, at, true);
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
  const auto found =
      std::find_if(of.buckets.rbegin(), of.buckets.rend(), [at](const bucket& each) { return each.at <= at; });
  if (found == of.buckets.rend() || found->at != at || found->count == 0) return;
  --found->count;  // the bucket stays, even empty: the calendar still points at it
  --of.day;
  if (in_hour(at)) --of.hour;
}

utc_time rolling_use::frees_below(const entry& of, std::uint32_t count, std::uint32_t cap, minute window) const {
  minute last_to_leave = clock_;
  for (const bucket& each : of.buckets) {
    if (each.at < clock_ - window) continue;
    last_to_leave = each.at;
    count -= each.count;
    if (count < cap) break;
  }
  return start_of(last_to_leave + window + 1);
}

standing rolling_use::stand(number_index index) const {
  const entry& of = entries_[index];
  const bool day_full = of.caps.per_day != 0 && of.day >= of.caps.per_day;
  const bool hour_full = of.caps.per_hour != 0 && of.hour >= of.caps.per_hour;
  const bool lines_full = of.caps.concurrent != 0 && of.in_flight >= of.caps.concurrent;
  standing result;
  result.calls_in_last_day = of.day;
  if (!of.limits.shown) {
    result.free = false;
    result.rests = true;
    result.frees = of.limits.rests_until;
    return result;
  }
  result.free = !day_full && !hour_full && !lines_full;
  if (result.free || lines_full) return result;
  utc_time frees = utc_time::min();
  if (day_full) frees = frees_below(of, of.day, of.caps.per_day, day_minutes);
  if (hour_full) frees = std::max(frees, frees_below(of, of.hour, of.caps.per_hour, hour_minutes));
  result.frees = frees;
  return result;
}

}  // namespace dialer::callerid
