// Calls to our numbers, through the listener and over a database: who answers.
#include "tests/api/inbound_calls_stage.hpp"

namespace dialer::api {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

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
