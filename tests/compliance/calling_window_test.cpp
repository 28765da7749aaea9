#include "compliance/calling_window.hpp"

#include <gtest/gtest.h>

#include "compliance/national_hours.hpp"
#include "tests/compliance/time_for_test.hpp"

namespace dialer::compliance {
namespace {

const zone_rules& rules() {
  static const auto loaded = load_system_zone_rules();
  return *loaded;
}

place in(std::string country, std::vector<std::string> zones) {
  return {.country = std::move(country), .regions = {}, .zones = std::move(zones), .source = place_source::number};
}

weekly_hours always() {
  weekly_hours week;
  week.fill({0, 24 * 60});
  return week;
}

weekly_hours daily(unsigned open_minute, unsigned close_minute) {
  weekly_hours week;
  week.fill({static_cast<std::uint16_t>(open_minute), static_cast<std::uint16_t>(close_minute)});
  return week;
}

struct edge {
  const char* name;
  place where;
  weekly_hours campaign;
  const char* at;  ///< the first instant of the new state
  bool open_from_then;
};

/// One microsecond before `at` the window is in the other state, and knows `at` as the instant of the change.
class CallingWindowEdge : public testing::TestWithParam<edge> {};

TEST_P(CallingWindowEdge, ChangesExactlyThen) {
  const auto& [name, where, campaign, text, open_from_then] = GetParam();
  const auto at = utc(text);
  const auto before = evaluate_window(where, campaign, rules(), at - one_us);
  const auto after = evaluate_window(where, campaign, rules(), at);
  EXPECT_EQ(after.open, open_from_then);
  ASSERT_EQ(before.open, !open_from_then);
  EXPECT_EQ(before.open ? before.closes_at : before.opens_at, at);
  EXPECT_EQ(evaluate_window(where, campaign, rules(), at + one_us).open, open_from_then);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CallingWindowEdge,
    testing::Values(
        // 47 CFR 64.1200(c)(1), winter and summer offsets.
        edge{"NewYorkOpensInWinter", in("US", {"America/New_York"}), always(), "2026-01-15 13:00", true},
        edge{"NewYorkClosesInWinter", in("US", {"America/New_York"}), always(), "2026-01-16 02:00", false},
        edge{"NewYorkOpensInSummer", in("US", {"America/New_York"}), always(), "2026-07-15 12:00", true},
        edge{"NewYorkClosesInSummer", in("US", {"America/New_York"}), always(), "2026-07-16 01:00", false},
        // On the days of change themselves: 8 March and 1 November 2026.
        edge{"NewYorkOpensOnSpringDay", in("US", {"America/New_York"}), always(), "2026-03-08 12:00", true},
        edge{"NewYorkOpensOnAutumnDay", in("US", {"America/New_York"}), always(), "2026-11-01 13:00", true},
        // Both zones must be open: the later opening, the earlier closing.
        edge{"TwoZonesOpenWithTheWestern", in("US", {"America/Chicago", "America/New_York"}), always(),
             "2026-01-15 14:00", true},
        edge{"TwoZonesCloseWithTheEastern", in("US", {"America/Chicago", "America/New_York"}), always(),
             "2026-01-16 02:00", false},
        // Arizona and the Navajo Nation agree in winter and differ in summer.
        edge{"PhoenixAndDenverOpenInSummer", in("US", {"America/Denver", "America/Phoenix"}), always(),
             "2026-07-15 15:00", true},
        edge{"PhoenixAndDenverCloseInSummer", in("US", {"America/Denver", "America/Phoenix"}), always(),
             "2026-07-16 03:00", false},
        edge{"PhoenixAndDenverOpenInWinter", in("US", {"America/Denver", "America/Phoenix"}), always(),
             "2026-01-15 15:00", true},
        // Half hours: Newfoundland, Saturday 10:00-18:00 under the Canadian rules.
        edge{"StJohnsOpensOnSaturday", in("CA", {"America/St_Johns"}), always(), "2026-01-17 13:30", true},
        edge{"StJohnsClosesOnSaturday", in("CA", {"America/St_Johns"}), always(), "2026-01-17 21:30", false},
        edge{"StJohnsClosesOnMonday", in("CA", {"America/St_Johns"}), always(), "2026-01-20 01:00", false},
        // Two jurisdictions: a US number at a Canadian address keeps both laws (weekday opening 09:00 beats 08:00).
        edge{"TwoCountriesTakeTheNarrower",
             {.country = "US",
              .regions = {"CA-ON", "US-NY"},
              .zones = {"America/New_York"},
              .source = place_source::state},
             always(),
             "2026-01-15 14:00",
             true},
        // The campaign narrows the law and never widens it.
        edge{"CampaignOpensLater", in("US", {"America/New_York"}), daily(9 * 60 + 30, 17 * 60), "2026-01-15 14:30",
             true},
        edge{"CampaignClosesEarlier", in("US", {"America/New_York"}), daily(9 * 60, 17 * 60 + 1), "2026-01-15 22:01",
             false},
        // Lunch in France.
        edge{"FranceClosesForLunch", in("FR", {"Europe/Paris"}), always(), "2026-01-15 12:00", false},
        edge{"FranceOpensAfterLunch", in("FR", {"Europe/Paris"}), always(), "2026-01-15 13:00", true},
        // No row: 09:00-20:00, Monday to Saturday. Saturday's closing is followed by Monday's opening.
        edge{"ElsewhereClosesOnSaturday", in("JP", {"Asia/Tokyo"}), always(), "2026-01-17 11:00", false},
        edge{"ElsewhereOpensOnMonday", in("JP", {"Asia/Tokyo"}), always(), "2026-01-19 00:00", true},
        // British Columbia stopped changing its clocks in March 2026 (tzdata 2026b): UTC-7 in December too.
        edge{"VancouverKeepsItsClock", in("CA", {"America/Vancouver"}), always(), "2026-12-15 16:00", true}),
    [](const auto& one) { return one.param.name; });

/// Clocks change between the question and the opening: the opening is told in the time that holds then.
TEST(CallingWindow, AskedBeforeAChangeOfClocks_OpensByTheNewTime) {
  const auto where = in("US", {"America/New_York"});
  EXPECT_EQ(evaluate_window(where, always(), rules(), utc("2026-03-08 06:30")).opens_at, utc("2026-03-08 12:00"));
  EXPECT_EQ(evaluate_window(where, always(), rules(), utc("2026-11-01 05:30")).opens_at, utc("2026-11-01 13:00"));
}

TEST(CallingWindow, NoZones_FailsClosed) {
  const auto state = evaluate_window(in("US", {}), always(), rules(), utc("2026-01-15 18:00"));
  EXPECT_FALSE(state.open);
  EXPECT_EQ(state.why, reason::no_time_zone);
  EXPECT_FALSE(state.opens_at);
}

TEST(CallingWindow, OneUnknownZoneAmongKnown_FailsClosed) {
  const auto where = in("US", {"America/Nowhere", "America/New_York"});
  EXPECT_EQ(evaluate_window(where, always(), rules(), utc("2026-01-15 18:00")).why, reason::rules_stale);
}

/// The system's zones as an older release would have them.
class older_data : public zone_rules {
 public:
  explicit older_data(std::string version) : version_{std::move(version)} {}
  bool knows(std::string_view zone) const override { return rules().knows(zone); }
  std::optional<zone_offset> offset_at(std::string_view zone, utc_time at) const override {
    return rules().offset_at(zone, at);
  }
  std::string version() const override { return version_; }

