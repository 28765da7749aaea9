// Who has an answered call, as the carriers' log tells it.

#include "tests/carriers_simulator/bench_of_calls.hpp"

namespace dialer::carriers::simulator {
namespace {

const std::string our_url = "https://dialer.example.com/callbacks/telnyx";
const std::string sip_agent = "sip:ann@pbx.example.com";

scenario unlimited() {
  auto rules = calm();
  rules.telnyx.limits.calls_per_second = 0;
  return rules;
}

/// A Telnyx call that somebody answered.
struct answered_call {
  explicit answered_call(scenario rules, const std::string& more = {}) : bench{carrier_name::telnyx, std::move(rules)} {
    bench.dial(number(0), R"(,"webhook_url":")" + our_url + "\"" + more);
    bench.acknowledge();
    bench.wait(200ms);
    ref = bench.out.of(log_event::answered).at(0).ref;
  }
  api_answer command(const std::string& action, const std::string& body) {
    return bench.send("POST", "/v2/calls/" + ref + "/actions/" + action, body);
  }
  api_answer tell_agent(const std::string& type) {
    return bench.send("POST", "/agent/agent.example.com/answer?t=TOKEN",
                      R"({"data":{"event_type":")" + type + R"(","payload":{"call_control_id":")" + ref + "\"}}}");
  }
  std::string end_reason() {
    bench.wait(10s);
    return bench.out.of(log_event::ended).at(0).reason;
  }
  bench_of_calls bench;
  std::string ref;
};

TEST(TelnyxHandOver, EventsGoWhereTheDialSendsTheirType) {
  bench_of_calls bench{carrier_name::telnyx, unlimited()};
  bench.dial(number(0), R"(,"webhook_url":"https://agent.example.com/","webhook_urls":{"call.answered":")" + our_url +
                            R"(","call.hangup":")" + our_url + "?t=1\"}");
  bench.wait(10s);
  std::map<std::string, std::string> url_of;
  for (const auto& post : bench.out.posts) url_of[json_body{post.body}.text("/data/event_type")] = post.url;
  EXPECT_EQ(url_of["call.initiated"], "https://agent.example.com/");
  EXPECT_EQ(url_of["call.answered"], our_url);
  EXPECT_EQ(url_of["call.hangup"], our_url + "?t=1");
}

TEST(TelnyxHandOver, CallThatNobodyGets_EndsInSilence) {
  answered_call call{unlimited()};
  EXPECT_EQ(call.end_reason(), "silence");
  EXPECT_TRUE(call.bench.out.of(log_event::handed_over).empty());
}

TEST(TelnyxHandOver, ApplicationThatTakesTheAnswer_HasTheCall) {
  answered_call call{unlimited()};
  EXPECT_EQ(call.tell_agent("call.hangup").status, 200);
  EXPECT_TRUE(call.bench.out.of(log_event::handed_over).empty()) << "told something else";
  EXPECT_EQ(call.tell_agent("call.answered").status, 200);
  const auto handed = call.bench.out.of(log_event::handed_over);
  ASSERT_EQ(handed.size(), 1U);
  EXPECT_EQ(handed[0].ref, call.ref);
  EXPECT_EQ(handed[0].reason, "https://agent.example.com/answer?t=TOKEN");
  EXPECT_EQ(call.end_reason(), "");
}

TEST(TelnyxHandOver, ApplicationThatIsDown_HasNothing) {
  auto rules = unlimited();
  rules.agent_status = 503;
  answered_call call{rules};
  EXPECT_EQ(call.tell_agent("call.answered").status, 503);
  EXPECT_EQ(call.end_reason(), "silence");
}

const std::string transfer_body = R"({"to":")" + sip_agent + R"(","target_leg_client_state":"bGVn","command_id":"c1"})";

TEST(TelnyxTransfer, AgentThatAnswers_HasTheCallUntilBothLegsEnd) {
  answered_call call{unlimited()};
  EXPECT_EQ(call.command("transfer", transfer_body).status, 200);
  EXPECT_EQ(call.command("transfer", transfer_body).status, 200) << "the same command_id: ignored";
  EXPECT_EQ(call.end_reason(), "");
  ASSERT_EQ(call.bench.out.of(log_event::handed_over).size(), 1U);
  EXPECT_EQ(call.bench.out.of(log_event::handed_over)[0].reason, sip_agent);
  const auto legs = call.bench.out.of(log_event::leg_ended);
  ASSERT_EQ(legs.size(), 1U);
  EXPECT_EQ(legs[0].outcome, "completed");
  std::vector<std::string> of_leg;
  for (const auto& post : call.bench.out.posts) {
    const json_body body{post.body};
    if (body.at("/data/payload/client_state").is_string() && body.text("/data/payload/client_state") == "bGVn") {
      EXPECT_NE(body.text("/data/payload/call_control_id"), call.ref);
      of_leg.push_back(body.text("/data/event_type"));
    }
  }
  EXPECT_EQ(of_leg, (std::vector<std::string>{"call.initiated", "call.answered", "call.hangup"}));
}

TEST(TelnyxTransfer, AgentThatDoesNot_LeavesTheCallAlone) {
  auto rules = unlimited();
  rules.destinations[sip_agent].fate = call_fate::busy;
  answered_call call{rules};
  EXPECT_EQ(call.command("transfer", transfer_body).status, 200);
  call.bench.wait(200ms);
  const json_body end{call.bench.out.posts.back().body};
  EXPECT_EQ(end.text("/data/event_type"), "call.hangup");
  EXPECT_EQ(end.text("/data/payload/hangup_cause"), "user_busy");
  EXPECT_EQ(end.text("/data/payload/client_state"), "bGVn");
  EXPECT_TRUE(call.bench.out.of(log_event::ended).empty()) << "the person's leg stays";
  EXPECT_EQ(call.end_reason(), "silence");
}

TEST(TelnyxCommands, WhatCannotBeCommanded_IsRefusedByItsCode) {
  answered_call call{unlimited()};
  EXPECT_EQ(json_body{call.command("transfer", "{}").body}.text("/errors/0/code"), "10004");
  EXPECT_EQ(json_body{call.bench.send("POST", "/v2/calls/v3:none/actions/speak", "{}").body}.text("/errors/0/code"),
            "90015");
  call.bench.wait(10s);
  EXPECT_EQ(json_body{call.command("speak", "{}").body}.text("/errors/0/code"), "90018");
}

TEST(TwilioHandOver, AnsweredCall_IsAskedAboutWhereTheCreateSays) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  bench.create(number(0));
  bench.wait(10s);
  ASSERT_EQ(bench.out.of(log_event::handed_over).size(), 1U);
  EXPECT_EQ(bench.out.of(log_event::handed_over)[0].reason, "https://agent.example.com/answer");
}

}  // namespace
}  // namespace dialer::carriers::simulator
