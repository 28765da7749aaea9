// Calls to our numbers: what the carriers say of them, and what they are told, byte for byte.
#include "carriers/inbound_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <stdexcept>

#include "carriers/base64.hpp"
#include "carriers/callback_url.hpp"
#include "carriers/twiml.hpp"

namespace dialer::carriers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using kind = inbound_answer::kind;

const std::string sid = "CA" + std::string(32, 'a');
const std::string head = R"(<?xml version="1.0" encoding="UTF-8"?><Response>)";
const std::string tail = "</Response>";
constexpr std::string_view leg = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";

std::optional<inbound_event> twilio(const std::string& body) {
  return decode_twilio_inbound(
      {.method = "POST", .url = "https://d.example.com/callbacks/twilio/voice", .body = body, .content_type = {}});
}

std::string twilio_form(const std::string& status, const std::string& direction = "inbound",
                        const std::string& to = "%2B12125550123") {
  return "AccountSid=AC1&CallSid=" + sid + "&CallStatus=" + status + "&Direction=" + direction + "&To=" + to +
         "&From=%2B13105550142";
}

std::optional<inbound_event> telnyx(const std::string& body) {
  return decode_telnyx_inbound({.method = "POST", .url = "", .body = body, .content_type = "application/json"});
}

/// An event of Telnyx; `payload` without its braces, besides the leg.
std::string telnyx_body(const std::string& type, const std::string& payload, std::string_view of_leg = leg) {
  return R"({"data":{"record_type":"event","event_type":")" + type +
         R"(","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",)" + R"("payload":{"connection_id":"1494404757140276705")" +
         (of_leg.empty() ? "" : R"(,"call_control_id":")" + std::string{of_leg} + "\"") +
         (payload.empty() ? "" : "," + payload) + "}}}";
}

std::string our_state(const std::string& text = "inbound:" + std::string{leg}) {
  std::string coded;
  append_base64(text, base64_kind::standard, coded);
  return R"("client_state":")" + coded + "\"";
}

inbound_event at(inbound_step step) {
  return {step, std::string{leg}, "0ccc7b54", e164::parse("+12125550123").value(), {}};
}

boost::json::object told(const telnyx_command& command) {
  return boost::json::parse(command.body).as_object();
}

TEST(TwilioInbound, RingingCall_IsRead) {
  const auto event = twilio(twilio_form("ringing"));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->step, inbound_step::ringing);
  EXPECT_EQ(event->call_ref, sid);
  EXPECT_EQ(event->event_key, sid);
  EXPECT_EQ(event->to.text(), "+12125550123");
  EXPECT_EQ(event->from.text(), "+13105550142");
}

TEST(TwilioInbound, WhatIsNoCallToAnswer_IsIgnored) {
  EXPECT_FALSE(twilio(twilio_form("ringing", "outbound-api")));
  EXPECT_FALSE(twilio(twilio_form("ringing", "outbound-dial")));
  EXPECT_FALSE(twilio(twilio_form("completed")));
  EXPECT_FALSE(twilio(twilio_form("no-answer")));
  EXPECT_FALSE(twilio("CallSid=CA1&CallStatus=ringing&Direction=inbound"));
  EXPECT_FALSE(twilio(""));
}

// A SIP user as `To`, a withheld caller: the call is still one to be answered.
TEST(TwilioInbound, NumbersThatAreNone_LeaveTheCall) {
  const auto event =
      twilio("CallSid=" + sid + "&CallStatus=in-progress&Direction=inbound&To=sip%3Aa%40b&From=anonymous");
  ASSERT_TRUE(event);
  EXPECT_FALSE(event->to);
  EXPECT_FALSE(event->from);
}

TEST(TwilioInbound, EndOfARecording_IsAnotherStepWhateverTheCallsStatus) {
  for (const char* status : {"in-progress", "completed"}) {
    const auto event =
        twilio(twilio_form(status) + "&RecordingUrl=https%3A%2F%2Fapi.twilio.com%2FRE1&RecordingDuration=7");
    ASSERT_TRUE(event) << status;
    EXPECT_EQ(event->step, inbound_step::over);
    EXPECT_EQ(twilio_document(*event, {kind::voicemail, "again?"}), head + "<Hangup/>" + tail);
  }
}