 private:
  std::string version_;
};

TEST(CallingWindow, ZoneWhoseClocksChangedAfterTheData_FailsClosed) {
  const auto noon = utc("2026-11-20 18:00");
  const auto ask = [&](const char* version, std::vector<std::string> zones) {
    return evaluate_window(in("CA", std::move(zones)), always(), older_data{version}, noon);
  };
  EXPECT_EQ(ask("2026d", {"America/Winnipeg"}).why, reason::rules_stale);
  EXPECT_EQ(ask("2026d", {"America/Toronto", "America/Winnipeg"}).why, reason::rules_stale);
  EXPECT_TRUE(ask("2026e", {"America/Winnipeg"}).open);
  EXPECT_TRUE(ask("2026b", {"America/Toronto"}).open);
}

TEST(CallingWindow, CampaignOutsideTheLaw_NeverOpens) {
  const auto state =
      evaluate_window(in("US", {"America/New_York"}), daily(21 * 60, 24 * 60), rules(), utc("2026-01-15 18:00"));
  EXPECT_FALSE(state.open);
  EXPECT_EQ(state.why, reason::window_never_opens);
  EXPECT_FALSE(state.opens_at);
}

TEST(CallingWindow, ZonesTooFarApart_NeverOpens) {
  const auto where = in("US", {"America/New_York", "Asia/Tokyo"});  // 08-21 here is 21-11 there, and 08-21 there
  const auto state = evaluate_window(where, daily(9 * 60, 17 * 60), rules(), utc("2026-01-15 18:00"));
  EXPECT_EQ(state.why, reason::window_never_opens);
}

TEST(CallingWindow, CampaignClosedAllWeekButOneDay_OpensOnIt) {
  weekly_hours sundays{};
  for (auto& day : sundays) day = {0, 0};
  sundays[0] = {10 * 60, 11 * 60};
  const auto state = evaluate_window(in("US", {"America/New_York"}), sundays, rules(), utc("2026-01-12 18:00"));
  EXPECT_EQ(state.why, reason::window_closed);
  EXPECT_EQ(state.opens_at, utc("2026-01-18 15:00"));
}

TEST(CallingWindow, HoursTurnedRound_AreClosedNotWrapped) {
  const auto state =
      evaluate_window(in("US", {"America/New_York"}), daily(20 * 60, 9 * 60), rules(), utc("2026-01-15 13:30"));
  EXPECT_FALSE(state.open);
}

TEST(CallingWindow, FederalHours_AreEightToTwentyOneEveryDay) {
  for (const auto& day : federal_hours()) {
    EXPECT_EQ(day.open_minute, 480);
    EXPECT_EQ(day.close_minute, 1260);
  }
}

}  // namespace
}  // namespace dialer::compliance
