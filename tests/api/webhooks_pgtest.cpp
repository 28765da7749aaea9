// From the ledger to an endpoint: what is told, and how often.
#include <boost/json/parse.hpp>
#include <set>

#include "api/webhook_signature.hpp"
#include "tests/api/webhook_stage.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

TEST_F(Webhooks, EndedAttempt_IsToldOnceAndSigned) {
  make();
  later(1s);
  end_attempt(500);
  end_attempt(600, house_.second);
  turns();
  EXPECT_TRUE(received_.empty()) << "not before it has settled";
  later(webhook_deliverer::settled_after);
  turns();
  EXPECT_TRUE(received_.empty()) << "the boundary is exclusive";
  later(1us);
  turns();
  ASSERT_EQ(received_.size(), 1U) << "its own, not the other organisation's, nor what was before it";
  const webhook_message got = received_[0];
  EXPECT_EQ(got.id, "msg_" + sql::test::attempt_of(500).text() + "_ended");
  EXPECT_EQ(got.timestamp, "1790000003");
  EXPECT_EQ(got.signature, sign_webhook(secret_, got.id, 1'790'000'003, got.body));
  const json::object body = json::parse(got.body).as_object();
  EXPECT_EQ(body.at("type").as_string(), "attempt.ended");
  EXPECT_EQ(body.at("timestamp").as_string(), "2026-09-21T14:13:21Z");
  EXPECT_EQ(body.at("data").at("attempt_id").as_string(), sql::test::attempt_of(500).text());
  EXPECT_EQ(body.at("data").at("contact_id").as_string(), us_.contact.text());
  EXPECT_EQ(body.at("data").at("disposition").as_string(), "busy");
  EXPECT_EQ(body.at("data").at("duration_s").to_number<int>(), 17);
  EXPECT_EQ(waiting(), 0);
  later(1h);
  turns();
  EXPECT_EQ(received_.size(), 1U);
  EXPECT_EQ(deliverer_.stats().delivered, 1U);
}

TEST_F(Webhooks, OutcomeCommittedLate_IsToldAllTheSame) {
  make();
  later(1s);
  const utc_time decided = house_.time.now().utc;
  later(10min);
  turns();
  const engine::intent call = sql::test::intent_for(us_.house, 500, us_.contact.value);
  end_attempt(500);
  us_.house.on.run("UPDATE outcome SET at = $1 WHERE attempt_id = $2",
                   sql::params{}.time(decided).int8(call.attempt.value));
  turns();
  EXPECT_EQ(received_.size(), 1U);
}

TEST_F(Webhooks, KindAskedForLater_IsToldFromThenOn) {
  make(R"(["campaign.state"])");
  later(1s);
  end_attempt(500);
  later(1h);
  ASSERT_EQ(ask("PATCH", path_, R"({"kinds": ["attempt.ended"]})").status, 200);
  end_attempt(501);
  later(3s);
  turns();
  ASSERT_EQ(received_.size(), 1U);
  EXPECT_EQ(received_[0].id, "msg_" + sql::test::attempt_of(501).text() + "_ended");
}

TEST_F(Webhooks, ManyOutcomesOfOneMoment_AreAllTold) {
  make();
  later(1s);
  const int count = 2 * webhook_deliverer::page + 3;
  for (int i = 0; i < count; ++i) end_attempt(1'000 + static_cast<std::uint64_t>(i));
  later(10s);
  turns();
  std::set<std::string> ids;
  for (const webhook_message& one : received_) EXPECT_TRUE(ids.insert(one.id).second) << "told twice";
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(count));
}

TEST_F(Webhooks, Replay_TellsAgainUnderTheSameIds) {
  make_with_outcome();
  turns();
  ASSERT_EQ(received_.size(), 1U);
  EXPECT_EQ(ask("POST", path_ + "/replay", R"({"since":"2026-09-21T14:13:20Z"})").status, 200);
  turns();
  ASSERT_EQ(received_.size(), 2U);
  EXPECT_EQ(received_[1].id, received_[0].id);
  EXPECT_EQ(ask("POST", path_ + "/replay", R"({"since":"2026-09-14T14:13:19Z"})").status, 422) << "over seven days";
  EXPECT_EQ(ask("POST", path_ + "/replay", R"({"since":"2026-09-22T00:00:00Z"})").status, 422) << "to come";
  EXPECT_EQ(ask("POST", path_ + "/replay", R"({"since":"yesterday"})").status, 422);
}

TEST_F(Webhooks, CampaignsState_IsTold) {
  make(R"(["campaign.state"])");
  later(1s);
  end_attempt(500);
  (void)sql::change_campaign_state(us_.house.on, us_.house.id, us_.house.campaign, sql::campaign_action::pause);
  const auto move = [&](const char* column_of, const char* by) {
    us_.house.on.run("UPDATE " + std::string(column_of) + " - interval '" + by + "' WHERE org_id = $1",
                     sql::params{}.uuid(us_.house.id));
  };
  later(3s);
  turns();
  EXPECT_TRUE(received_.empty()) << "it is too young";
  move("webhook SET campaigns_at = campaigns_at", "1 minute");
  move("campaign SET state_changed_at = state_changed_at", "10 seconds");
  turns();
  ASSERT_EQ(received_.size(), 1U);
  const json::object body = json::parse(received_[0].body).as_object();
  EXPECT_EQ(body.at("type").as_string(), "campaign.state");
  EXPECT_EQ(body.at("data").at("state").as_string(), "paused");
  turns();
  EXPECT_EQ(received_.size(), 1U);
}

TEST_F(Webhooks, AnotherEngineDeliversMeanwhile_NobodyDoesItTwice) {
  make_with_outcome();
  {
    sql::session other{us_.house.connection()};
    const sql::webhook_claim claim{other, hook_};
    ASSERT_TRUE(claim.held());
    turns();
    EXPECT_TRUE(received_.empty());
  }
  turns();
  EXPECT_EQ(received_.size(), 1U);
}

}  // namespace
}  // namespace dialer::api