TEST(TwilioInbound, Documents_AreThoseOfTheirAnswers) {
  const inbound_event event{.call_ref = sid, .event_key = sid, .to = {}, .from = {}};
  const auto document = [&](kind how, const std::string& text = {}) { return twilio_document(event, {how, text}); };
  EXPECT_EQ(document(kind::agent, "https://a.example.com/?x=1&y=2"),
            head + R"(<Redirect method="POST">https://a.example.com/?x=1&amp;y=2</Redirect>)" + tail);
  EXPECT_EQ(document(kind::agent, "sip:ann@pbx.example.com;transport=tls"),
            head +
                R"(<Dial answerOnBridge="true" timeout="30" action="voice?rang=" method="POST">)"
                R"(<Sip>sip:ann@pbx.example.com;transport=tls</Sip></Dial>)" +
                tail);
  EXPECT_EQ(document(kind::voicemail, "We are closed."),
            head + R"(<Say>We are closed.</Say><Record playBeep="true" maxLength="120"/>)" + tail);
  EXPECT_EQ(document(kind::not_in_service), head + "<Reject/>" + tail);
  EXPECT_EQ(document(kind::busy), head + R"(<Reject reason="busy"/>)" + tail);
}

std::optional<inbound_event> dialed(const std::string& status, const std::string& query,
                                    const std::string& call_status = "in-progress") {
  const std::string body = twilio_form(call_status) + "&DialCallStatus=" + status;
  const std::string url = "https://dialer.example.com/callbacks/twilio/voice" + query;
  callback_request request{};
  request.method = "POST";
  request.url = url;
  request.body = body;
  return decode_twilio_inbound(request);
}

TEST(TwilioInbound, SipAgentThatDoesNotAnswer_LeavesTheCallerToTheNext) {
  for (const char* status : {"no-answer", "busy", "failed", "canceled"}) {
    const auto event = dialed(status, "?rang=first");
    ASSERT_TRUE(event) << status;
    EXPECT_EQ(event->step, inbound_step::unreached) << status;
    EXPECT_EQ(event->rung, rung_agent::first);
    EXPECT_NE(event->event_key, sid) << "it would be answered like the call's first question";
    EXPECT_NE(event->event_key, dialed(status, "?rang=fallback")->event_key);
    EXPECT_EQ(twilio_document(*event, {kind::agent, "sip:b@pbx.example.com", rung_agent::fallback}),
              head +
                  R"(<Dial answerOnBridge="true" timeout="30" action="voice?rang=fallback" method="POST">)"
                  R"(<Sip>sip:b@pbx.example.com</Sip></Dial>)" +
                  tail);
    EXPECT_EQ(twilio_document(*event, {kind::busy, {}}), head + "<Hangup/>" + tail);
    EXPECT_EQ(twilio_document(*event, {kind::not_in_service, {}}), head + "<Hangup/>" + tail);
  }
}

TEST(TwilioInbound, ConnectionThatWasMade_IsOverWithTheCall) {
  EXPECT_EQ(dialed("completed", "?rang=first")->step, inbound_step::over);
  EXPECT_EQ(dialed("answered", "?rang=first")->step, inbound_step::over);
  EXPECT_EQ(dialed("no-answer", "")->step, inbound_step::over) << "not one of our documents";
  EXPECT_EQ(dialed("no-answer", "?rang=first", "completed")->step, inbound_step::over) << "the caller has gone";
  EXPECT_EQ(twilio_document(*dialed("completed", "?rang=first"), {}), head + "<Hangup/>" + tail);
}

