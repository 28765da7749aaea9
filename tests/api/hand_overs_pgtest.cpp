// Answered calls at Telnyx, through the callbacks' checks and over a database: who gets them, and what becomes of those
// that nobody takes.
#include "api/hand_overs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>

#include "api/carrier_callbacks.hpp"
#include "carriers/base64.hpp"
#include "tests/api/carrier_signatures.hpp"
#include "tests/api/manual_clock.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using carriers::command_answer;
using carriers::command_result;
using sql::test::small_organisation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr auto connection_id = "1494404757140276705";
constexpr auto public_url = "https://dialer.example.com";
constexpr std::chrono::seconds patience{20};

/// Everything that leaves, in its order.
struct outside : callback_inbox {
  void store(organisation_id, attempt_id, carriers::callback event, std::function<void(bool)> done) override {
    note(event.report.abandoned ? "stored abandoned" : "stored");
    done(true);
  }
  command_answer take(const carriers::telnyx_command& command) {
    const std::lock_guard lock{mutex};
    acts.push_back(command.action + " " + command.call_ref);
    bodies.push_back(command.body);
    return answer_commands.empty() ? command_answer{command_result::done, {}} : next(answer_commands);
  }
  agent_answer take(const agent_post& what) {
    std::unique_lock lock{mutex};
    acts.push_back("post " + what.url);
    posts.push_back(what);
    came.notify_all();
    came.wait_for(lock, patience, [this] { return !hold_posts; });
    return answer_posts.empty() ? agent_answer{200, {}} : next(answer_posts);
  }
  template <class Answer>
  static Answer next(std::vector<Answer>& answers) {
    Answer first = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return first;
  }
  void note(std::string what) {
    const std::lock_guard lock{mutex};
    acts.push_back(std::move(what));
  }
  void wait_for_posts(std::size_t count) {
    std::unique_lock lock{mutex};
    ASSERT_TRUE(came.wait_for(lock, patience, [&] { return posts.size() >= count; }));
  }
  void let_posts_go() {
    const std::lock_guard lock{mutex};
    hold_posts = false;
    came.notify_all();
  }

  std::vector<command_answer> answer_commands;  ///< the last for good
  std::vector<agent_answer> answer_posts;
  bool hold_posts = false;
  std::vector<std::string> acts;
  std::vector<std::string> bodies;
  std::vector<agent_post> posts;
  std::vector<std::string> warnings;
  std::mutex mutex;
  std::condition_variable came;
};

class HandOvers : public testing::Test {
 protected:
  HandOvers() {
    house_.import(1, 1);
    attempt_ = add_intent(house_);
    answers_at("https://agent.example.com/answer?agent=7#top");
    carriers::account telnyx{.kind = carriers::carrier_kind::telnyx, .connection_id = connection_id, .secret = "KEY"};
    telnyx.webhook_public_key = telnyx_key_.public_base64();
    accounts_ = std::make_shared<const std::vector<owned_account>>(std::vector<owned_account>{{house_.id, telnyx}});
  }

