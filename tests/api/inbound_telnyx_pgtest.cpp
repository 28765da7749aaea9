// What Telnyx is commanded to do with a call, step by step, and what becomes of commands.
#include "carriers/base64.hpp"
#include "tests/api/inbound_calls_stage.hpp"

namespace dialer::api {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

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

}  // namespace
}  // namespace dialer::api
