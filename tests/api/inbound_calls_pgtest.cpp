// Calls to our numbers, through the listener and over a database: who answers, and what the carriers are told.
#include "api/inbound_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <optional>

#include "carriers/base64.hpp"
#include "carriers/form.hpp"
#include "tests/api/carrier_signatures.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/manual_clock.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using carriers::carrier_kind;
using carriers::command_answer;
using carriers::command_result;
using carriers::telnyx_command;
using sql::test::small_organisation;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string ours_sid = "AC" + std::string(32, 'b');
const std::string their_sid = "AC" + std::string(32, 'c');
constexpr auto connection_id = "1494404757140276705";
constexpr auto public_url = "https://dialer.example.com";
constexpr auto our_number = "+12125550199";  // of every small_organisation
constexpr auto unknown_number = "+12125550150";
constexpr auto caller = "+13105550142";
constexpr std::chrono::seconds patience{20};

/// Commands as they come, and the answers that Telnyx has for them.
class telnyx_for_test {
 public:
  command_answer take(const telnyx_command& command) {
    const std::lock_guard lock{mutex_};
    commands_.push_back(command);
    came_.notify_all();
    const std::size_t n = commands_.size() - 1;
    return n < answers.size() ? answers[n] : command_answer{command_result::done, {}};
  }
  std::vector<telnyx_command> wait_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, patience, [&] { return commands_.size() >= count; });
    return commands_;
  }
  std::vector<command_answer> answers;  ///< before the first command

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<telnyx_command> commands_;
};

std::string told(const telnyx_command& command, std::string_view field) {
  const auto body = boost::json::parse(command.body).as_object();
  const auto* value = body.if_contains({field.data(), field.size()});
  return value == nullptr ? "" : std::string(value->as_string());
}

class InboundCalls : public testing::Test {
 protected:
  InboundCalls() {
    house_.on.run("UPDATE agent SET answer_url = 'https://ann.example.com/' WHERE org_id = $1 AND id = $2",
                  sql::params{}.uuid(house_.id).uuid(house_.agent));
    other_workspace_ = workspace_id{sql::test::make_test_id()};
    house_.on.run("INSERT INTO workspace (org_id, id, name) VALUES ($1, $2, 'Other')",
                  sql::params{}.uuid(house_.id).uuid(other_workspace_));
    fallback_ = agent_id{sql::test::make_test_id()};
    house_.on.run(
        "INSERT INTO agent (org_id, id, workspace_id, name, published, answer_url, concurrent_calls_max) "
        "VALUES ($1, $2, $3, 'Bob', true, 'https://bob.example.com/', 0)",
        sql::params{}.uuid(house_.id).uuid(fallback_).uuid(other_workspace_));
    assign(house_, house_.agent);
    assign(theirs_, theirs_.agent);
    set_number("fallback_agent_id = (SELECT id FROM agent WHERE org_id = $1 AND name = 'Bob')");
    set_number("voicemail_message = 'Ring <back>.'");

    carriers::account twilio{.kind = carrier_kind::twilio, .account_sid = ours_sid, .secret = "ours"};
    carriers::account foreign{.kind = carrier_kind::twilio, .account_sid = their_sid, .secret = "theirs"};
    carriers::account telnyx{.kind = carrier_kind::telnyx, .connection_id = connection_id, .secret = "KEY"};
    telnyx.webhook_public_key = telnyx_key_.public_base64();
    accounts_ = std::make_shared<const std::vector<owned_account>>(
        std::vector<owned_account>{{house_.id, twilio}, {theirs_.id, foreign}, {house_.id, telnyx}});
  }

  static void assign(small_organisation& house, agent_id agent) {
    house.on.run("INSERT INTO assignment (org_id, number_id, agent_id, profile) VALUES ($1, $2, $3, 2)",
                 sql::params{}.uuid(house.id).uuid(house.number).uuid(agent));
  }
  void set(const std::string& what) {
    house_.on.run("UPDATE " + what + " WHERE org_id = $1", sql::params{}.uuid(house_.id));
  }
  void set_number(const std::string& column) { set("phone_number SET " + column); }