  static attempt_id add_intent(small_organisation& of) {
    const engine::intent intent = sql::test::intent_for(of, 500, 1);
    of.on.run("INSERT INTO intent VALUES ($1, $2, $3, $4, $5, 12125550123, 12125550199, now(), 0, 1, 0)",
              sql::params{}
                  .uuid(of.id)
                  .uuid(of.campaign)
                  .uuid(of.integration)
                  .int8(intent.attempt.value)
                  .int8(std::int64_t{1}));
    return intent.attempt;
  }
  void answers_at(const std::string& url) {
    house_.on.run("UPDATE agent SET answer_url = $2 WHERE org_id = $1", sql::params{}.uuid(house_.id).text(url));
  }
  void start() {
    hand_over_settings settings{.database = {}, .pause = 0ms, .wait_max = wait_max_};
    settings.database.target = database_.value_or(house_.database);
    hand_over_ports ports;
    ports.command = [this](const carriers::account& over, const carriers::telnyx_command& command) {
      EXPECT_EQ(over.secret, "KEY");
      return outside_.take(command);
    };
    ports.post = [this](const carriers::account&, const agent_post& what) { return outside_.take(what); };
    ports.warn = [this](std::string line) {
      const std::lock_guard lock{outside_.mutex};
      outside_.warnings.push_back(std::move(line));
    };
    callbacks_.reset();
    hand_overs_.emplace(settings, std::move(ports), outside_);
    callbacks_.emplace(
        callback_settings{.public_url = public_url, .token_key = {42}}, [this] { return accounts_; }, outside_, clock_,
        [](std::string line) { ADD_FAILURE() << line; }, hand_overs_->actor());
  }
  std::string token() const { return token_of(house_); }
  std::string token_of(const small_organisation& organisation) const {
    std::string text;
    carriers::token_signer{{42}}.sign(
        {.organisation = organisation.id, .attempt = attempt_, .issued_at = clock_.now().utc - 60s}, text);
    return text;
  }
  std::string client_state(const std::string& state) const {
    return test::base64(reinterpret_cast<const unsigned char*>(state.data()), state.size());
  }
  std::string event(const std::string& type, const std::string& id, const std::string& more = "",
                    const std::optional<std::string>& state = {}) const {
    return R"({"data":{"record_type":"event","event_type":")" + type + R"(","id":")" + id +
           R"(","occurred_at":"2026-09-21T13:33:00.000000Z","payload":{"call_control_id":"v3:abc","connection_id":")" +
           connection_id + R"(","client_state":")" + state.value_or(client_state(token())) + "\"" + more + "}}}";
  }
  std::string answered(const std::string& id = "e1") const { return event("call.answered", id); }

  /// The status, once there is one.
  std::future<int> send(const std::string& body) {
    http_request request;
    request.method = "POST";
    request.path = request.target = "/callbacks/telnyx";
    request.content_type = "application/json";
    request.body = body;
    const std::string timestamp = std::to_string(clock_.now().utc.time_since_epoch() / 1s);
    request.headers = {{"telnyx-timestamp", timestamp},
                       {"Telnyx-Signature-Ed25519", telnyx_key_.sign(timestamp, body)}};
    auto status = std::make_shared<std::promise<int>>();
    std::future<int> answer = status->get_future();
    for (const route& each : callbacks_->routes()) {
      if (each.path != request.path) continue;
      each.handle(request, [status](http_response response) { status->set_value(response.status); });
    }
    return answer;
  }
  int ask(const std::string& body) {
    std::future<int> answer = send(body);
    EXPECT_EQ(answer.wait_for(patience), std::future_status::ready);
    return answer.get();
  }
  const std::string agent_url() const { return "https://agent.example.com/answer?agent=7&t=" + token(); }

  small_organisation house_{"Ours"};
  attempt_id attempt_;
  test::manual_clock clock_;
  test::telnyx_key telnyx_key_;
  account_snapshot accounts_;
  std::optional<std::string> database_;
  std::chrono::milliseconds wait_max_ = patience;
  outside outside_;
  std::optional<hand_overs> hand_overs_;
  std::optional<carrier_callbacks> callbacks_;
};

TEST_F(HandOvers, AnsweredCall_IsPassedOnAsItCame) {
  start();
  const std::string body = answered();
  EXPECT_EQ(ask(body), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "post " + agent_url()));
  EXPECT_EQ(outside_.posts[0].body, body);
  const std::string timestamp = std::to_string(clock_.now().utc.time_since_epoch() / 1s);
  EXPECT_THAT(outside_.posts[0].headers,
              ElementsAre(Pair("telnyx-timestamp", timestamp),
                          Pair("telnyx-signature-ed25519", telnyx_key_.sign(timestamp, body))))
      << "the application checks what it is told like all other events";
  EXPECT_EQ(hand_overs_->stats().handed_over, 1U);
  EXPECT_THAT(outside_.warnings, IsEmpty());
}

