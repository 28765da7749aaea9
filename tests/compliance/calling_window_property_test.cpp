// The calling window against a brute-force oracle: every minute of up to 15 days, with local time from the C library.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>

#include "compliance/calling_window.hpp"
#include "tests/compliance/time_for_test.hpp"

namespace dialer::compliance {
namespace {

using std::chrono::minutes;

const zone_rules& rules() {
  static const auto loaded = load_system_zone_rules();
  return *loaded;
}

/// Written a second time, from the same tables of law, so that a slip in one of them shows.
bool lawful(const std::string& country, int weekday, int minute) {
  const bool sunday = weekday == 0;
  const bool saturday = weekday == 6;
  if (country == "US") return minute >= 480 && minute < 1260;
  if (country == "CA") return saturday || sunday ? minute >= 600 && minute < 1080 : minute >= 540 && minute < 1290;
  if (country == "FR") {
    return !saturday && !sunday && ((minute >= 600 && minute < 780) || (minute >= 840 && minute < 1200));
  }
  return !sunday && minute >= 540 && minute < 1200;
}

/// Open or not at each of `count` minutes from `start`, by localtime_r.
std::vector<bool> oracle(const place& where, const weekly_hours& campaign, utc_time start, int count) {
  std::vector<bool> open(static_cast<std::size_t>(count), !where.zones.empty());
  for (const auto& zone : where.zones) {
    ::setenv("TZ", (":" + zone).c_str(), 1);
    ::tzset();
    for (int i = 0; i < count; ++i) {
      const auto at = std::chrono::floor<std::chrono::seconds>(start + minutes{i});
      const time_t seconds = at.time_since_epoch().count();
      tm local{};
      ::localtime_r(&seconds, &local);
      const int minute = local.tm_hour * 60 + local.tm_min;
      const auto& hours = campaign[static_cast<std::size_t>(local.tm_wday)];
      if (!lawful(where.country, local.tm_wday, minute) || minute < hours.open_minute || minute >= hours.close_minute) {
        open[static_cast<std::size_t>(i)] = false;
      }
    }
  }
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  return open;
}

/// The first minute after `start` in another state than `start`, as far as `limit`.
std::optional<utc_time> next_change(const place& where, const weekly_hours& campaign, utc_time start, utc_time limit) {
  constexpr int chunk = 1500;
  const bool first = oracle(where, campaign, start, 1)[0];
  for (auto at = start; at <= limit; at += minutes{chunk}) {
    const auto open = oracle(where, campaign, at, chunk);
    const auto found = std::ranges::find(open, !first);
    if (found == open.end()) continue;
    const auto change = at + minutes{found - open.begin()};
    return change <= limit ? std::optional{change} : std::nullopt;
  }
  return std::nullopt;
}

void agree(const place& where, const weekly_hours& campaign, utc_time now) {
  const auto state = evaluate_window(where, campaign, rules(), now);
  const auto minute = std::chrono::floor<minutes>(now);
  const auto change = next_change(where, campaign, minute, now + std::chrono::days{14});
  RC_ASSERT(state.open == oracle(where, campaign, minute, 1)[0]);
  if (state.open) {
    RC_ASSERT(state.why == reason::none);
    RC_ASSERT(!state.opens_at);
    RC_ASSERT(state.closes_at == change.value_or(now + std::chrono::days{14}));
  } else {
    RC_ASSERT(!state.closes_at);
    RC_ASSERT(state.opens_at == change);
    RC_ASSERT(state.why == (change ? reason::window_closed : reason::window_never_opens));
  }
}

/// Random hours with a bias for the small hours, where clocks change, and for nonsense (turned round, past midnight).
rc::Gen<weekly_hours> any_hours() {
  const auto day = rc::gen::map(
      rc::gen::pair(rc::gen::element<int>(0, 1, 30, 60, 90, 119, 120, 121, 150, 180, 480, 540, 601, 1260),
                    rc::gen::element<int>(0, 60, 89, 120, 150, 185, 300, 700, 1081, 1200, 1260, 1439, 1440, 1500)),
      [](const std::pair<int, int>& hours) {
        return local_hours{static_cast<std::uint16_t>(hours.first), static_cast<std::uint16_t>(hours.second)};
      });
  return rc::gen::container<weekly_hours>(day);
}

const std::vector<std::string>& zone_names() {
  static std::vector<std::string> names{
      "America/Adak",      "America/Chicago",      "America/Denver",   "America/Havana",      "America/New_York",
      "America/Phoenix",   "America/Scoresbysund", "America/St_Johns", "Australia/Lord_Howe", "Europe/Paris",
      "America/Vancouver", "America/Winnipeg",     "Asia/Kathmandu",   "Pacific/Chatham",     "Pacific/Honolulu"};
  std::erase_if(names, [](const std::string& zone) { return !is_current_tzdata(rules().version(), zone); });
  return names;
}

rc::Gen<place> any_place() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::element<std::string>("US", "CA", "FR", "ZZ"), rc::gen::elementOf(zone_names()),
                     rc::gen::elementOf(zone_names()), rc::gen::arbitrary<bool>()),
      [](const auto& parts) {
        const auto& [country, first, second, both] = parts;
        std::vector<std::string> zones{first};
        if (both && first != second) zones.push_back(second);
        std::ranges::sort(zones);
        return place{country, {}, zones, place_source::number};
      });
}

/// Instants within a day and a half of a change of the clocks in the place's first zone; any time of the year where
/// they never change.
rc::Gen<utc_time> any_instant(const place& where) {
  const auto zone = where.zones.front();
  const auto start = rc::gen::element<std::string>("2026-01-01 00:00", "2026-06-01 00:00", "2027-01-01 00:00");
  const auto offset =
      rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::int64_t>(-8 * 3'600'000'000, 24 * 3'600'000'000));
  return rc::gen::map(rc::gen::pair(start, offset), [zone](const auto& parts) {
    const auto from = utc(parts.first);
    const auto change = rules().offset_at(zone, from)->valid_until;
    return (change == utc_time::max() ? from : change) + std::chrono::microseconds{parts.second};
  });
}

RC_GTEST_PROP(CallingWindowProperty, AnyPlaceAndHours_AgreeWithEveryMinuteByTheCLibrary, ()) {
  const auto where = *any_place();
  // Half of the cases keep the campaign out of the way, so that the law itself is hit.
  weekly_hours campaign;
  campaign.fill({0, 24 * 60});
  if (*rc::gen::arbitrary<bool>()) campaign = *any_hours();
  for (int i = 0; i < 15; ++i) agree(where, campaign, *any_instant(where));
}

/// The law keeps the small hours closed: a country of its own shows that repeated and skipped hours never widen a
/// window.
RC_GTEST_PROP(CallingWindowProperty, AnyInstantBeforeTheReportedChange_HasTheReportedState, ()) {
  const auto where = *any_place();
  const auto now = *any_instant(where);
  const auto campaign = *any_hours();
  const auto state = evaluate_window(where, campaign, rules(), now);
  const auto change = state.open ? state.closes_at : state.opens_at;
  RC_PRE(change.has_value());
  const auto distance = (*change - now).count();
  const auto between = now + std::chrono::microseconds{*rc::gen::inRange<std::int64_t>(0, distance)};
  RC_ASSERT(evaluate_window(where, campaign, rules(), between).open == state.open);
  RC_ASSERT(evaluate_window(where, campaign, rules(), *change - one_us).open == state.open);
  if (!state.open || *change - now < std::chrono::days{14}) {
    RC_ASSERT(evaluate_window(where, campaign, rules(), *change).open != state.open);
  }
}

}  // namespace
}  // namespace dialer::compliance
