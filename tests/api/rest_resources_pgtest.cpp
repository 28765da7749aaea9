// What resources do beyond their form, which the contract test judges; the large ones have files of their own.

#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "sql/api_keys.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

using test::rest_reply;

using RestResources = test::rest_fixture;

TEST_F(RestResources, NewThings_HaveTheirDefaultsAndTheirOwnName) {
  const std::string owner = R"("workspace_id":")" + id("workspace_id") + '"';
  const rest_reply agent =
      ask("POST", "/v1/agents", "{" + owner + R"(,"name":"Bea","answer_url":"https://a.example"})");
  ASSERT_EQ(agent.status, 201) << agent.text;
  EXPECT_FALSE(agent.body.at("published").as_bool()) << "a new agent is a draft and never dials";
  EXPECT_EQ(ask("POST", "/v1/agents", "{" + owner + R"(,"name":"Bea","answer_url":"https://b.example"})").status, 409);
  EXPECT_EQ(ask("GET", "/v1/agents/" + std::string(agent.body.at("id").as_string())).body.at("answer_url").as_string(),
            "https://a.example");
  EXPECT_EQ(ask("POST", "/v1/agents", "{" + owner + R"(,"name":"C","answer_url":"ftp://a"})").status, 422);

  const std::string with_agent = owner + R"(,"agent_id":")" + id("agent_id") + '"';
  const rest_reply made = ask("POST", "/v1/campaigns", "{" + with_agent + R"(,"name":"Autumn"})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("state").as_string(), "draft");
  EXPECT_EQ(ask("POST", "/v1/campaigns", "{" + with_agent + R"(,"name":"Autumn"})").status, 409);
  EXPECT_EQ(ask("POST", "/v1/workspaces", R"({"name":"Main"})").status, 409);
}

TEST_F(RestResources, ConfinedKey_WorksWithinItsWorkspace) {
  const std::string key = us_.add_key(house_.keys, 7, us_.house.workspace);
  EXPECT_EQ(house_.ask("GET", "/v1/workspaces", key).body.at("data").as_array().size(), 1U);
  EXPECT_EQ(house_.ask("POST", campaign() + "/pause", key).status, 200);
  EXPECT_EQ(house_.ask("GET", "/v1/attempts", key).body.at("data").as_array().size(), 1U);
  EXPECT_EQ(house_.ask("GET", "/v1/attempts/" + id("attempt_id"), key).status, 200);
  const rest_reply elsewhere = house_.ask(
      "POST", "/v1/agents", key,
      R"({"workspace_id":")" + us_.other_workspace.text() + R"(","name":"D","answer_url":"https://a.example"})");
  EXPECT_EQ(elsewhere.status, 422);
}

TEST_F(RestResources, Attempt_TellsHowItEnded) {
  const rest_reply one = ask("GET", "/v1/attempts/" + id("attempt_id"));
  EXPECT_EQ(one.body.at("state").as_string(), "ended");
  EXPECT_EQ(one.body.at("disposition").as_string(), "answered");
  EXPECT_EQ(one.body.at("duration_s").to_number<int>(), 17);
  EXPECT_EQ(one.body.at("call_ref").as_string(), "CA1");
  EXPECT_EQ(one.body.at("contact_id").as_string(), id("contact_id"));
  EXPECT_EQ(ask("GET", "/v1/attempts?campaign_id=" + id("campaign_id")).body.at("data").as_array().size(), 1U);
  EXPECT_EQ(
      ask("GET", "/v1/attempts?campaign_id=" + house_.second.ids.at("campaign_id")).body.at("data").as_array().size(),
      0U);
}

TEST_F(RestResources, RevokedKey_IsKeptWithItsEnd) {
  const rest_reply revoked = ask("DELETE", "/v1/keys/" + id("key_id"));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_FALSE(revoked.body.at("revoked_at").is_null());
  EXPECT_EQ(sql::read_keys_versions(us_.house.on).front().version, 3U) << "two were made, one was revoked";
}

}  // namespace
}  // namespace dialer::api
