// From the ledger to an endpoint that is no network: what is told, how often, and when it is given up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <future>
#include <set>

#include "api/webhook_signature.hpp"
#include "api/webhook_workers.hpp"
#include "sql/audit_log.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class Webhooks : public testing::Test {
 protected:
  Webhooks() {
    // Not the one that is there, nor what happened before.
    for (test::tenant* each : {&house_.first, &house_.second}) {
      for (const char* table : {"webhook", "outcome", "intent"}) {
        each->house.on.run("DELETE FROM " + std::string(table) + " WHERE org_id = $1",
                           sql::params{}.uuid(each->house.id));
      }
    }
  }
  void make(const std::string& kinds = R"(["attempt.ended"])") {
    const test::rest_reply made = ask("POST", "", R"({"url":"https://crm.example/hook","kinds":)" + kinds + "}");
    ASSERT_EQ(made.status, 201) << made.text;
    secret_ = made.body.at("secret").as_string().c_str();
    path_ = "/" + std::string(made.body.at("id").as_string());
    hook_ = {us_.house.id, webhook_id::parse(made.body.at("id").as_string()).value()};
  }
  test::rest_reply ask(const std::string& method, const std::string& below, const std::string& body = "") {
    house_.keys.confirm(house_.time.now().steady);
    return house_.ask(method, "/v1/webhooks" + below, us_.key, body);
  }
  /// An attempt of one of the house's contacts that ended now.
  void end_attempt(std::uint64_t n, test::tenant& of) {
    const engine::intent call = sql::test::intent_for(of.house, n, of.contact.value);
    of.house.on.run("INSERT INTO intent VALUES ($1, $2, $3, $4, $5, $6, 12125550199, $7, 0, 1, 5)",
                    sql::params{}
                        .uuid(of.house.id)
                        .uuid(of.house.campaign)
                        .uuid(of.house.integration)
                        .int8(call.attempt.value)
                        .int8(of.contact.value)
                        .int8(call.to.digits())
                        .time(house_.time.now().utc));
    of.house.on.run("INSERT INTO outcome VALUES ($1, $2, $3, 17, 13, 3, 0, false, true, 'CA9', '', '')",
                    sql::params{}.uuid(of.house.id).int8(call.attempt.value).time(house_.time.now().utc));
  }
  void end_attempt(std::uint64_t n) { end_attempt(n, us_); }
  /// A webhook, and the end of attempt 500, which it has to tell by now.
  void make_with_outcome() {
    make();
    later(1s);
    end_attempt(500);
    later(3s);
  }
  std::chrono::milliseconds turn() { return deliverer_.turn(on_, hook_, endpoint_); }
  /// Turns until nothing is left to do at this moment.
  void turns() {
    while (turn() == 0ms) {
    }
  }
  void later(std::chrono::microseconds by) { house_.time.advance(by); }
  std::int64_t waiting() {
    return on_.run("SELECT count(*) FROM webhook_delivery WHERE org_id = $1", sql::params{}.uuid(us_.house.id))
        .integer(0, 0);
  }
  std::vector<webhook_answer> receive(const webhook_target& to, const std::vector<webhook_message>& messages) {
    EXPECT_EQ(to.host, "crm.example");
    std::vector<webhook_answer> answers;
    bool failed = false;
    for (const webhook_message& one : messages) {
      if (failed) {
        answers.push_back({0, "", false});
        continue;
      }
      received_.push_back(one);
      answers.push_back({status_, "", true});
      failed = status_ >= 300;
    }
    return answers;
  }

  test::rest_house house_;
  test::tenant& us_ = house_.first;
  sql::session on_{us_.house.connection()};
  std::string secret_, path_;
  sql::enabled_webhook hook_;
  std::vector<webhook_message> received_;
  std::vector<std::string> warnings_;
  int status_ = 204;
  webhook_deliverer::endpoint endpoint_;
  webhook_deliverer deliverer_{house_.time, house_.secrets,
                               [this](const webhook_target& to, const std::vector<webhook_message>& all,
                                      const std::stop_token&) { return receive(to, all); },
                               1, [this](const std::string& line) { warnings_.push_back(line); }};
};

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

