// Statistics over REST: what came of it all, and what the engine does now.

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;

using Stats = test::rest_fixture;

TEST_F(Stats, Stats_CountByCampaignWorkspaceAndInAll) {
  const json::object before = ask("GET", "/v1/stats").body;
  const json::value& counts = before.at("campaigns").at(0).at("counts");
  EXPECT_EQ(json::serialize(counts),
            R"({"contacts":3,"stages":{"fresh":2,"open":0,"waiting":0,"done":1},"attempts":1,)"
            R"("dispositions":{"answered":1},"not_dialed":{},"misplaced":0,"waiting":{},"tried":1,)"
            R"("attempt_dispositions":{"answered":1},"tried_rate":3.333333333333333E-1,"answer_rate":1E0,)"
            R"("answered_s_average":1.7E1})");
  EXPECT_EQ(before.at("total"), counts) << "there is one campaign";
  ASSERT_EQ(before.at("workspaces").as_array().size(), 2U);
  for (const json::value& one : before.at("workspaces").as_array()) {
    const bool ours = one.at("id").as_string() == id("workspace_id");
    EXPECT_EQ(one.at("counts").at("contacts").to_number<int>(), ours ? 3 : 0);
    EXPECT_EQ(one.at("counts").at("answer_rate").is_null(), !ours);
  }

  // A second campaign: one contact waits after a busy attempt, one was ended without any.
  const rest_reply made =
      ask("POST", "/v1/campaigns",
          R"({"name":"Next","workspace_id":")" + id("workspace_id") + R"(","agent_id":")" + id("agent_id") + "\"}");
  us_.house.campaign = campaign_id::parse(made.body.at("id").as_string()).value();
  us_.house.import(200, 4);
  const auto row = [&] { return sql::params{}.uuid(us_.house.id).uuid(us_.house.campaign); };
  us_.house.on.run("INSERT INTO intent VALUES ($1, $2, $3, 900, 200, 12125550100, 12125550199, $4, 0, 1, 5)",
                   row().uuid(us_.house.integration).time(sql::test::morning));
  us_.house.on.run("INSERT INTO outcome VALUES ($1, 900, $2, 0, 13, 3, 0, false, false, 'CA2', '', '')",
                   sql::params{}.uuid(us_.house.id).time(sql::test::morning));
  us_.house.on.run("INSERT INTO contact_wait VALUES ($1, $2, 0, $3, 200, 12125550100, 0, 1, $4)",
                   row().time(sql::test::morning).int2(reason::retry_delay));
  us_.house.on.run("INSERT INTO contact_end VALUES ($1, $2, 201, 0, $3, $4)",
                   row().int2(reason::opted_out).time(sql::test::morning));
  us_.house.on.run("UPDATE lane SET through = 201 WHERE org_id = $1 AND campaign_id = $2", row());
  const json::object after = ask("GET", "/v1/stats").body;
  const json::value& total = after.at("total");
  EXPECT_EQ(total.at("contacts").to_number<int>(), 7);
  EXPECT_EQ(json::serialize(total.at("stages")), R"({"fresh":4,"open":0,"waiting":1,"done":2})");
  EXPECT_EQ(json::serialize(total.at("waiting")), R"({"retry_delay":1})");
  EXPECT_EQ(json::serialize(total.at("not_dialed")), R"({"opted_out":1})");
  EXPECT_EQ(json::serialize(total.at("attempt_dispositions")), R"({"answered":1,"busy":1})");
  EXPECT_EQ(total.at("answer_rate").as_double(), 0.5);
  EXPECT_EQ(total.at("answered_s_average").as_double(), 17.0);
  EXPECT_EQ(after.at("campaigns").at(0), before.at("campaigns").at(0)) << "another campaign's are not counted in";
}

TEST_F(Stats, Stats_ShowWhatTheEngineOfThisProcessDoes) {
  EXPECT_TRUE(ask("GET", "/v1/stats").body.at("campaigns").at(0).at("now").is_null());
  engine::campaign_view dialing;
  dialing.id = us_.house.campaign;
  dialing.live = 7;
  dialing.queued = 50;
  dialing.blocked = reason::account_cps;
  engine::organisation_view theirs;
  theirs.id = house_.second.house.id;
  theirs.campaigns = {dialing};
  house_.views = {theirs};
  EXPECT_TRUE(ask("GET", "/v1/stats").body.at("campaigns").at(0).at("now").is_null()) << "of another organisation";
  theirs.id = us_.house.id;
  house_.views.push_back(theirs);
  EXPECT_EQ(json::serialize(ask("GET", "/v1/stats").body.at("campaigns").at(0).at("now")),
            R"({"live":7,"queued":50,"blocked":"account_cps","next_at":null})");
}

TEST_F(Stats, Stats_OfAConfinedKey_AreThoseOfItsWorkspace) {
  const std::string key = us_.add_key(house_.keys, 1, us_.other_workspace);
  const json::object shown = house_.ask("GET", "/v1/stats", key).body;
  EXPECT_EQ(shown.at("workspaces").as_array().size(), 1U);
  EXPECT_TRUE(shown.at("campaigns").as_array().empty());
  EXPECT_EQ(shown.at("total").at("contacts").to_number<int>(), 0);
}

}  // namespace
}  // namespace dialer::api
