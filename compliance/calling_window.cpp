#include "compliance/calling_window.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "compliance/national_hours.hpp"

namespace dialer::compliance {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr days horizon{14};
constexpr unsigned minutes_a_day = 24 * 60;

/// What one zone's clock shows; only arithmetic, no calendar of its own.
struct wall_clock {
  std::chrono::sys_days day;
  std::chrono::microseconds of_day;

  wall_clock(utc_time at, std::chrono::seconds from_utc)
      : day{std::chrono::floor<days>(at + from_utc)}, of_day{at + from_utc - day} {}
};

bool inside(const weekly_hours& week, const wall_clock& local) {
  const auto& hours = week[std::chrono::weekday{local.day}.c_encoding()];
  return local.of_day >= minutes{hours.open_minute} && local.of_day < minutes{hours.close_minute};
}

/// Everything that must agree for a call, apart from where the clocks stand.
class permitted_hours {
 public:
  permitted_hours(const place& where, const weekly_hours& campaign) : campaign_{campaign} {
    for (const std::string_view country : countries_of(where)) laws_.push_back(national_hours(country));
    add_boundaries(campaign);
    for (const auto& weeks : laws_) std::ranges::for_each(weeks, [this](const auto& week) { add_boundaries(week); });
    boundaries_.push_back(minutes_a_day);
    std::ranges::sort(boundaries_);
    boundaries_.erase(std::unique(boundaries_.begin(), boundaries_.end()), boundaries_.end());
  }

  bool contain(const wall_clock& local) const {
    return inside(campaign_, local) && std::ranges::all_of(laws_, [&](const auto& weeks) {
             return std::ranges::any_of(weeks, [&](const auto& week) { return inside(week, local); });
           });
  }

  /// The next reading of the clock at which contain() may change, as a distance from `local`. Always positive.
  std::chrono::microseconds to_next_boundary(const wall_clock& local) const {
    const auto next = std::ranges::find_if(boundaries_, [&](unsigned at) { return minutes{at} > local.of_day; });
    return minutes{*next} - local.of_day;  // midnight is among them
  }

 private:
  void add_boundaries(const weekly_hours& week) {
    for (const auto& hours : week) {
      // Hours past midnight mean nothing to a wall clock; midnight itself is added once, above.
      if (hours.open_minute < minutes_a_day) boundaries_.push_back(hours.open_minute);
      if (hours.close_minute < minutes_a_day) boundaries_.push_back(hours.close_minute);
    }
  }

  const weekly_hours& campaign_;
  std::vector<std::span<const weekly_hours>> laws_;
  std::vector<unsigned> boundaries_;
};

/// The clocks of all zones, moved forward together.
class clocks {
 public:
  /// False when the data does not know a zone as it is now: then nobody can say what time it is there.
  bool start(const place& where, const zone_rules& zones, utc_time now) {
    zones_ = &zones;
    now_ = now;
    const std::string version = zones.version();
    for (const auto& name : where.zones) {
      const auto offset = zones.offset_at(name, now);
      if (!offset || !is_current_tzdata(version, name)) return false;
      entries_.push_back({name, *offset});
    }
    return true;
  }

  bool all_inside(const permitted_hours& hours) const {
    return std::ranges::all_of(entries_, [&](const entry& zone) {
      return hours.contain(wall_clock{now_, zone.offset.from_utc});
    });
  }

  /// The first later instant at which any clock reaches a boundary or is set forward or back.
  utc_time next_event(const permitted_hours& hours) const {
    auto next = utc_time::max();
    for (const auto& [name, offset] : entries_) {
      next = std::min({next, offset.valid_until, now_ + hours.to_next_boundary(wall_clock{now_, offset.from_utc})});
    }
    return next;
  }

  void move_to(utc_time now) {
    now_ = now;
    for (auto& [name, offset] : entries_) {
      if (offset.valid_until <= now) offset = zones_->offset_at(name, now).value();
    }
  }

 private:
  struct entry {
    std::string_view name;
    zone_offset offset;
  };
  const zone_rules* zones_ = nullptr;
  utc_time now_;
  std::vector<entry> entries_;
};

}  // namespace

std::vector<std::string_view> countries_of(const place& where) {
  std::vector<std::string_view> countries{where.country};
  for (const std::string_view region : where.regions) {
    const std::string_view country = region.substr(0, 2);
    if (std::ranges::find(countries, country) == countries.end()) countries.push_back(country);
  }
  return countries;
}

// The rule is a property of an instant alone: every zone's wall clock must read a permitted time. So an hour that a
// change of clocks repeats is judged twice by the same reading, a skipped one never occurs, and neither needs a special
// case; the scan only has to stop at every change of offset.
window_state evaluate_window(const place& where, const weekly_hours& campaign, const zone_rules& zones, utc_time now) {
  const auto closed = [](reason why) {
    return window_state{.open = false, .why = why, .closes_at = {}, .opens_at = {}};
  };
  if (where.zones.empty()) return closed(reason::no_time_zone);
  clocks local;
  // The import has seen these zones: they have gone from the system since, or its data is too old for them.
  if (!local.start(where, zones, now)) return closed(reason::rules_stale);
  const permitted_hours hours{where, campaign};
  const bool open = local.all_inside(hours);
  const auto limit = now + horizon;
  auto change = local.next_event(hours);
  for (; change <= limit; change = local.next_event(hours)) {
    local.move_to(change);
    if (local.all_inside(hours) != open) break;
  }
  if (open) return {.open = true, .why = reason::none, .closes_at = std::min(change, limit), .opens_at = {}};
  if (change > limit) return closed(reason::window_never_opens);
  return {.open = false, .why = reason::window_closed, .closes_at = {}, .opens_at = change};
}

}  // namespace dialer::compliance