// What a message says stays what is said: no verb, no attribute, no broken document.
TEST(TwilioInbound, MessageThatLooksLikeMarkup_IsRead) {
  EXPECT_EQ(twiml_voicemail("</Say><Dial>+12125550100</Dial><Say> \"A\" & 'B'\x01\x1f\x7f\n\tür 5 < 6", 120),
            head +
                "<Say>&lt;/Say&gt;&lt;Dial&gt;+12125550100&lt;/Dial&gt;&lt;Say&gt; &quot;A&quot; &amp; "
                "&apos;B&apos;\x7f\n\tür 5 "
                "&lt; 6</Say><Record playBeep=\"true\" maxLength=\"120\"/>" +
                tail);
}

TEST(TelnyxInbound, IncomingCall_IsRead) {
  const auto event = telnyx(telnyx_body(
      "call.initiated", R"("direction":"incoming","to":"+12125550123","from":"+13105550142","state":"parked")"));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->step, inbound_step::ringing);
  EXPECT_EQ(event->call_ref, leg);
  EXPECT_EQ(event->event_key, "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0");
  EXPECT_EQ(event->to.text(), "+12125550123");
  EXPECT_EQ(event->from.text(), "+13105550142");
}

TEST(TelnyxInbound, WhatIsNoneOfOurs_IsIgnored) {
  EXPECT_FALSE(telnyx("{")) << "no JSON";
  EXPECT_FALSE(telnyx(R"({"data":{}})"));
  EXPECT_FALSE(telnyx(telnyx_body("call.initiated", R"("direction":"outgoing")")));
  EXPECT_FALSE(telnyx(telnyx_body("call.initiated", R"("direction":"incoming")", ""))) << "no leg";
  EXPECT_FALSE(telnyx(telnyx_body("call.answered", R"("to":"+12125550123")"))) << "answered for its agent";
  EXPECT_FALSE(telnyx(telnyx_body("call.answered", our_state("AQEBAQEBAQ")))) << "an attempt's token";
  EXPECT_FALSE(telnyx(telnyx_body("call.answered", our_state("inbound:"))));
  EXPECT_FALSE(telnyx(telnyx_body("call.answered", our_state(), "v3:other"))) << "the SIP agent's leg";
  EXPECT_FALSE(telnyx(telnyx_body("call.hangup", our_state() + R"(,"hangup_cause":"timeout")")))
      << "the caller's own leg";
  EXPECT_FALSE(telnyx(telnyx_body("call.speak.started", our_state())));
  EXPECT_FALSE(telnyx(telnyx_body("call.speak.ended", our_state() + R"(,"status":"call_hangup")")));
}

TEST(TelnyxInbound, StepsOfACallWeAnswered_NameTheCallersLeg) {
  struct row {
    std::string body;
    inbound_step step;
  };
  for (const row& each :
       {row{telnyx_body("call.answered", our_state() + R"(,"to":"+12125550123")"), inbound_step::answered},
        row{telnyx_body("call.speak.ended", our_state() + R"(,"status":"completed")"), inbound_step::spoken},
        row{telnyx_body("call.recording.saved", our_state(), ""), inbound_step::over}}) {
    const auto event = telnyx(each.body);
    ASSERT_TRUE(event) << each.body;
    EXPECT_EQ(event->step, each.step) << each.body;
    EXPECT_EQ(event->call_ref, leg);
  }
}

TEST(TelnyxInbound, AgentAtAUrl_IsHandedTheCall) {
  const auto command = command_for(at(inbound_step::ringing), {kind::agent, "https://a.example.com/\"x\""});
  EXPECT_EQ(command.call_ref, leg);
  EXPECT_EQ(command.action, "answer");
  EXPECT_EQ(told(command), (boost::json::object{{"webhook_url", "https://a.example.com/\"x\""},
                                                {"webhook_url_method", "POST"},
                                                {"command_id", "0ccc7b54"}}));
}

/// The end of the leg that a transfer opens.
std::optional<inbound_event> leg_ends(const telnyx_command& transfer, const std::string& how) {
  return telnyx(telnyx_body("call.hangup",
                            how + R"(,"to":"sip:ann@pbx.example.com","client_state":")" +
                                std::string(told(transfer).at("target_leg_client_state").as_string()) + "\"",
                            "v3:other"));
}

