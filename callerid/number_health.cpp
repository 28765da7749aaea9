#include "callerid/number_health.hpp"

#include <algorithm>
#include <utility>

namespace dialer::callerid {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours week{7 * 24};

/// Spreads numbers over the hours of a rest, alike in every run.
std::uint64_t scatter(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
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

health_book::entry& health_book::at(number_index number) {
  if (number >= entries_.size()) {
    const std::size_t more = number + std::size_t{1} - entries_.size();
    entries_.resize(number + std::size_t{1});
    states_[static_cast<std::size_t>(health::healthy)] += static_cast<std::uint32_t>(more);
  }
  return entries_[number];
}

std::optional<utc_time> health_book::warm_up_ends(const health_record& what) const {
  if (!what.warm_up_from) return std::nullopt;
  return *what.warm_up_from + options_.warm_up_calls_per_day.size() * options_.warm_up_step;
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
           "after " + std::to_string(of.what.rests) + " rests within " +
               std::to_string(options_.rests_forgotten.count() / 24) + " days: " + why);
    return;
  }
  ++of.what.rests;
  const std::chrono::seconds spread = options_.rest_max - options_.rest_min;
  const std::chrono::seconds extra{static_cast<std::int64_t>(scatter(of.what.number.digits() + of.what.rests) %
                                                             static_cast<std::uint64_t>(spread.count() + 1))};
  become(of, health::resting, now, now + options_.rest_min + extra, std::move(why));
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
  const pool_clocks times = from.clocks_at(now);
  pool_part& own = of.parts.try_emplace(key, from.new_part(times)).first->second;
  const destination_area area = area_of(to);
  const expectation due = from.expect(own, area, times);
  const double others = from.expected_ever - own.expected_before;

  const bool shown = of.what.state != health::resting && of.what.state != health::retired;
  const bool counts = shown && now >= of.what.counted_from;
  if (counts) {
    weigh(of, from, times, call, due.now, others);
    add_to_week(of, area, call, due.now, now);
  }
  from.add(own, area, call, due, now, times, judged);
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
