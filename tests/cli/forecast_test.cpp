#include "cli/forecast.hpp"

#include <gtest/gtest.h>

#include "tests/compliance/time_for_test.hpp"

namespace dialer::cli {
namespace {

using compliance::utc;
using namespace std::chrono_literals;

const compliance::place new_york{"US", {"US-NY"}, {"America/New_York"}, compliance::place_source::number};
const compliance::place los_angeles{"US", {"US-CA"}, {"America/Los_Angeles"}, compliance::place_source::number};

weekly_hours all_week() {
  weekly_hours week;
  week.fill({0, 24 * 60});
  return week;
}

/// One call a second from `now` on.
forecast_inputs from(const std::string& now, std::vector<forecast_lane> lanes) {
  return {utc(now), all_week(), 1, 0, std::move(lanes)};
}
forecast run(const forecast_inputs& in) {
  static const auto zones = compliance::load_system_zone_rules();
  return make_forecast(in, *zones);
}
calls_due now_due(double calls) {
  return {utc_time::min(), calls};
}

TEST(Forecast, AnOpenLane_IsDoneAtItsRate) {
  const forecast made = run(from("2026-09-22 15:00", {{new_york, {now_due(3600)}}}));
  EXPECT_EQ(made.done_at, utc("2026-09-22 16:00"));
}

TEST(Forecast, NothingToCall_IsDoneNow) {
  EXPECT_EQ(run(from("2026-09-22 15:00", {})).done_at, utc("2026-09-22 15:00"));
  EXPECT_EQ(run(from("2026-09-22 03:00", {{new_york, {}}})).done_at, utc("2026-09-22 03:00"));
}

TEST(Forecast, WhatTheEveningCutsOff_GoesOnInTheMorning) {
  // 21:00 in New York is 01:00 UTC, 08:00 is 12:00.
  const forecast made = run(from("2026-09-23 00:30", {{new_york, {now_due(3600)}}}));
  EXPECT_EQ(made.done_at, utc("2026-09-23 12:30"));
}

TEST(Forecast, TheCampaignsOwnHours_CountToo) {
  forecast_inputs in = from("2026-09-22 15:00", {{new_york, {now_due(3600)}}});
  in.window.fill({12 * 60, 13 * 60});  // noon is 16:00 UTC
  EXPECT_EQ(run(in).done_at, utc("2026-09-22 17:00"));
}

TEST(Forecast, ClosedLanes_LeaveTheRateToOpenOnes) {
  const forecast made = run(from("2026-09-22 12:00", {{new_york, {now_due(3600)}}, {los_angeles, {now_due(3600)}}}));
  EXPECT_EQ(made.lanes[0], utc("2026-09-22 13:00"));
  EXPECT_EQ(made.lanes[1], utc("2026-09-22 16:00"));
  EXPECT_EQ(made.done_at, utc("2026-09-22 16:00"));
}

TEST(Forecast, OpenLanes_ShareTheRate) {
  const forecast made = run(from("2026-09-22 16:00", {{new_york, {now_due(1800)}}, {los_angeles, {now_due(3600)}}}));
  EXPECT_EQ(made.lanes[0], utc("2026-09-22 17:00"));
  EXPECT_EQ(made.lanes[1], utc("2026-09-22 17:30"));
}

TEST(Forecast, WaitingContacts_AreNotCalledBeforeTheyAreDue) {
  const forecast made = run(from("2026-09-22 15:00", {{new_york, {now_due(60), {utc("2026-09-22 18:00"), 120}}}}));
  EXPECT_EQ(made.done_at, utc("2026-09-22 18:02"));
}

TEST(Forecast, TheDaysBudget_ComesBackEvery24Hours) {
  forecast_inputs in = from("2026-09-22 15:00", {{new_york, {now_due(240)}}});
  in.calls_per_day = 120;
  EXPECT_EQ(run(in).done_at, utc("2026-09-23 15:02"));
  in.lanes[0].calls[0].calls = 300;
  EXPECT_EQ(run(in).done_at, utc("2026-09-24 15:01"));
}

TEST(Forecast, PlacesThatNeverOpen_AreNeverDone) {
  const compliance::place nowhere{"US", {}, {}, compliance::place_source::none};
  const forecast made = run(from("2026-09-22 15:00", {{nowhere, {now_due(1)}}, {new_york, {now_due(60)}}}));
  EXPECT_EQ(made.lanes[0], std::nullopt);
  EXPECT_EQ(made.lanes[1], utc("2026-09-22 15:01"));
  EXPECT_EQ(made.done_at, std::nullopt);
}

TEST(Forecast, MoreThanAYear_IsNotForetold) {
  EXPECT_EQ(run(from("2026-09-22 15:00", {{new_york, {now_due(1e9)}}})).done_at, std::nullopt);
}

}  // namespace
}  // namespace dialer::cli