  /// Listens; what is set before holds.
  void start() {
    inbound_settings settings{.public_url = public_url, .database = {}};
    settings.database.target = database_.value_or(house_.database);
    settings.command_pause = 0ms;
    inbound_ports ports;
    ports.accounts = [this] { return accounts_; };
    ports.views = [this] {
      ++looks_;
      if (while_looking_) while_looking_();
      return views_;
    };
    ports.command = [this](const carriers::account& over, const telnyx_command& command) {
      EXPECT_EQ(over.secret, "KEY");
      return telnyx_.take(command);
    };
    ports.tell = [this](std::string line) { keep(lines_, std::move(line)); };
    ports.warn = [this](std::string line) { keep(warnings_, std::move(line)); };
    calls_.emplace(std::move(settings), std::move(ports), clock_);
    server_.emplace(calls_->routes());
    port_ = server_->start("127.0.0.1:0");
  }
  void keep(std::vector<std::string>& where, std::string line) {
    const std::lock_guard lock{lines_mutex_};
    where.push_back(std::move(line));
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock{lines_mutex_};
    return lines_;
  }

  client_response post(const std::string& path, const std::string& headers, const std::string& body) {
    loopback_client client{port_};
    return client.exchange("POST " + path + " HTTP/1.1\r\nHost: attacker.example\r\n" + headers +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  using fields = std::map<std::string, std::string>;
  static fields ringing(const std::string& to = our_number, int call = 1) {
    return {{"AccountSid", ours_sid},
            {"CallSid", "CA" + std::to_string(call).insert(0, 32 - std::to_string(call).size(), '0')},
            {"CallStatus", "ringing"},
            {"Direction", "inbound"},
            {"To", to},
            {"From", caller}};
  }
  client_response twilio(const fields& sent, const std::string& key = "ours", std::optional<fields> as_signed = {},
                         const std::string& query = "") {
    std::string body;
    for (const auto& [name, value] : sent) {
      body += (body.empty() ? "" : "&") + name + "=";
      carriers::append_percent_encoded(value, body);
    }
    const std::string path = "/callbacks/twilio/voice" + query;
    return post(path,
                "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: " +
                    test::twilio_signature(public_url + path, as_signed.value_or(sent), key) + "\r\n",
                body);
  }
  client_response telnyx(const std::string& event, const std::string& type, const std::string& payload) {
    const std::string body = R"({"data":{"record_type":"event","event_type":")" + type + R"(","id":")" + event +
                             R"(","payload":{"connection_id":")" + connection_id + R"(",)" + payload + "}}}";
    const std::string timestamp = std::to_string(clock_.now().utc.time_since_epoch() / 1s);
    return post("/callbacks/telnyx/voice",
                "Content-Type: application/json\r\ntelnyx-timestamp: " + timestamp +
                    "\r\ntelnyx-signature-ed25519: " + telnyx_key_.sign(timestamp, body) + "\r\n",
                body);
  }
  client_response telnyx_rings(const std::string& event = "e1", const std::string& to = our_number) {
    return telnyx(event, "call.initiated",
                  R"("call_control_id":"v3:leg","direction":"incoming","from":")" + std::string{caller} +
                      R"(","to":")" + to + "\"");
  }
  std::uint64_t counted(callerid::inbound_outcome outcome, carrier_kind carrier = carrier_kind::twilio) const {
    return calls_->stats().calls[carrier == carrier_kind::twilio ? 0 : 1][static_cast<std::size_t>(outcome)];
  }

  small_organisation house_{"Ours"};
  small_organisation theirs_{house_.database, "Theirs"};
  workspace_id other_workspace_;
  agent_id fallback_;
  test::manual_clock clock_;
  test::telnyx_key telnyx_key_;
  account_snapshot accounts_;
  std::vector<engine::organisation_view> views_;
  std::atomic<int> looks_{0};
  std::function<void()> while_looking_;  ///< on a worker's thread, before a call is decided
  std::optional<std::string> database_;
  telnyx_for_test telnyx_;
  std::mutex lines_mutex_;
  std::vector<std::string> lines_, warnings_;
  std::optional<inbound_calls> calls_;
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
};

