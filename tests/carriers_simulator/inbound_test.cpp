// Somebody calls a number: what the simulated carriers ask, and how they follow what they are told.

#include <algorithm>

#include "tests/carriers_simulator/bench_of_calls.hpp"

namespace dialer::carriers::simulator {
namespace {

const std::string voice_url = "https://dialer.example.com/callbacks/voice";
const std::string sip_agent = "sip:ann@pbx.example.com";

/// Either carrier with one number that asks us.
struct ringing : bench_of_calls {
  static scenario with_number(carrier_name carrier, scenario rules) {
    scripted_number held{.carrier = carrier, .number = std::string(caller)};
    held.account = carrier == carrier_name::twilio ? twilio_sid : telnyx_connection;
    held.voice_url = voice_url + "#rc=1&rp=all";
    rules.numbers.push_back(held);
    rules.telnyx.voice_urls[std::string(telnyx_connection)] = voice_url;
    return rules;
  }
  explicit ringing(carrier_name carrier, scenario rules = calm())
      : bench_of_calls{carrier, with_number(carrier, std::move(rules))} {}

  void ring() {
    const auto answer = send("POST", "/simulator/ring", "to=%2B12125550199&from=%2B13105550142");
    ASSERT_EQ(answer.status, 200) << answer.body;
    ref = answer.body.substr(0, answer.body.find('\n'));
  }
  /// Answers the last question with a document.
  void tell(const std::string& verbs, int status = 200) {
    subject->callback_done(
        out.posts.back().id,
        {callback_outcome::answered, status, "<?xml version=\"1.0\"?><Response>" + verbs + "</Response>"}, now);
  }
  api_answer command(const std::string& action, const std::string& body = "{}") {
    return send("POST", "/v2/calls/" + ref + "/actions/" + action, body);
  }
  std::string asked(const std::string& field) const {
    return std::string(form_fields::parse(out.posts.back().body).get(field));
  }
  /// What was done with the call, step by step.
  std::vector<std::string> steps() const {
    std::vector<std::string> all;
    for (const auto& entry : out.log) {
      if (entry.event == log_event::instructed) all.push_back(entry.reason);
      if (entry.event == log_event::handed_over) all.push_back("talks to " + entry.reason);
      if (entry.event == log_event::inbound_ended) all.push_back(entry.outcome);
    }
    return all;
  }
  std::string ref;
};

using all = std::vector<std::string>;

TEST(TwilioInboundCall, NumbersVoiceUrl_IsAsked) {
  ringing bench{carrier_name::twilio};
  bench.ring();
  ASSERT_EQ(bench.out.posts.size(), 1U);
  EXPECT_EQ(bench.out.posts[0].url, voice_url);
  EXPECT_NE(bench.out.posts[0].headers.find("X-Twilio-Signature: "), std::string::npos);
  EXPECT_EQ(bench.asked("CallSid"), bench.ref);
  EXPECT_EQ(bench.asked("CallStatus"), "ringing");
  EXPECT_EQ(bench.asked("Direction"), "inbound");
  EXPECT_EQ(bench.asked("To"), caller);
  EXPECT_EQ(bench.asked("From"), "+13105550142");
}

TEST(TwilioInboundCall, Documents_AreFollowed) {
  const auto told = [](const std::string& verbs) {
    ringing bench{carrier_name::twilio};
    bench.ring();
    bench.tell(verbs);
    bench.wait(10s);
    return bench.steps();
  };
  EXPECT_EQ(told("<Redirect method=\"POST\">https://a.example.com/?x=1&amp;y=2</Redirect>"),
            (all{"Redirect https://a.example.com/?x=1&y=2", "talks to https://a.example.com/?x=1&y=2", "completed"}));
  EXPECT_EQ(told("<Reject/>"), (all{"Reject", "rejected"}));
  EXPECT_EQ(told("<Reject reason=\"busy\"/>"), (all{"Reject busy", "busy"}));
  EXPECT_EQ(told("<Hangup/>"), (all{"Hangup", "failed"})) << "nobody talked";
  EXPECT_EQ(told("<Dial timeout=\"30\"><Sip>" + sip_agent + "</Sip></Dial>"),
            (all{"Dial " + sip_agent, "talks to " + sip_agent, "completed"}));
  EXPECT_EQ(told("no document"), (all{"failed"}));
}

TEST(TwilioInboundCall, QuestionThatIsNotAnswered_IsAskedAgainThenTheCallFails) {
  ringing bench{carrier_name::twilio};
  bench.ring();
  bench.tell("", 503);
  bench.wait(10s);
  ASSERT_EQ(bench.out.posts.size(), 2U);
  bench.tell("", 503);
  EXPECT_EQ(bench.steps(), (all{"no document: status 503", "failed"}));
}

TEST(TwilioInboundCall, MessageOfTheCaller_IsReportedAtTheDocumentsUrl) {
  ringing bench{carrier_name::twilio};
  bench.ring();
  bench.tell("<Say>Closed.</Say><Record maxLength=\"120\"/>");
  EXPECT_EQ(bench.out.posts.back().url, voice_url);
  EXPECT_FALSE(bench.asked("RecordingUrl").empty());
  bench.tell("<Hangup/>");
  EXPECT_EQ(bench.steps(), (all{"Say Closed.", "Record", "Hangup", "completed"}));
}

TEST(TwilioInboundCall, SipAgentThatDoesNotPickUp_IsReportedToTheAction) {
  auto rules = calm();
  rules.destinations[sip_agent].fate = call_fate::no_answer;
  ringing bench{carrier_name::twilio, rules};
  bench.ring();
  bench.tell("<Dial action=\"voice?rang=first\"><Sip>" + sip_agent + "</Sip></Dial>");
  bench.wait(10s);
  EXPECT_EQ(bench.out.posts.back().url, voice_url + "?rang=first") << "relative to the document's";
  EXPECT_EQ(bench.asked("DialCallStatus"), "no-answer");
  EXPECT_EQ(bench.asked("CallStatus"), "in-progress");
}

TEST(TelnyxInboundCall, ConnectionsUrl_IsToldAndCommandsAreFollowed) {
  const auto told = [](const std::string& action, const std::string& body) {
    ringing bench{carrier_name::telnyx};
    bench.ring();
    const json_body event{bench.out.posts.at(0).body};
    EXPECT_EQ(bench.out.posts[0].url, voice_url);
    EXPECT_EQ(event.text("/data/event_type"), "call.initiated");
    EXPECT_EQ(event.text("/data/payload/direction"), "incoming");
    EXPECT_EQ(event.text("/data/payload/call_control_id"), bench.ref);
    EXPECT_EQ(bench.command(action, body).status, 200);
    bench.wait(10s);
    return bench.steps();
  };
  EXPECT_EQ(told("answer", R"({"webhook_url":"https://a.example.com/"})"),
            (all{"answer https://a.example.com/", "talks to https://a.example.com/", "completed"}));
  EXPECT_EQ(told("reject", R"({"cause":"USER_BUSY"})"), (all{"reject USER_BUSY", "busy"}));
  EXPECT_EQ(told("reject", R"({"cause":"CALL_REJECTED"})"), (all{"reject CALL_REJECTED", "rejected"}));
  EXPECT_EQ(told("transfer", R"({"to":")" + sip_agent + "\"}"),
            (all{"transfer " + sip_agent, "talks to " + sip_agent, "completed"}));
}

TEST(TelnyxInboundCall, Voicemail_IsAnsweredReadAndRecorded) {
  ringing bench{carrier_name::telnyx};
  bench.ring();
  EXPECT_EQ(json_body{bench.command("speak").body}.text("/errors/0/code"), "90034") << "not answered yet";
  for (const auto& [action, event] : {std::pair{"answer", "call.answered"},
                                      {"speak", "call.speak.ended"},
                                      {"record_start", "call.recording.saved"}}) {
    const std::string body = R"({"client_state":"bXk=","command_id":")" + std::string(action) + "\"}";
    EXPECT_EQ(bench.command(action, body).status, 200);
    const std::size_t posts = bench.out.posts.size();
    const json_body told{bench.out.posts.back().body};
    EXPECT_EQ(told.text("/data/event_type"), event);
    EXPECT_EQ(told.text("/data/payload/client_state"), "bXk=");
    (void)bench.command(action, body);
    EXPECT_EQ(bench.out.posts.size(), posts) << "the same command_id: ignored";
  }
  EXPECT_EQ(bench.command("hangup").status, 200);
  EXPECT_EQ(bench.steps(), (all{"answer", "speak", "record_start", "hangup", "completed"}));
  EXPECT_EQ(json_body{bench.command("hangup").body}.text("/errors/0/code"), "90018");
}

TEST(TelnyxInboundCall, SipAgentThatDoesNotPickUp_LeavesTheCallerWaiting) {
  auto rules = calm();
  rules.destinations[sip_agent].fate = call_fate::busy;
  ringing bench{carrier_name::telnyx, rules};
  bench.ring();
  EXPECT_EQ(bench.command("transfer", R"({"to":")" + sip_agent + R"(","target_leg_client_state":"bGVn"})").status, 200);
  bench.wait(10s);
  const json_body end{bench.out.posts.back().body};
  EXPECT_EQ(end.text("/data/event_type"), "call.hangup");
  EXPECT_EQ(end.text("/data/payload/hangup_cause"), "user_busy");
  EXPECT_EQ(end.text("/data/payload/client_state"), "bGVn");
  EXPECT_NE(end.text("/data/payload/call_control_id"), bench.ref);
  EXPECT_EQ(bench.command("answer").status, 200) << "the caller is still there";
}

TEST(InboundCall, NumberThatNobodyHolds_DoesNotRing) {
  for (const carrier_name carrier : {carrier_name::twilio, carrier_name::telnyx}) {
    ringing bench{carrier};
    EXPECT_EQ(bench.send("POST", "/simulator/ring", "to=%2B12125550100&from=%2B13105550142").status, 422);
    EXPECT_EQ(bench.send("POST", "/simulator/ring", "to=%2B12125550199&from=anonymous").status, 422);
    EXPECT_TRUE(bench.out.of(log_event::number_rung).empty());
  }
}

}  // namespace
}  // namespace dialer::carriers::simulator
