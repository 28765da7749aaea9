// Campaigns over REST: their states, and edits of their settings.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <future>

#include "sql/snapshot.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;
using testing::HasSubstr;

using Campaigns = test::rest_fixture;

TEST_F(Campaigns, Campaign_GoesThroughItsStatesAndNoOthers) {
  EXPECT_EQ(ask("POST", campaign() + "/pause").body.at("state").as_string(), "paused");
  const rest_reply again = ask("POST", campaign() + "/pause");
  EXPECT_EQ(again.status, 200) << "what is so already is no mistake";
  EXPECT_EQ(ask("POST", campaign() + "/resume").body.at("state").as_string(), "running");
  EXPECT_EQ(ask("POST", campaign() + "/stop").body.at("state").as_string(), "stopped");
  const rest_reply refused = ask("POST", campaign() + "/resume");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.text, HasSubstr("is stopped, so it cannot resume"));
  EXPECT_EQ(ask("GET", campaign()).body.at("state").as_string(), "stopped");
  EXPECT_EQ(ask("GET", "/v1/campaigns?state=stopped").body.at("data").as_array().size(), 1U);
  EXPECT_EQ(ask("GET", "/v1/campaigns?state=running").body.at("data").as_array().size(), 0U);
  EXPECT_EQ(ask("GET", "/v1/campaigns?state=asleep").status, 422);
}

TEST_F(Campaigns, CampaignSettings_AreKeptWhereNothingIsSaid) {
  const std::uint64_t before = generation();
  const rest_reply changed = ask("PATCH", campaign(), R"({"settings":{
      "window":{"monday":"09:30-24:00","sunday":"closed"}, "retry":{"busy":{"attempts_max":5}},
      "calls_per_second_max":2.5, "ring_timeout_s":45, "caller_id":"local_presence", "machine_detection":"off",
      "default_country":"GB", "redial_absent":true, "attempts_per_contact_max":9}})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.body.at("engine").as_string(), "acknowledged");
  EXPECT_GT(generation(), before);
  const campaigns::settings stored = sql::read_campaign(us_.house.on, us_.house.id, us_.house.campaign).value();
  EXPECT_EQ(stored.window[1], (local_hours{570, 1440}));
  EXPECT_EQ(stored.window[0].open_minute, stored.window[0].close_minute);
  EXPECT_EQ(stored.window[2], local_hours{});
  EXPECT_EQ(stored.retry[3].attempts_max, 5);
  EXPECT_EQ(stored.retry[3].delay, campaigns::default_retry_rules()[3].delay);
  EXPECT_EQ(stored.calls_per_second_max, 2.5);
  EXPECT_EQ(stored.ring_timeout, std::chrono::seconds{45});
  EXPECT_EQ(stored.caller_id, campaigns::caller_id_policy::local_presence);
  EXPECT_EQ(stored.detection, campaigns::machine_detection::off);
  EXPECT_EQ(stored.default_country, "GB");
  EXPECT_TRUE(stored.redial_absent);
  EXPECT_EQ(stored.attempts_per_contact_max, 9);
  EXPECT_EQ(stored.weight, 1);
  EXPECT_EQ(json::serialize(ask("GET", campaign()).body.at("settings")), json::serialize(changed.body.at("settings")));
}

TEST_F(Campaigns, EditsOfACampaign_AreNumberedKeptAndAudited) {
  EXPECT_EQ(ask("GET", campaign()).body.at("version").to_number<int>(), 1);
  const auto edit = [&](const std::string& body) {
    return house_.ask("PATCH", campaign(), us_.key, body, "Audit-Reason: spring hours\r\n");
  };
  const rest_reply second = edit(R"({"if_version":1,"settings":{"weight":3,"window":{"monday":"10:00-11:00"}}})");
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(second.body.at("version").to_number<int>(), 2);
  EXPECT_EQ(edit(R"({"settings":{"weight":3}})").body.at("version").to_number<int>(), 2) << "nothing was changed";
  EXPECT_EQ(edit(R"({"settings":{"attempts_per_contact_max":2}})").body.at("version").to_number<int>(), 3);

  const json::array kept = ask("GET", campaign() + "/versions").body.at("data").as_array();
  ASSERT_EQ(kept.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kept.at(static_cast<std::size_t>(i)).at("version").to_number<int>(), 3 - i);
  EXPECT_EQ(json::serialize(kept[0].at("settings")), json::serialize(ask("GET", campaign()).body.at("settings")));
  EXPECT_EQ(kept[1].at("settings").at("attempts_per_contact_max").to_number<int>(), 6);
  EXPECT_EQ(kept[1].at("settings").at("window").at("monday").as_string(), "10:00-11:00");
  EXPECT_EQ(kept[2].at("settings").at("weight").to_number<int>(), 1);

  const json::value newest = ask("GET", "/v1/audit?limit=1").body.at("data").as_array().at(0);
  EXPECT_EQ(newest.at("action").as_string(), "changeCampaign");
  EXPECT_EQ(newest.at("actor").as_string(), us_.keys.front().id.text());
  EXPECT_EQ(newest.at("resource").as_string(), id("campaign_id"));
  EXPECT_EQ(newest.at("reason").as_string(), "spring hours");
}