constexpr auto ann = R"(<Redirect method="POST">https://ann.example.com/</Redirect>)";
constexpr auto bob = R"(<Redirect method="POST">https://bob.example.com/</Redirect>)";
constexpr auto voicemail = "<Say>Ring &lt;back&gt;.</Say><Record ";
constexpr auto busy = R"(<Response><Reject reason="busy"/></Response>)";
constexpr auto not_in_service = "<Response><Reject/></Response>";

TEST_F(InboundCalls, CallToANumber_ReachesItsAgent) {
  start();
  const client_response answer = twilio(ringing());
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/xml"));
  EXPECT_THAT(answer.body, HasSubstr(ann));
  EXPECT_EQ(counted(callerid::inbound_outcome::agent), 1U);
  EXPECT_THAT(lines(),
              ElementsAre(AllOf(HasSubstr("inbound call: carrier=twilio call=CA"),
                                HasSubstr("outcome=agent agent=" + house_.agent.text()), Not(HasSubstr("5550199")),
                                Not(HasSubstr("5550142")), HasSubstr("number=+1212"))));
}

// Each of the settings alone, one after another in a running engine: every call finds what holds when it comes.
TEST_F(InboundCalls, WhatAnswers_FollowsTheSettings) {
  start();
  int call = 0;
  const auto answered = [&](const std::string& to = our_number) {
    const client_response answer = twilio(ringing(to, ++call));
    EXPECT_EQ(answer.status, 200);
    return answer.body;
  };
  EXPECT_THAT(answered(unknown_number), HasSubstr(not_in_service));
  EXPECT_THAT(answered("sip:ann@example.com"), HasSubstr(not_in_service));

  set("agent SET published = (name = 'Bob')");
  EXPECT_THAT(answered(), HasSubstr(bob)) << "a draft";
  set("agent SET published = true, frozen = (name = 'Ann')");
  EXPECT_THAT(answered(), HasSubstr(bob)) << "frozen";
  set("agent SET frozen = false");
  set("workspace SET frozen = (name = 'Main')");
  EXPECT_THAT(answered(), HasSubstr(bob)) << "its workspace is frozen";
  set("workspace SET frozen = true");
  EXPECT_THAT(answered(), HasSubstr(voicemail)) << "both workspaces are";
  set("workspace SET frozen = false");
  set("org_owner SET frozen = true");
  EXPECT_THAT(answered(), HasSubstr(voicemail)) << "all of it is";
  set_number("voicemail_message = ''");
  EXPECT_THAT(answered(), HasSubstr(busy));
  set("org_owner SET frozen = false");
  set_number("frozen = true");
  EXPECT_THAT(answered(), HasSubstr(ann)) << "a frozen number is not shown, and answers";
  for (const char* status : {"0", "2", "3"}) {
    set_number(std::string{"status = "} + status);
    EXPECT_THAT(answered(), HasSubstr(not_in_service)) << status;
  }
  set_number("status = 1");
  set("agent SET answer_url = 'sip:ann@pbx.example.com'");
  EXPECT_THAT(answered(), HasSubstr("<Sip>sip:ann@pbx.example.com</Sip>"));
  house_.on.run("DELETE FROM assignment WHERE org_id = $1 AND profile = 2", sql::params{}.uuid(house_.id));
  EXPECT_THAT(answered(), HasSubstr(not_in_service)) << "for outbound calls only";

  using callerid::inbound_outcome;
  EXPECT_EQ(counted(inbound_outcome::unknown_number), 2U);
  EXPECT_EQ(counted(inbound_outcome::fallback), 3U);
  EXPECT_EQ(counted(inbound_outcome::voicemail), 2U);
  EXPECT_EQ(counted(inbound_outcome::nobody_available), 1U);
  EXPECT_EQ(counted(inbound_outcome::agent), 2U);
  EXPECT_EQ(counted(inbound_outcome::number_not_active), 3U);
  EXPECT_EQ(counted(inbound_outcome::not_assigned), 1U);
}

