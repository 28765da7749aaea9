// What a campaign's contacts are in for: when they may be called, and when it will be done.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "tests/cli/small_house.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class outlook : public testing::Test {
 protected:
  outlook() {
    std::vector<std::pair<e164, std::string>> list;
    for (std::uint64_t n = 0; n < 60; ++n) {
      const bool east = n < 40;
      list.emplace_back(e164::from_digits(east ? 12125550100 + n : 13105550100 + n - 40),
                        east ? "US US-NY America/New_York number" : "US US-CA America/Los_Angeles number");
    }
    house_.import(list);
  }
  template <class Options>
  std::string run(int (*command)(const Options&), Options options) {
    options.database = house_.database();
    options.which.campaign = "Spring";
    options.at = "2026-09-22T12:00:00Z";  // 08:00 in New York, 05:00 in Los Angeles
    testing::internal::CaptureStdout();
    int code = -1;
    std::exception_ptr refused;
    try {
      code = command(options);
    } catch (...) {
      refused = std::current_exception();
    }
    std::string said = testing::internal::GetCapturedStdout();
    if (refused) std::rethrow_exception(refused);
    EXPECT_EQ(code, exit_ok);
    return said;
  }
  json::object forecast(campaign_forecast_options options = {}) {
    options.output = output_format::json;
    return json::parse(run(run_campaign_forecast, options)).as_object();
  }
  void set(const std::string& table, const std::string& what) { house_.on.run("UPDATE " + table + " SET " + what); }

  test::small_house house_;
};

TEST_F(outlook, windows_of_each_place_with_the_law) {
  check_windows_options options;
  options.output = output_format::json;
  const json::object said = json::parse(run(run_check_windows, options)).as_object();
  const json::array& places = said.at("places").as_array();
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0], json::parse(R"json({"place": "US US-CA America/Los_Angeles number",
      "zones": ["America/Los_Angeles"], "contacts": 20, "open": false, "opens_at": "2026-09-22T15:00:00Z",
      "closes_at": "2026-09-23T04:00:00Z", "rule": "US 47 CFR 64.1200(c)(1), 16 CFR 310.4(c)"})json"));
  EXPECT_EQ(places[1], json::parse(R"json({"place": "US US-NY America/New_York number",
      "zones": ["America/New_York"], "contacts": 40, "open": true, "opens_at": "2026-09-23T12:00:00Z",
      "closes_at": "2026-09-23T01:00:00Z", "rule": "US 47 CFR 64.1200(c)(1), 16 CFR 310.4(c)"})json"));
  options.output = output_format::table;
  const std::string table = run(run_check_windows, options);
  EXPECT_THAT(table, HasSubstr("Spring (cmp_"));
  EXPECT_THAT(table, HasSubstr("2026-09-23T04:00:00Z"));
}

TEST_F(outlook, forecast_by_the_tightest_limit) {
  set("phone_number", "calls_per_hour_max = 0, calls_per_day_max = 0");
  set("integration", "calls_per_second = 0.5");
  json::object said = forecast();
  EXPECT_EQ(said.at("contacts").to_number<int>(), 60);
  EXPECT_EQ(said.at("limited_by").as_string(), "calls per second of the carrier accounts");
  EXPECT_EQ(said.at("done_at").as_string(), "2026-09-22T15:00:40Z");
  EXPECT_EQ(said.at("places").at(1).at("done_at").as_string(), "2026-09-22T12:01:20Z");
  set("campaign", "calls_per_second_max = 0.1");
  said = forecast();
  EXPECT_EQ(said.at("limited_by").as_string(), "calls per second of the campaign");
  EXPECT_EQ(said.at("done_at").as_string(), "2026-09-22T15:03:20Z");
  set("campaign", "concurrent_calls_max = 1");
  campaign_forecast_options options;
  options.call_seconds = 60;
  said = forecast(options);
  EXPECT_EQ(said.at("limited_by").as_string(), "concurrent calls of the campaign");
  EXPECT_EQ(said.at("done_at").as_string(), "2026-09-22T15:20:00Z");
  set("phone_number", "calls_per_hour_max = 30, calls_per_day_max = 50");
  said = forecast();
  EXPECT_EQ(said.at("limited_by").as_string(), "calls per hour of the caller IDs");
  EXPECT_EQ(said.at("calls_per_day").to_number<int>(), 50);
  // 40 in New York; of 20 in Los Angeles 10 today, and 10 at two minutes each when the day's budget is back and it
  // opens.
  EXPECT_EQ(said.at("done_at").as_string(), "2026-09-23T15:20:00Z");
}

TEST_F(outlook, forecast_says_what_it_takes_for_granted) {
  const std::string said = run(run_campaign_forecast, campaign_forecast_options{});
  EXPECT_THAT(said, HasSubstr("Spring: the last call starts about 2026-09-2"));
  EXPECT_THAT(said, HasSubstr("the campaign, which is draft, runs from now on"));
  EXPECT_THAT(said, HasSubstr("a contact never tried takes 1.00 calls, a waiting one 1 more"));
}

TEST_F(outlook, forecast_counts_calls_so_far) {
  for (std::int64_t n = 1; n <= 2; ++n) {
    house_.intent(n, 1, e164::from_digits(12125550100));
    house_.outcome(n, engine::outcome_kind::accepted);
    house_.outcome(n, engine::outcome_kind::ended);
  }
  set("lane", "through = 1 WHERE place LIKE '%New_York%'");
  set("campaign", "concurrent_calls_max = 1");
  const std::string said = json::serialize(forecast());
  EXPECT_THAT(said, HasSubstr("takes 2.00 calls, as those tried so far"));
  EXPECT_THAT(said, HasSubstr("holds its line for 10 s: the mean of 2 calls"));
}

TEST_F(outlook, forecast_without_means_names_the_remedy) {
  set("integration", "frozen = true");
  try {
    forecast();
    FAIL();
  } catch (const std::runtime_error& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("no working carrier account has a number that its agent may show; assign"));
  }
}

}  // namespace
}  // namespace dialer::cli
