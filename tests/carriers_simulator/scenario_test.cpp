#include "carriers/simulator/scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace dialer::carriers::simulator {
namespace {

std::string error_of(const std::string& toml) {
  try {
    parse_scenario(toml, "s.toml");
  } catch (const scenario_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Scenario, Empty_HasTheCarriersDefaultLimits) {
  const auto rules = parse_scenario("", "s.toml");
  EXPECT_EQ(rules.twilio.limits.calls_per_second, 1);
  EXPECT_EQ(rules.telnyx.limits.calls_per_second, 30);
  EXPECT_TRUE(rules.faults.empty());
}

TEST(Scenario, Values_ArriveWhereTheyBelong) {
  const auto rules = parse_scenario(R"(
seed = 11
[twilio]
cps = 2.5
listing_lag_ms = [100, 200]
owned_numbers = ["+12125550199"]
[telnyx]
dps = 7
[[account]]
carrier = "twilio"
id = "AC1"
cps = 9
[callbacks]
attempts_max = 4
retry_ms = 20
[outcomes]
busy = 2
failed = 1
failed_sip = [500]
[timing]
ring_ms = 5
[[destination]]
to = "+12125550100"
refuse = "D13"
[[fault]]
kind = "callback_late"
carrier = "telnyx"
probability = 0.5
delay_ms = [10, 20]
[[fault]]
kind = "throttled_429"
on = "any"
retry_after_s = 2
skip = 3
limit = 4
)",
                                    "s.toml");
  EXPECT_EQ(rules.seed, 11U);
  EXPECT_EQ(rules.twilio.listing_lag.max, 200);
  EXPECT_EQ(rules.limits_of(carrier_name::twilio, "AC1").calls_per_second, 9);
  EXPECT_EQ(rules.limits_of(carrier_name::twilio, "AC1").owned_numbers.size(), 1U) << "the rest is the carrier's";
  EXPECT_EQ(rules.limits_of(carrier_name::twilio, "AC2").calls_per_second, 2.5);
  EXPECT_EQ(rules.limits_of(carrier_name::telnyx, "x").calls_per_second, 7);
  EXPECT_EQ(rules.callback_attempts_max, 4);
  EXPECT_EQ(rules.shares, (std::array<double, 7>{0, 0, 2, 0, 0, 1, 0}));
  EXPECT_EQ(rules.times.ring.min, 5);
  EXPECT_EQ(rules.times.ring.max, 5);
  EXPECT_EQ(rules.destinations.at("+12125550100").refusal, "D13");
  ASSERT_EQ(rules.faults.size(), 2U);
  EXPECT_EQ(rules.faults[0].kind, fault_kind::callback_late);
  EXPECT_EQ(rules.faults[0].carrier, carrier_name::telnyx);
  EXPECT_EQ(rules.faults[0].delay.max, 20);
  EXPECT_FALSE(rules.faults[1].operation.has_value());
  EXPECT_EQ(rules.faults[1].retry_after_s, 2);
  EXPECT_EQ(rules.faults[1].skip, 3U);
  EXPECT_EQ(rules.faults[1].limit, 4U);
}

TEST(Scenario, Mistakes_NameLineKeyAndRemedy) {
  EXPECT_EQ(error_of("[twilio]\ncpm = 3"),
            "s.toml:2: twilio.cpm is not a known key; remove it or use one of: cps, concurrent_calls_max, "
            "held_numbers_only, "
            "requests_in_flight_max, owned_numbers, listing_lag_ms, fetch_lag_ms, queue_hours_max");
  EXPECT_EQ(error_of("seeds = 3"),
            "s.toml:1: seeds is not a known key; remove it or use one of: seed, twilio, telnyx, account, callbacks, "
            "outcomes, timing, agents, destination, number, fault");
  EXPECT_EQ(error_of("[[fault]]\nkind = \"drop\"").substr(0, 39), "s.toml:2: fault.kind is \"drop\"; use one");
  EXPECT_EQ(error_of("[[fault]]\nkind = \"drop_after\"\nprobability = 1.5"),
            "s.toml:3: fault.probability must be a number from 0 to 1");
  EXPECT_EQ(error_of("[timing]\nring_ms = [5, 1]"), "s.toml:2: timing.ring_ms has its least above its most; swap them");
  EXPECT_EQ(error_of("[timing]\nring_ms = -1"), "s.toml:2: timing.ring_ms must be a number from 0 to 86400000");
  EXPECT_EQ(error_of("fault = 3"), "s.toml:1: fault must be a list of tables: write [[fault]]");
  EXPECT_EQ(error_of("[[destination]]\nto = \"2125550100\"\nfate = \"busy\"").substr(0, 59),
            "s.toml:1: destination.to must be a number in E.164 such as ");
  EXPECT_NE(error_of("[outcomes]\nhuman = 0").find("no share above 0"), std::string::npos);
  EXPECT_EQ(error_of("seed = \n").substr(0, 10), "s.toml:1: ");
}

TEST(Scenario, Boundaries_AreInside) {
  EXPECT_EQ(error_of("[[fault]]\nkind = \"drop_after\"\nprobability = 1"), "no error");
  EXPECT_EQ(error_of("[[fault]]\nkind = \"drop_after\"\nprobability = 0"), "no error");
  EXPECT_EQ(error_of("[[fault]]\nkind = \"drop_after\"\nprobability = -0.1"),
            "s.toml:3: fault.probability must be a number from 0 to 1");
}

TEST(Scenario, ShippedExample_LoadsAndUsesEveryFault) {
  const char* source = std::getenv("DIALER_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const auto rules = load_scenario(std::string(source) + "/examples/carrier-faults.toml");
  std::set<fault_kind> kinds;
  for (const auto& rule : rules.faults) kinds.insert(rule.kind);
  EXPECT_EQ(kinds.size(), fault_traits.size());
}

TEST(Scenario, MissingFile_ErrorNamesIt) {
  EXPECT_THROW(load_scenario("/nowhere.toml"), scenario_error);
}

}  // namespace
}  // namespace dialer::carriers::simulator