TEST_F(InboundCalls, AgentThatIsOnAsManyCallsAsItMay_HasItsFallbackAnswer) {
  set("agent SET concurrent_calls_max = 2");
  engine::organisation_view view;
  view.id = theirs_.id;
  view.agents = {{house_.agent, 9}};
  views_.push_back(view);
  view.id = house_.id;
  view.agents = {{agent_id{sql::test::make_test_id()}, 9}, {house_.agent, 1}};
  views_.push_back(view);
  start();
  EXPECT_THAT(twilio(ringing(our_number, 1)).body, HasSubstr(ann));
  views_[1].agents[1].live = 2;
  EXPECT_THAT(twilio(ringing(our_number, 2)).body, HasSubstr(bob));
  views_[1].agents.push_back({fallback_, 2});
  EXPECT_THAT(twilio(ringing(our_number, 3)).body, HasSubstr(voicemail));
  EXPECT_THAT(lines().back(), HasSubstr("outcome=voicemail agent_is=at_limit fallback_is=at_limit"));
}

// Both organisations hold the same number on their accounts: each account's calls are its own organisation's.
TEST_F(InboundCalls, Number_IsLookedUpInTheOrganisationOfTheAccount) {
  start();
  fields sent = ringing();
  sent["AccountSid"] = their_sid;
  EXPECT_THAT(twilio(sent, "theirs").body, HasSubstr("https://agent.example.com/answer"));
  theirs_.on.run("DELETE FROM assignment WHERE org_id = $1 AND profile = 2", sql::params{}.uuid(theirs_.id));
  sent["CallSid"].back() = 'f';
  EXPECT_THAT(twilio(sent, "theirs").body, HasSubstr(not_in_service));
}

TEST_F(InboundCalls, RepeatedQuestion_GetsTheFirstAnswerAndCountsOnce) {
  start();
  EXPECT_THAT(twilio(ringing()).body, HasSubstr(ann));
  set_number("status = 3");
  EXPECT_THAT(twilio(ringing()).body, HasSubstr(ann));
  EXPECT_EQ(looks_, 1) << "from memory";
  EXPECT_EQ(counted(callerid::inbound_outcome::agent), 1U);
  EXPECT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(twilio(ringing(our_number, 2)).body, HasSubstr(not_in_service)) << "another call";
}

// Twilio gave up waiting for the first answer and asks again while it is being worked on.
TEST_F(InboundCalls, QuestionRepeatedBeforeItsAnswer_CountsOnce) {
  std::latch both{2};
  while_looking_ = [&] { both.arrive_and_wait(); };
  start();
  auto first = std::async(std::launch::async, [this] { return twilio(ringing()).body; });
  EXPECT_THAT(twilio(ringing()).body, HasSubstr(ann));
  EXPECT_THAT(first.get(), HasSubstr(ann));
  EXPECT_EQ(looks_, 2);
  EXPECT_EQ(counted(callerid::inbound_outcome::agent), 1U);
  EXPECT_THAT(lines(), SizeIs(1));
}