TEST(TelnyxInbound, AgentAtASipAddress_IsRungForTheCaller) {
  const auto command = command_for(at(inbound_step::ringing), {kind::agent, "sips:ann@pbx.example.com"});
  EXPECT_EQ(command.action, "transfer");
  const auto body = told(command);
  EXPECT_EQ(body.at("to").as_string(), "sips:ann@pbx.example.com");
  EXPECT_EQ(body.at("command_id").as_string(), "0ccc7b54");
}

// The state comes back with the end of the agent's leg and tells whose caller waits, and for which number.
TEST(TelnyxInbound, SipAgentThatDoesNotAnswer_LeavesTheCallerToTheNext) {
  for (const rung_agent who : {rung_agent::first, rung_agent::fallback}) {
    const auto transfer = command_for(at(inbound_step::ringing), {kind::agent, "sip:ann@pbx.example.com", who});
    for (const std::string how :
         {R"("hangup_cause":"timeout","sip_hangup_cause":"487")", R"("hangup_cause":"not_found")",
          R"("hangup_cause":"normal_clearing","sip_hangup_cause":"480")"}) {
      const auto event = leg_ends(transfer, how);
      ASSERT_TRUE(event) << how;
      EXPECT_EQ(event->step, inbound_step::unreached);
      EXPECT_EQ(event->call_ref, leg);
      EXPECT_EQ(event->to.text(), "+12125550123");
      EXPECT_EQ(event->rung, who);
      EXPECT_EQ(command_for(*event, {kind::agent, "https://b.example.com/"}).action, "answer");
      EXPECT_EQ(command_for(*event, {kind::voicemail, "Closed."}).action, "answer");
      const auto end = command_for(*event, {kind::busy, {}});
      EXPECT_EQ(end.call_ref, leg);
      EXPECT_EQ(end.action, "reject");
      EXPECT_EQ(told(end).at("cause").as_string(), "USER_BUSY");
    }
  }
}

TEST(TelnyxInbound, SipAgentThatTalked_LeavesNothingToDo) {
  const auto transfer =
      command_for(at(inbound_step::ringing), {kind::agent, "sip:ann@pbx.example.com", rung_agent::first});
  EXPECT_FALSE(leg_ends(transfer, R"("hangup_cause":"normal_clearing","sip_hangup_cause":"200")"));
  EXPECT_FALSE(leg_ends(transfer, R"("hangup_cause":"originator_cancel","sip_hangup_cause":"487")"));
}

// Answer, message, beep and recording, end: each command's client_state brings the next event back to us.
TEST(TelnyxInbound, Voicemail_IsAChainOfCommands) {
  const inbound_answer answer{kind::voicemail, "We are \"closed\"."};
  telnyx_command command = command_for(at(inbound_step::ringing), answer);
  EXPECT_EQ(command.action, "answer");
  EXPECT_FALSE(told(command).contains("webhook_url")) << "the events have to come to us";

  const auto next = [&](const std::string& type, const std::string& more, std::string_view of_leg = leg) {
    const std::string state = R"("client_state":")" + std::string(told(command).at("client_state").as_string()) + "\"";
    const auto event = telnyx(telnyx_body(type, state + more, of_leg));
    if (!event) throw std::runtime_error{type + " was not understood"};
    command = command_for(*event, answer);
    EXPECT_EQ(command.call_ref, leg);
  };
  next("call.answered", R"(,"to":"+12125550123")");
  EXPECT_EQ(command.action, "speak");
  EXPECT_EQ(told(command).at("payload").as_string(), "We are \"closed\".");
  next("call.speak.ended", R"(,"status":"completed")");
  EXPECT_EQ(command.action, "record_start");
  EXPECT_EQ(told(command).at("max_length").as_int64(), 120);
  EXPECT_TRUE(told(command).at("play_beep").as_bool());
  next("call.recording.saved", "", "");
  EXPECT_EQ(command.action, "hangup");
}