TEST_F(Webhooks, Failure_IsTriedAgainBySchedule_ThenGivenUp) {
  make_with_outcome();
  status_ = 500;
  turns();
  ASSERT_EQ(received_.size(), 1U);
  std::size_t tries = 1;
  for (const std::chrono::seconds wait : webhook_deliverer::retry_after) {
    later(wait - 1us);
    turns();
    EXPECT_EQ(received_.size(), tries) << wait.count() << " s are not over";
    later(wait / 10 + 1s);
    turns();
    EXPECT_EQ(received_.size(), ++tries) << wait.count();
    EXPECT_EQ(received_.back().id, received_.front().id) << "a repeat is known by its id";
  }
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(deliverer_.stats().given_up, 1U);
  EXPECT_EQ(deliverer_.stats().failed, tries);
}

TEST_F(Webhooks, Gone_EndsIt) {
  make_with_outcome();
  status_ = 410;
  turns();
  EXPECT_EQ(ask("GET", path_).body.at("state").as_string(), "gone");
  EXPECT_EQ(waiting(), 0);
  end_attempt(501);
  later(1h);
  turns();
  EXPECT_EQ(received_.size(), 1U);
  status_ = 200;
  EXPECT_EQ(ask("PATCH", path_, R"({"enabled":true})").body.at("state").as_string(), "on");
  later(1s);
  end_attempt(502);
  later(3s);
  turns();
  ASSERT_EQ(received_.size(), 2U) << "what came while it was off is not told";
  EXPECT_THAT(received_[1].id, HasSubstr(sql::test::attempt_of(502).text()));
}

TEST_F(Webhooks, EndpointThatFails_IsLeftInPeaceAndTheLedgerWaits) {
  make();
  later(1s);
  const auto count = static_cast<int>(webhook_deliverer::waiting_max) + webhook_deliverer::page + 1;
  for (int i = 0; i < count; ++i) end_attempt(1'000 + static_cast<std::uint64_t>(i));
  later(3s);
  status_ = 503;
  for (int i = 0; i < 100; ++i) (void)turn();
  EXPECT_LE(received_.size(), 12U) << "the breaker opened";
  EXPECT_LT(waiting(), static_cast<std::int64_t>(webhook_deliverer::waiting_max) + webhook_deliverer::page);
  status_ = 200;
  for (int i = 0; i < 1'000 && (i == 0 || waiting() != 0 || turn() == 0ms); ++i) {
    later(10s);
    turns();
  }
  std::set<std::string> ids;
  for (const webhook_message& one : received_) ids.insert(one.id);
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(count)) << "and nothing was lost";
}