TEST_F(InboundCalls, RecordedMessage_EndsTheCallAndIsNoCallOfItsOwn) {
  start();
  fields sent = ringing();
  sent["CallStatus"] = "in-progress";
  sent["RecordingUrl"] = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1";
  EXPECT_THAT(twilio(sent).body, HasSubstr("<Response><Hangup/></Response>"));
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(InboundCalls, ForgedQuestions_AreRefusedAndNothingIsTold) {
  start();
  fields altered = ringing();
  altered["To"] = unknown_number;
  EXPECT_EQ(twilio(altered, "ours", ringing()).status, 403);
  EXPECT_EQ(twilio(ringing(), "theirs").status, 403);
  fields unknown = ringing();
  unknown["AccountSid"] = "AC" + std::string(32, 'd');
  EXPECT_EQ(twilio(unknown).status, 403);
  EXPECT_EQ(post("/callbacks/twilio/voice", "", "CallSid=CA1").status, 400);
  EXPECT_EQ(
      post("/callbacks/telnyx/voice", "", R"({"data":{"payload":{"connection_id":"1494404757140276705"}}})").status,
      403);
  EXPECT_EQ(post("/callbacks/twilio/voice", "", std::string(64 * 1024 + 1, 'a')).status, 413);
  const inbound_stats stats = calls_->stats();
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::bad_signature)], 3U);
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::unknown_account)], 1U);
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::no_account)], 1U);
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::too_large)], 1U);
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(InboundCalls, WithoutTheDatabase_TheCarrierIsToAskAgain) {
  database_ = "host=127.0.0.1 port=1 dbname=none";
  start();
  EXPECT_EQ(twilio(ringing()).status, 503);
  EXPECT_EQ(telnyx_rings().status, 503);
  EXPECT_EQ(calls_->stats().refused[static_cast<std::size_t>(callback_refusal::not_stored)], 2U);
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(InboundCalls, BeforeTheAccountsAreKnown_TheCarrierIsToAskAgain) {
  const account_snapshot known = std::exchange(accounts_, nullptr);
  start();
  EXPECT_EQ(twilio(ringing()).status, 503);
}

TEST_F(InboundCalls, TelnyxCall_IsHandedToTheAgentByCommandAndOnce) {
  start();
  EXPECT_EQ(telnyx_rings().status, 204);
  EXPECT_EQ(telnyx_rings().status, 204) << "repeated";
  ASSERT_EQ(telnyx_rings("e2", unknown_number).status, 204);
  const auto commands = telnyx_.wait_for(2);
  ASSERT_THAT(commands, SizeIs(2));
  const bool first = commands[0].action == "answer";  // they are sent by several threads
  const telnyx_command& answer = commands[first ? 0 : 1];
  EXPECT_EQ(answer.call_ref, "v3:leg");
  EXPECT_EQ(told(answer, "webhook_url"), "https://ann.example.com/");
  EXPECT_EQ(told(answer, "command_id"), "e1");
  EXPECT_EQ(told(commands[first ? 1 : 0], "cause"), "CALL_REJECTED");
  EXPECT_EQ(counted(callerid::inbound_outcome::agent, carrier_kind::telnyx), 1U);
  EXPECT_EQ(counted(callerid::inbound_outcome::unknown_number, carrier_kind::telnyx), 1U);
}

TEST_F(InboundCalls, TelnyxVoicemail_IsReadRecordedAndEnded) {
  set("agent SET published = false");
  start();
  EXPECT_EQ(telnyx_rings().status, 204);
  ASSERT_THAT(telnyx_.wait_for(1), SizeIs(1));
  const std::string state = R"("client_state":")" + told(telnyx_.wait_for(1)[0], "client_state") + "\"";
  const std::string leg = R"("call_control_id":"v3:leg",)";
  EXPECT_EQ(telnyx("e2", "call.answered", leg + state + R"(,"to":")" + our_number + "\"").status, 204);
  telnyx_.wait_for(2);
  EXPECT_EQ(telnyx("e2", "call.answered", leg + state + R"(,"to":")" + our_number + "\"").status, 204) << "repeated";
  EXPECT_EQ(telnyx("e3", "call.speak.ended", leg + state + R"(,"status":"completed")").status, 204);
  telnyx_.wait_for(3);
  EXPECT_EQ(telnyx("e4", "call.recording.saved", state).status, 204);
  std::vector<std::string> actions;
  for (const telnyx_command& each : telnyx_.wait_for(4)) actions.push_back(each.action);
  EXPECT_THAT(actions, ElementsAre("answer", "speak", "record_start", "hangup"));
  EXPECT_EQ(told(telnyx_.wait_for(4)[1], "payload"), "Ring <back>.");
  EXPECT_EQ(counted(callerid::inbound_outcome::voicemail, carrier_kind::telnyx), 1U);
  EXPECT_THAT(lines(), SizeIs(1)) << "one call";
}

// The message is gone by the time it is to be read: the caller is not left in silence.
TEST_F(InboundCalls, TelnyxVoicemailWithoutItsMessage_IsEnded) {
  set_number("voicemail_message = ''");
  start();
  std::string state;
  carriers::append_base64(std::string_view{"inbound:v3:leg"}, carriers::base64_kind::standard, state);
  EXPECT_EQ(telnyx("e2", "call.answered",
                   R"("call_control_id":"v3:leg","client_state":")" + state + R"(","to":")" + our_number + "\"")
                .status,
            204);
  ASSERT_THAT(telnyx_.wait_for(1), SizeIs(1));
  EXPECT_EQ(telnyx_.wait_for(1)[0].action, "hangup");
}