TEST(TelnyxInbound, RefusedCalls_AreRejectedWithTheirCause) {
  const auto cause = [](kind how) {
    const auto command = command_for(at(inbound_step::ringing), {how, {}});
    EXPECT_EQ(command.action, "reject");
    return std::string{told(command).at("cause").as_string()};
  };
  EXPECT_EQ(cause(kind::not_in_service), "CALL_REJECTED");
  EXPECT_EQ(cause(kind::busy), "USER_BUSY");
}

TEST(TelnyxInbound, ClosingCommand_RejectsWhatRingsAndHangsUpWhatWasAnswered) {
  for (const auto& [step, action] : {std::pair{inbound_step::ringing, "reject"},
                                     {inbound_step::unreached, "reject"},
                                     {inbound_step::answered, "hangup"},
                                     {inbound_step::spoken, "hangup"},
                                     {inbound_step::over, "hangup"}}) {
    const auto command = closing_command(at(step));
    EXPECT_EQ(command.action, action);
    EXPECT_NE(told(command).at("command_id").as_string(), "0ccc7b54") << "Telnyx would take it for the first command";
  }
}

TEST(TelnyxInbound, Command_IsOneWholeRequestWithTheAccountsKey) {
  const account over{.kind = carrier_kind::telnyx, .base_url = "https://api.telnyx.com", .secret = "KEY0123"};
  const std::string request = encode_command(over, {"v3:a/b", "reject", R"({"cause":"USER_BUSY"})"});
  EXPECT_THAT(request, StartsWith("POST /v2/calls/v3%3Aa%2Fb/actions/reject HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer KEY0123\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 21\r\n"));
  EXPECT_THAT(request, EndsWith("\r\n\r\n{\"cause\":\"USER_BUSY\"}"));
  account without = over;
  without.secret.clear();
  EXPECT_THROW(encode_command(without, {"v3:a", "reject", "{}"}), std::invalid_argument);
}

TEST(TelnyxInbound, AnswersToCommands_AreRead) {
  struct row {
    http::delivery how;
    int status;
    std::string body;
    command_result result;
  };
  const auto errors = [](const std::string& code) { return R"({"errors":[{"code":"1"},{"code":")" + code + R"("}]})"; };
  using enum command_result;
  using http::delivery;
  for (const row& each :
       {row{delivery::answered, 200, R"({"data":{"result":"ok"}})", done}, row{delivery::answered, 201, "", done},
        row{delivery::answered, 422, errors("90018"), call_over},
        row{delivery::answered, 422, errors("90015"), call_over},
        row{delivery::answered, 404, errors("10005"), call_over},
        row{delivery::answered, 422, errors("10016"), refused}, row{delivery::answered, 401, "", refused},
        row{delivery::answered, 422, "<html>", refused}, row{delivery::answered, 429, errors("10011"), again},
        row{delivery::answered, 408, "", again}, row{delivery::answered, 500, "", again},
        row{delivery::answered, 503, errors("90018"), again}, row{delivery::answered, 302, "", again},
        row{delivery::unknown, 0, "", again}, row{delivery::not_sent, 0, "", again}}) {
    std::string padded = each.body + std::string(64, '\0');
    http::http_answer answer;
    answer.how = each.how;
    answer.status = each.status;
    answer.body = std::string_view{padded}.substr(0, each.body.size());
    answer.content_type = "application/json";
    answer.error = each.how == delivery::answered ? "" : "connection reset";
    const command_answer read = decode_command(answer);
    EXPECT_EQ(read.result, each.result) << each.status << " " << each.body;
    if (each.result == done) {
      EXPECT_THAT(read.why, IsEmpty());
    } else {
      EXPECT_THAT(read.why, each.how == delivery::answered ? StartsWith("HTTP ") : StartsWith("connection reset"));
    }
  }
}

TEST(InboundCallUrl, IsOursAndTheCarriers) {
  EXPECT_EQ(inbound_call_url(carrier_kind::twilio, "https://d.example.com/"),
            "https://d.example.com/callbacks/twilio/voice#rc=3&rp=all");
  EXPECT_EQ(inbound_call_url(carrier_kind::telnyx, "https://d.example.com"),
            "https://d.example.com/callbacks/telnyx/voice");
}

}  // namespace
}  // namespace dialer::carriers