TEST_F(HandOvers, SameEventAgain_IsHandedOverOnce) {
  outside_.hold_posts = true;
  start();
  std::future<int> first = send(answered());
  outside_.wait_for_posts(1);
  EXPECT_EQ(ask(answered()), 503) << "not settled yet: the carrier shall ask again";
  outside_.let_posts_go();
  EXPECT_EQ(first.get(), 204);
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.posts, SizeIs(1));
}

// Telnyx repeats what was not acknowledged: that the first process had taken it in does not matter.
TEST_F(HandOvers, EventStoredByAProcessThatDied_IsHandedOverByTheNext) {
  start();
  EXPECT_EQ(ask(answered()), 204);
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.posts, SizeIs(2));
}

TEST_F(HandOvers, ApplicationThatFails_IsAskedTwiceThenTheCallIsEndedAsAbandoned) {
  outside_.answer_posts = {{503, {}}, {0, "connection refused"}};
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts,
              ElementsAre("stored", "post " + agent_url(), "post " + agent_url(), "stored abandoned", "hangup v3:abc"));
  EXPECT_THAT(outside_.warnings, ElementsAre(HasSubstr("call=v3:abc reason=its application answered nothing: "
                                                       "connection refused and was ended")));
  EXPECT_EQ(hand_overs_->stats().abandoned, 1U);
  EXPECT_EQ(hand_overs_->stats().handed_over, 0U);
}

TEST_F(HandOvers, ApplicationThatRefuses_IsNotAskedAgain) {
  outside_.answer_posts = {{404, {}}};
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "post " + agent_url(), "stored abandoned", "hangup v3:abc"));
}

TEST_F(HandOvers, SecondTry_MayDo) {
  outside_.answer_posts = {{500, {}}, {200, {}}};
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_EQ(hand_overs_->stats().handed_over, 1U);
  EXPECT_EQ(hand_overs_->stats().abandoned, 0U);
}

TEST_F(HandOvers, SipAgent_IsRung) {
  answers_at("sip:ann@pbx.example.com");
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "transfer v3:abc"));
  const auto body = boost::json::parse(outside_.bodies[0]).as_object();
  EXPECT_EQ(body.at("to").as_string(), "sip:ann@pbx.example.com");

  const std::string leg_state{body.at("target_leg_client_state").as_string()};
  const std::string missed =
      event("call.hangup", "e2", R"(,"hangup_cause":"timeout","sip_hangup_cause":"487")", leg_state);
  EXPECT_EQ(ask(missed), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "transfer v3:abc", "stored abandoned", "hangup v3:abc"));
}

TEST_F(HandOvers, TransferThatIsRefused_EndsTheCall) {
  answers_at("sip:ann@pbx.example.com");
  outside_.answer_commands = {
      {command_result::again, "HTTP 500"}, {command_result::refused, "HTTP 422"}, {command_result::done, {}}};
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts,
              ElementsAre("stored", "transfer v3:abc", "transfer v3:abc", "stored abandoned", "hangup v3:abc"));
}

TEST_F(HandOvers, WhoeverAnsweredHasGone_IsNobodysFault) {
  answers_at("sip:ann@pbx.example.com");
  outside_.answer_commands = {{command_result::call_over, "HTTP 422 90018"}};
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "transfer v3:abc"));
}

TEST_F(HandOvers, CallThatCannotBeEnded_IsAskedForAgain) {
  outside_.answer_posts = {{404, {}}};
  outside_.answer_commands = {{command_result::again, "HTTP 500"}};
  start();
  EXPECT_EQ(ask(answered()), 503);
  EXPECT_EQ(hand_overs_->stats().abandoned, 0U);
  EXPECT_THAT(outside_.warnings, ElementsAre(HasSubstr("and could not be ended: HTTP 500")));
  outside_.answer_commands = {{command_result::done, {}}};
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_EQ(hand_overs_->stats().abandoned, 1U);
}

// Nobody can be left in silence until the database is back.
TEST_F(HandOvers, UnreadableLedger_EndsTheCall) {
  database_ = "host=/nonexistent";
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "stored abandoned", "hangup v3:abc"));
}

