// The kill switch over REST: who may throw it, what it changes, and what lifts it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "sql/audit_log.hpp"
#include "sql/snapshot.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

using test::rest_reply;

struct thing {
  const char* path;    // of the collection
  const char* id;      // name of its id in the house
  const char* action;  // in the audit log
  bool (*frozen)(const engine::organisation_snapshot& now);
};
std::ostream& operator<<(std::ostream& out, const thing& one) {
  return out << one.path;
}

class Freeze : public testing::TestWithParam<thing> {
 protected:
  rest_reply ask(const std::string& key, const char* verb) {
    return house_.ask("POST", target() + verb, key, "", "Audit-Reason: billing runs wild\r\n");
  }
  std::string target() const { return std::string("/v1/") + GetParam().path + "/" + us_.ids.at(GetParam().id); }
  bool frozen(test::tenant& whose) {
    sql::transaction tx{whose.house.on, sql::transaction::mode::snapshot};
    return GetParam().frozen(sql::read_snapshot(tx, whose.house.id, [](const auto&, const auto&) { return ""; }));
  }

  test::rest_house house_;
  test::tenant& us_ = house_.first;
};

INSTANTIATE_TEST_SUITE_P(Each, Freeze,
                         testing::Values(thing{"organisations", "organisation_id", "freezeOrganisation",
                                               [](const auto& now) { return now.frozen; }},
                                         thing{"workspaces", "workspace_id", "freezeWorkspace",
                                               [](const auto& now) { return now.workspaces.at(0).frozen; }},
                                         thing{"agents", "agent_id", "freezeAgent",
                                               [](const auto& now) { return now.agents.at(0).frozen; }},
                                         thing{"campaigns", "campaign_id", "freezeCampaign",
                                               [](const auto& now) { return now.campaigns.at(0).frozen; }},
                                         thing{"integrations", "integration_id", "freezeIntegration",
                                               [](const auto& now) { return now.accounts.at(0).frozen; }},
                                         thing{"phone-numbers", "number_id", "freezePhoneNumber",
                                               [](const auto& now) { return now.numbers.at(0).frozen; }}),
                         [](const testing::TestParamInfo<thing>& one) {
                           std::string name = one.param.path;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(Freeze, Thrown_ReachesTheEngineThroughItsGenerationAndNobodyElse) {
  const std::uint64_t before = us_.house.generation();
  house_.engine_follows();
  const rest_reply thrown = ask(us_.key, "/freeze");
  EXPECT_EQ(thrown.status, 200) << thrown.text;
  EXPECT_EQ(thrown.body.at("engine").as_string(), "acknowledged");
  EXPECT_EQ(us_.house.generation(), before + 1);
  EXPECT_TRUE(frozen(us_));
  EXPECT_FALSE(frozen(house_.second));
  const sql::audit_record row = sql::read_audit(us_.house.on, us_.house.id, 0, 1).at(0);
  EXPECT_EQ(row.what.action, GetParam().action);
  EXPECT_EQ(row.what.resource, us_.ids.at(GetParam().id));
  EXPECT_EQ(row.what.reason, "billing runs wild");

  EXPECT_EQ(ask(us_.key, "/freeze").status, 200);
  EXPECT_EQ(us_.house.generation(), before + 1) << "it was frozen already";
  EXPECT_TRUE(house_.ask("GET", target(), us_.key).body.at("frozen").as_bool());
  EXPECT_FALSE(ask(us_.key, "/unfreeze").body.at("frozen").as_bool());
  EXPECT_FALSE(frozen(us_));
}

TEST_P(Freeze, Thrown_IsLiftedByNothingElse) {
  house_.engine_follows();
  ask(us_.key, "/freeze");
  const std::string campaign = "/v1/campaigns/" + us_.ids.at("campaign_id");
  house_.ask("POST", campaign + "/pause", us_.key);
  house_.ask("POST", campaign + "/resume", us_.key);
  house_.ask("PATCH", "/v1/agents/" + us_.ids.at("agent_id"), us_.key,
             R"({"published":true,"concurrent_calls_max":3})");
  house_.ask("PATCH", "/v1/workspaces/" + us_.ids.at("workspace_id"), us_.key, R"({"weight":3})");
  house_.ask("PATCH", "/v1/integrations/" + us_.ids.at("integration_id"), us_.key, R"({"concurrent_calls_max":3})");
  EXPECT_TRUE(frozen(us_));
}

TEST_P(Freeze, Lifted_OnlyByAnAdministrator) {
  house_.engine_follows();
  const std::string operates = us_.add_key(house_.keys, static_cast<sql::scope_bits>(sql::scope::operate));
  EXPECT_EQ(ask(operates, "/freeze").status, 200);
  EXPECT_EQ(ask(operates, "/unfreeze").status, 403);
  EXPECT_TRUE(frozen(us_));
}

}  // namespace
}  // namespace dialer::api