TEST_F(InboundCalls, CommandThatCameToNothing_IsSentAgainAsTheSame) {
  telnyx_.answers = {{command_result::again, "connection reset"}, {command_result::again, "HTTP 503"}};
  start();
  EXPECT_EQ(telnyx_rings().status, 204);
  const auto commands = telnyx_.wait_for(3);
  ASSERT_THAT(commands, SizeIs(3));
  for (const telnyx_command& each : commands) EXPECT_EQ(each.body, commands[0].body) << "Telnyx knows it by its id";
}

TEST_F(InboundCalls, RefusedCommand_EndsTheCall) {
  telnyx_.answers = {{command_result::refused, "HTTP 422 bad webhook_url"}};
  start();
  EXPECT_EQ(telnyx_rings().status, 204);
  const auto commands = telnyx_.wait_for(2);
  ASSERT_THAT(commands, SizeIs(2));
  EXPECT_EQ(commands[1].action, "reject");
  EXPECT_EQ(told(commands[1], "cause"), "USER_BUSY");
  EXPECT_EQ(calls_->stats().commands_failed, 1U);
  const std::lock_guard lock{lines_mutex_};
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("command=answer was not done"), HasSubstr("bad webhook_url"))));
}

TEST_F(InboundCalls, CallerWhoHasGone_IsNoFailure) {
  telnyx_.answers = {{command_result::call_over, "HTTP 422"}};
  start();
  EXPECT_EQ(telnyx_rings().status, 204);
  telnyx_.wait_for(1);
  server_.reset();
  const inbound_calls& calls = *calls_;
  EXPECT_EQ(calls.stats().commands_failed, 0U);
  calls_.reset();  // waits for its threads
  EXPECT_THAT(telnyx_.wait_for(1), SizeIs(1)) << "nothing to end";
}

TEST_F(InboundCalls, SipAgentThatDoesNotPickUp_HasItsFallbackAnswerThenTheVoicemail) {
  set("agent SET answer_url = 'sip:ann@pbx.example.com'");
  start();
  fields sent = ringing();
  EXPECT_THAT(twilio(sent).body, HasSubstr("action=\"voice?rang=first\""));
  sent["DialCallStatus"] = "no-answer";
  sent["CallStatus"] = "in-progress";
  EXPECT_THAT(twilio(sent, "ours", {}, "?rang=first").body, HasSubstr("action=\"voice?rang=fallback\""));
  EXPECT_THAT(twilio(sent, "ours", {}, "?rang=first").body, HasSubstr("action=\"voice?rang=fallback\"")) << "repeated";
  EXPECT_THAT(twilio(sent, "ours", {}, "?rang=fallback").body, HasSubstr(voicemail));
  EXPECT_EQ(calls_->stats().agents_unreached, 2U);
  EXPECT_EQ(counted(callerid::inbound_outcome::agent), 1U) << "one call";
  EXPECT_EQ(counted(callerid::inbound_outcome::voicemail), 0U);
  EXPECT_THAT(lines().back(), HasSubstr("outcome=voicemail agent_is=unreached fallback_is=unreached"));

  EXPECT_EQ(telnyx_rings().status, 204);
  const auto leg_ends = [&](const telnyx_command& transfer, const std::string& event) {
    return telnyx(event, "call.hangup",
                  R"("call_control_id":"v3:agent","hangup_cause":"timeout","client_state":")" +
                      told(transfer, "target_leg_client_state") + "\"");
  };
  ASSERT_THAT(telnyx_.wait_for(1), SizeIs(1));
  EXPECT_EQ(leg_ends(telnyx_.wait_for(1)[0], "e2").status, 204);
  ASSERT_THAT(telnyx_.wait_for(2), SizeIs(2));
  EXPECT_EQ(telnyx_.wait_for(2)[1].action, "transfer");
  EXPECT_EQ(telnyx_.wait_for(2)[1].call_ref, "v3:leg");
  EXPECT_EQ(leg_ends(telnyx_.wait_for(2)[1], "e3").status, 204);
  ASSERT_THAT(telnyx_.wait_for(3), SizeIs(3));
  EXPECT_EQ(telnyx_.wait_for(3)[2].action, "answer") << "for the voicemail message";
}

// Rule S3 where nobody can get around it.
TEST_F(InboundCalls, SecondAgentForANumber_IsRefusedByTheDatabase) {
  EXPECT_THROW(assign(house_, fallback_), sql::sql_error);
}

}  // namespace
}  // namespace dialer::api