TEST_F(HandOvers, AttemptThatIsNotInTheLedger_EndsTheCall) {
  attempt_ = sql::test::attempt_of(501);
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.warnings, ElementsAre(HasSubstr("the attempt is not in the ledger")));
}

TEST_F(HandOvers, WhatElseComesToUs_IsPassedOnToWhoHasTheCall) {
  start();
  const std::string verdict = event("call.machine.detection.ended", "e2", R"(,"result":"human")");
  EXPECT_EQ(ask(verdict), 204);
  EXPECT_THAT(outside_.posts, IsEmpty()) << "nobody has it";
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_EQ(ask(verdict), 204);
  outside_.wait_for_posts(2);
  const std::string end = event("call.hangup", "e3", R"(,"hangup_cause":"normal_clearing")");
  EXPECT_EQ(ask(end), 204);
  outside_.wait_for_posts(3);
  EXPECT_EQ(outside_.posts[1].body, verdict);
  EXPECT_EQ(outside_.posts[2].body, end);
  EXPECT_EQ(outside_.posts[2].url, agent_url());
  EXPECT_EQ(ask(end), 204);
  hand_overs_.reset();  // does what waits
  EXPECT_THAT(outside_.posts, SizeIs(3));
}

TEST_F(HandOvers, WhoWaitedTooLong_IsNotHandedOverAnyMore) {
  wait_max_ = -1ms;
  start();
  EXPECT_EQ(ask(answered()), 204);
  EXPECT_THAT(outside_.acts, ElementsAre("stored", "stored abandoned", "hangup v3:abc"));
  EXPECT_THAT(outside_.warnings, ElementsAre(HasSubstr("waited for their agents")));
}

// An application that accepts and says nothing holds a thread for each call, and there are eight in all.
TEST_F(HandOvers, SilentApplication_LeavesOtherOrganisationsTheirThreads) {
  small_organisation theirs{house_.database, "Theirs"};
  theirs.import(1, 1);
  add_intent(theirs);
  theirs.on.run("UPDATE agent SET answer_url = 'https://theirs.example.com/' WHERE org_id = $1",
                sql::params{}.uuid(theirs.id));
  std::vector<owned_account> both = *accounts_;
  both.push_back({theirs.id, both[0].account});
  both[1].account.connection_id = "1494404757140276706";
  accounts_ = std::make_shared<const std::vector<owned_account>>(both);
  outside_.hold_posts = true;
  start();
  std::vector<std::future<int>> calls;
  for (int call = 0; call < 12; ++call) calls.push_back(send(answered("ours" + std::to_string(call))));
  outside_.wait_for_posts(3);
  std::string body = event("call.answered", "theirs", "", client_state(token_of(theirs)));
  body.replace(body.find(connection_id), std::string_view{connection_id}.size(), both[1].account.connection_id);
  calls.push_back(send(body));
  outside_.wait_for_posts(4);
  EXPECT_THAT(outside_.posts[3].url, HasSubstr("https://theirs.example.com/"));
  outside_.let_posts_go();
  for (std::future<int>& each : calls) EXPECT_EQ(each.get(), 204);
  EXPECT_EQ(hand_overs_->stats().handed_over, 13U);
}

TEST_F(HandOvers, ThatWaitWhenItEnds_AreHandedOverAllTheSame) {
  outside_.hold_posts = true;
  start();
  std::vector<std::future<int>> calls;
  for (int call = 0; call < 12; ++call) calls.push_back(send(answered("e" + std::to_string(call))));
  outside_.wait_for_posts(3);
  outside_.let_posts_go();
  hand_overs_.reset();
  for (std::future<int>& each : calls) EXPECT_EQ(each.get(), 204);
  EXPECT_THAT(outside_.posts, SizeIs(12));
}

TEST_F(HandOvers, AskedWhenItIsGone_SendsForALaterAnswer) {
  start();
  hand_overs_.reset();
  EXPECT_EQ(ask(answered()), 503);
  EXPECT_THAT(outside_.posts, IsEmpty());
}

}  // namespace
}  // namespace dialer::api