TEST_F(Webhooks, RotatedSecret_SignsBesideTheOneBeforeUntilItsTime) {
  make();
  const std::string before = secret_;
  const test::rest_reply rotated = ask("POST", path_ + "/rotate", R"({"overlap_s":60})");
  const std::string after = rotated.body.at("secret").as_string().c_str();
  EXPECT_NE(after, before);
  const auto signature_now = [&](std::uint64_t n) {
    end_attempt(n);
    later(3s);
    turns();
    return received_.back();
  };
  const webhook_message both = signature_now(500);
  const std::int64_t at = std::stoll(both.timestamp);
  EXPECT_EQ(both.signature,
            sign_webhook(after, both.id, at, both.body) + " " + sign_webhook(before, both.id, at, both.body));
  later(60s);
  const webhook_message one = signature_now(501);
  EXPECT_EQ(one.signature, sign_webhook(after, one.id, std::stoll(one.timestamp), one.body));
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

TEST_F(Webhooks, Workers_FindNewEndpointsAndGiveThemTurns) {
  std::promise<std::string> told;
  webhook_deliverer deliverer{
      house_.time, house_.secrets,
      [&](const webhook_target&, const std::vector<webhook_message>& all, const std::stop_token&) {
        told.set_value(all.at(0).id);
        return std::vector<webhook_answer>(all.size(), webhook_answer{200, "", true});
      },
      1, [](const std::string&) {}};
  auto heard = told.get_future();
  const webhook_workers workers{us_.house.connection(), 2, deliverer, house_.time};
  make();
  later(1s);
  end_attempt(500);
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (heard.wait_for(10ms) != std::future_status::ready && std::chrono::steady_clock::now() < end) later(100ms);
  ASSERT_EQ(heard.wait_for(0ms), std::future_status::ready);
  EXPECT_THAT(heard.get(), HasSubstr(sql::test::attempt_of(500).text()));
}

TEST_F(Webhooks, WorkersThatStop_WaitForNoEndpoint) {
  std::promise<void> under_way;
  bool asked_to_stop = false;
  webhook_deliverer deliverer{
      house_.time, house_.secrets,
      [&](const webhook_target&, const std::vector<webhook_message>& all, const std::stop_token& stop) {
        std::promise<void> asked;
        auto stopped = asked.get_future();
        const std::stop_callback told{stop, [&asked] { asked.set_value(); }};
        under_way.set_value();
        asked_to_stop = stopped.wait_for(10s) == std::future_status::ready;
        return std::vector<webhook_answer>(all.size(), webhook_answer{0, "", false});
      },
      1, [](const std::string&) {}};
  make_with_outcome();
  {
    const webhook_workers workers{us_.house.connection(), 2, deliverer, house_.time};
    ASSERT_EQ(under_way.get_future().wait_for(10s), std::future_status::ready);
  }
  EXPECT_TRUE(asked_to_stop);
  EXPECT_EQ(deliverer.stats().failed, 0U) << "it is nobody's fault";
  turns();
  EXPECT_EQ(received_.size(), 1U) << "who delivers next posts it";
}

TEST_F(Webhooks, SwitchedOff_LosesWhatWasOnItsWay) {
  make_with_outcome();
  status_ = 500;
  turns();
  EXPECT_EQ(waiting(), 1);
  EXPECT_EQ(ask("PATCH", path_, R"({"kinds":["attempt.ended"]})").body.at("waiting").to_number<int>(), 1);
  EXPECT_EQ(waiting(), 1) << "it is still on";
  EXPECT_EQ(ask("PATCH", path_, R"({"enabled":false})").body.at("waiting").to_number<int>(), 0);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(ask("PATCH", path_, R"({"enabled":true})").status, 200);
  status_ = 200;
  received_.clear();
  later(1h);
  end_attempt(501);
  later(3s);
  turns();
  ASSERT_EQ(received_.size(), 1U) << "told from then on";
  EXPECT_THAT(received_[0].id, HasSubstr(sql::test::attempt_of(501).text()));
}

TEST_F(Webhooks, SecretOfAnotherWebhook_OpensNothingAndSendsNothingUnsigned) {
  make();
  make();
  us_.house.on.run(
      "UPDATE webhook w SET secret = o.secret FROM webhook o WHERE w.org_id = $1 AND w.id = $2 AND o.org_id = $1 AND "
      "o.id <> $2",
      sql::params{}.uuid(us_.house.id).uuid(hook_.id));
  later(1s);
  end_attempt(500);
  later(3s);
  turns();
  EXPECT_TRUE(received_.empty());
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr("belongs to another webhook")));
  EXPECT_EQ(waiting(), 1) << "it is tried again";
  // As the warning says.
  const test::rest_reply rotated = ask("POST", path_ + "/rotate", R"({"overlap_s":0})");
  secret_ = rotated.body.at("secret").as_string().c_str();
  later(10s);
  turns();
  ASSERT_EQ(received_.size(), 1U);
  const webhook_message& got = received_[0];
  EXPECT_EQ(got.signature, sign_webhook(secret_, got.id, std::stoll(got.timestamp), got.body));
}