TEST_F(Campaigns, EditOfAnotherVersion_ChangesNothingAndNamesTheCurrentOne) {
  EXPECT_EQ(ask("PATCH", campaign(), R"({"settings":{"weight":3}})").status, 200);
  const std::uint64_t before = generation();
  const rest_reply late = ask("PATCH", campaign(), R"({"if_version":1,"settings":{"weight":4}})");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.code(), "version_conflict");
  EXPECT_EQ(late.body.at("param").as_string(), "if_version");
  EXPECT_THAT(late.text, HasSubstr("the campaign is at version 2 by now"));
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(ask("GET", campaign()).body.at("settings").at("weight").to_number<int>(), 3);
  EXPECT_EQ(ask("GET", campaign() + "/versions").body.at("data").as_array().size(), 2U);
}

// Two people read version 1 and change it at the same moment: one of them is told.
TEST_F(Campaigns, EditsOfOneVersionAtOnce_AreMadeOnce) {
  const auto edit = [&](int weight) {
    return std::async(std::launch::async, [&, weight] {
      return ask("PATCH", campaign(), R"({"if_version":1,"settings":{"weight":)" + std::to_string(weight) + "}}")
          .status;
    });
  };
  auto one = edit(3);
  auto other = edit(4);
  EXPECT_EQ(one.get() + other.get(), 200 + 409);
}

TEST_F(Campaigns, CampaignSettings_NameTheNumberOfAFixedCallerId) {
  const auto patch = [&](const std::string& settings) {
    return ask("PATCH", campaign(), "{\"settings\":" + settings + "}");
  };
  const rest_reply nameless = patch(R"({"caller_id":"fixed"})");
  EXPECT_EQ(nameless.status, 422);
  EXPECT_EQ(nameless.body.at("param").as_string(), "settings.caller_id_number");
  EXPECT_EQ(patch(R"({"caller_id":"fixed","caller_id_number":"212"})").status, 422);
  const rest_reply fixed = patch(R"({"caller_id":"fixed","caller_id_number":"+12125550101"})");
  ASSERT_EQ(fixed.status, 200) << fixed.text;
  EXPECT_EQ(fixed.body.at("settings").at("caller_id_number").as_string(), "+12125550101");
  EXPECT_EQ(patch(R"({"caller_id_number":null})").status, 422) << "while the policy is fixed";
  const rest_reply weighted = patch(R"({"caller_id":"weighted","caller_id_number":null})");
  ASSERT_EQ(weighted.status, 200) << weighted.text;
  EXPECT_TRUE(weighted.body.at("settings").at("caller_id_number").is_null());
  const campaigns::settings stored = sql::read_campaign(us_.house.on, us_.house.id, us_.house.campaign).value();
  EXPECT_EQ(stored.caller_id, campaigns::caller_id_policy::weighted);
  EXPECT_FALSE(stored.caller_id_number);
}

TEST_F(Campaigns, CampaignSettings_ThatMakeNoSense_AreToldByName) {
  const auto refused = [&](const std::string& settings) {
    const rest_reply reply = ask("PATCH", campaign(), "{\"settings\":" + settings + "}");
    EXPECT_EQ(reply.status, 422) << reply.text;
    return std::string(reply.body.at("param").as_string());
  };
  EXPECT_EQ(refused(R"({"window":{"friday":"21:00-08:00"}})"), "settings.window.friday");
  EXPECT_EQ(refused(R"({"window":{"caturday":"08:00-21:00"}})"), "settings.window.caturday");
  EXPECT_EQ(refused(R"({"retry":{"answered":{"attempts_max":2}}})"), "settings.retry.answered");
  EXPECT_EQ(refused(R"({"retry":{"busy":{"attempts_max":0}}})"), "settings.retry.busy.attempts_max");
  EXPECT_EQ(refused(R"({"ring_timeout_s":4})"), "settings.ring_timeout_s");
  EXPECT_EQ(refused(R"({"ring_timeout_s":601})"), "settings.ring_timeout_s");
  EXPECT_EQ(refused(R"({"default_country":"us"})"), "settings.default_country");
  EXPECT_EQ(refused(R"({"attempts_per_number_24h":8})"), "settings.attempts_per_number_7d");
}

TEST_F(Campaigns, AgentOfAnotherWorkspace_IsRefused) {
  const std::string other = us_.other_workspace.text();
  const rest_reply made = ask("POST", "/v1/campaigns",
                              R"({"name":"X","workspace_id":")" + other + R"(","agent_id":")" + id("agent_id") + "\"}");
  EXPECT_EQ(made.status, 422);
  EXPECT_EQ(made.body.at("param").as_string(), "agent_id");
}

}  // namespace
}  // namespace dialer::api