TEST_F(Webhooks, Secret_IsInNoTableAndInNoOtherAnswer) {
  house_.keys.confirm(house_.time.now().steady);
  const auto create = [&] {
    return house_.ask("POST", "/v1/webhooks", us_.key, R"({"url":"https://crm.example/","kinds":["attempt.ended"]})",
                      "Idempotency-Key: one\r\n");
  };
  const std::string secret = create().body.at("secret").as_string().c_str();
  EXPECT_FALSE(create().body.contains("secret"));
  EXPECT_EQ(ask("GET", "").text.find("whsec_"), std::string::npos);
  const std::string stored(
      on_.run("SELECT secret FROM webhook WHERE org_id = $1", sql::params{}.uuid(us_.house.id)).text(0, 0));
  EXPECT_TRUE(is_sealed(stored)) << stored;
  for (const char* table : {"webhook", "api_request", "audit_log"}) {
    const sql::result rows =
        on_.run("SELECT coalesce(string_agg(t::text, ' '), '') FROM " + std::string(table) + " t WHERE org_id = $1",
                sql::params{}.uuid(us_.house.id));
    EXPECT_EQ(rows.text(0, 0).find(secret.substr(6)), std::string_view::npos) << table;
    EXPECT_NE(rows.text(0, 0), "");
  }
}

TEST_F(Webhooks, Change_LeavesItsRowInTheAuditLog) {
  const auto newest = [&] { return sql::read_audit(us_.house.on, us_.house.id, 0, 1).at(0); };
  std::uint64_t number = newest().number;
  const auto expect_row = [&](const std::string& action) {
    const sql::audit_record row = newest();
    EXPECT_EQ(row.number, ++number) << action;
    EXPECT_EQ(row.what.action, action);
    EXPECT_EQ(row.what.resource, hook_.id.text());
    EXPECT_EQ(row.what.actor, us_.keys.front().id.text());
  };
  make();
  expect_row("createWebhook");
  EXPECT_EQ(ask("PATCH", path_, R"({"kinds":["campaign.state"]})").status, 200);
  expect_row("changeWebhook");
  EXPECT_EQ(ask("POST", path_ + "/rotate", "{}").status, 200);
  expect_row("rotateWebhookSecret");
  EXPECT_EQ(ask("POST", path_ + "/replay", R"({"since":"2026-09-21T14:13:20Z"})").status, 200);
  expect_row("replayWebhook");
  EXPECT_EQ(ask("DELETE", path_).status, 200);
  expect_row("deleteWebhook");
  EXPECT_EQ(sql::verify_audit(us_.house.on, us_.house.id).fault, "");
}

TEST(WebhooksWithoutAKey, Secret_IsNeitherMadeNorKept) {
  test::rest_house house{{}, secret_keys{}};
  test::tenant& us = house.first;
  const auto rows = [&] {
    return std::string(
        us.house.on
            .run("SELECT string_agg(w::text, ' ') FROM webhook w WHERE org_id = $1", sql::params{}.uuid(us.house.id))
            .text(0, 0));
  };
  const std::string before = rows();
  for (const auto& [path, body] :
       {std::pair<std::string, std::string>{"", R"({"url":"https://crm.example/","kinds":["attempt.ended"]})"},
        {"/" + us.webhook.text() + "/rotate", "{}"}}) {
    const test::rest_reply refused = house.ask("POST", "/v1/webhooks" + path, us.key, body);
    EXPECT_EQ(refused.status, 409) << refused.text;
    EXPECT_EQ(refused.code(), "no_secret_key");
    EXPECT_THAT(refused.text, HasSubstr("--secret-key FILE"));
  }
  EXPECT_EQ(rows(), before);
}

TEST_F(Webhooks, UrlThatIsNotPublic_IsRefusedByName) {
  for (const char* url : {"http://crm.example/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/"}) {
    const test::rest_reply refused =
        ask("POST", "", R"({"kinds":["attempt.ended"],"url":")" + std::string(url) + "\"}");
    EXPECT_EQ(refused.status, 422) << url;
    EXPECT_EQ(refused.body.at("param").as_string(), "url");
  }
}

TEST_F(Webhooks, Deleted_TakesAlongWhatWasOnItsWay) {
  make_with_outcome();
  status_ = 500;
  turns();
  EXPECT_EQ(ask("GET", path_).body.at("waiting").to_number<int>(), 1);
  EXPECT_EQ(ask("DELETE", path_).status, 200);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(turn(), 1s);
  EXPECT_EQ(ask("GET", path_).status, 404);
}

}  // namespace
}  // namespace dialer::api
