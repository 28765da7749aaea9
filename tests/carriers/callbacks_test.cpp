#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "carriers/call_report_text.hpp"
#include "carriers/codec.hpp"
#include "carriers/hand_over.hpp"
#include "tests/carriers/exchange_for_test.hpp"

namespace dialer::carriers {
namespace {

constexpr std::string_view sid = "CA0123456789abcdef0123456789abcdef";
constexpr std::string_view status_url = "https://dialer.example.com/callbacks/twilio?t=TOKEN";

std::optional<callback> twilio(std::string_view fields, std::string_view url = status_url) {
  const std::string body = "CallSid=" + std::string{sid} + "&AccountSid=AC1&" + std::string{fields};
  callback_request request{};
  request.method = "POST";
  request.url = url;
  request.body = body;
  request.content_type = "application/x-www-form-urlencoded; charset=UTF-8";
  return decode_twilio_callback(request);
}

TEST(TwilioCallback, CompletedCall_IsReported) {
  const auto event = twilio(
      "CallStatus=completed&SequenceNumber=3&CallDuration=17&SipResponseCode=200"
      "&Timestamp=Tue%2C+18+Aug+2026+17%3A14%3A30+%2B0000&Unheard=of");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->token, "TOKEN");
  EXPECT_EQ(event->event_key, std::string{sid} + ":completed:3");
  EXPECT_EQ(event->report.call_ref, sid);
  EXPECT_EQ(event->report.phase, call_phase::ended);
  EXPECT_EQ(event->report.if_answered, disposition::answered);
  EXPECT_EQ(event->report.sip_code, 200);
  EXPECT_EQ(event->report.duration, std::chrono::seconds{17});
  EXPECT_EQ(event->report.at, utc_time{std::chrono::seconds{1'787'073'270}});
  EXPECT_FALSE(event->report.machine);
}

TEST(TwilioCallback, EveryStatus_HasItsPhase) {
  const std::vector<std::pair<std::string, call_phase>> phases{
      {"queued", call_phase::queued},        {"initiated", call_phase::initiated}, {"ringing", call_phase::ringing},
      {"in-progress", call_phase::answered}, {"completed", call_phase::ended},     {"busy", call_phase::ended},
      {"failed", call_phase::ended},         {"no-answer", call_phase::ended},     {"canceled", call_phase::ended}};
  for (const auto& [status, phase] : phases) {
    const auto event = twilio("CallStatus=" + status + "&SequenceNumber=0");
    ASSERT_TRUE(event) << status;
    EXPECT_EQ(event->report.phase, phase) << status;
  }
}

TEST(TwilioCallback, BusyOrFailed_CarryDispositionAndSignals) {
  EXPECT_EQ(twilio("CallStatus=busy&SipResponseCode=486")->report.if_unanswered, disposition::busy);
  EXPECT_TRUE(twilio("CallStatus=failed&SipResponseCode=608")->report.caller_id_signal);
  EXPECT_TRUE(twilio("CallStatus=failed&SipResponseCode=503")->report.circuit);
  EXPECT_EQ(twilio("CallStatus=failed&SipResponseCode=404")->report.if_unanswered, disposition::invalid_number);
  EXPECT_TRUE(twilio("CallStatus=failed&ErrorCode=32017")->report.caller_id_signal);
}

TEST(TwilioCallback, DifferentEvents_HaveDifferentKeysAndRepeatsTheSame) {
  EXPECT_EQ(twilio("CallStatus=ringing&SequenceNumber=1")->event_key,
            twilio("SequenceNumber=1&Extra=1&CallStatus=ringing")->event_key);
  EXPECT_NE(twilio("CallStatus=ringing&SequenceNumber=1")->event_key,
            twilio("CallStatus=ringing&SequenceNumber=2")->event_key);
  EXPECT_NE(twilio("CallStatus=ringing&SequenceNumber=1")->event_key,
            twilio("CallStatus=completed&SequenceNumber=1")->event_key);
  EXPECT_EQ(twilio("CallStatus=ringing")->event_key, std::string{sid} + ":ringing:");
  EXPECT_EQ(twilio("CallStatus=ringing&SequenceNumber=x%3Ay")->event_key, std::string{sid} + ":ringing:");
}

TEST(TwilioCallback, MachineVerdict_IsAnAnsweredCall) {
  const std::string_view url = "https://dialer.example.com/callbacks/twilio/amd?t=TOKEN";
  const auto event = twilio("AnsweredBy=machine_start&MachineDetectionDuration=3100", url);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->report.phase, call_phase::answered);
  EXPECT_TRUE(event->report.machine);
  EXPECT_EQ(event->event_key, std::string{sid} + ":amd:machine_start");
  EXPECT_FALSE(twilio("AnsweredBy=human", url)->report.machine);
  EXPECT_FALSE(twilio("AnsweredBy=unknown", url)->report.machine);
  EXPECT_TRUE(twilio("AnsweredBy=fax", url)->report.machine);
  EXPECT_TRUE(twilio("CallStatus=completed&AnsweredBy=machine_end_beep")->report.machine);
}

TEST(TwilioCallback, WhatIsNoCallEvent_IsIgnored) {
  EXPECT_FALSE(twilio("CallStatus=ringing", "https://dialer.example.com/callbacks/twilio"));
  EXPECT_FALSE(twilio("CallStatus=ringing", "https://dialer.example.com/callbacks/twilio?t="));
  EXPECT_FALSE(twilio("CallStatus=ringing", "https://dialer.example.com/callbacks/twilio#?t=TOKEN"));
  EXPECT_FALSE(twilio("CallStatus=levitating"));
  EXPECT_FALSE(twilio("RecordingSid=RE1&RecordingStatus=completed"));
  EXPECT_FALSE(twilio("AnsweredBy=a%3Ab"));
  callback_request request{};
  request.method = "POST";
  request.url = status_url;
  request.body = "CallSid=CAshort&CallStatus=ringing";
  EXPECT_FALSE(decode_twilio_callback(request));
}

TEST(TwilioCallback, Get_IsReadFromTheQuery) {
  const std::string url =
      std::string{status_url} + "&CallStatus=ringing&SequenceNumber=1&AccountSid=AC7&CallSid=" + std::string{sid};
  callback_request request{};
  request.method = "GET";
  request.url = url;
  request.body = "CallStatus=completed";
  const auto event = decode_twilio_callback(request);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->report.phase, call_phase::ringing);
  EXPECT_EQ(claimed_account(carrier_kind::twilio, request), "AC7");
}

std::optional<callback> telnyx(const std::string& body) {
  callback_request request{};
  request.method = "POST";
  request.body = body;
  return decode_telnyx_callback(request);
}

std::string event(std::string_view type, std::string_view fields = "") {
  return R"({"data":{"record_type":"event","event_type":")" + std::string{type} +
         R"(","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0","occurred_at":"2026-08-18T17:14:30.521992Z","payload":{)"
         R"("call_control_id":"v3:abc","connection_id":"77","client_state":")" +
         client_state_of(token_text) + R"(","direction":"outgoing")" + std::string{fields} +
         R"(}},"meta":{"attempt":1}})";
}

/// The event with another client_state.
std::string with_state(std::string body, const std::string& state) {
  const std::string ours = client_state_of(token_text);
  return body.replace(body.find(ours), ours.size(), state);
}

TEST(TelnyxCallback, EveryCallEvent_HasItsPhase) {
  auto got = telnyx(event("call.initiated"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->event_key, "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0");
  EXPECT_EQ(got->token, token_text);
  EXPECT_EQ(got->report.call_ref, "v3:abc");
  EXPECT_EQ(got->report.phase, call_phase::initiated);
  EXPECT_EQ(got->report.at, utc_time{std::chrono::microseconds{1'787'073'270'521'992}});
  EXPECT_EQ(telnyx(event("call.answered"))->report.phase, call_phase::answered);
  got =
      telnyx(event("call.hangup", R"(,"hangup_cause":"user_busy","sip_hangup_cause":"486","hangup_source":"callee")"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->report.phase, call_phase::ended);
  EXPECT_EQ(got->report.if_unanswered, disposition::busy);
  EXPECT_EQ(got->report.if_answered, disposition::answered);
  EXPECT_EQ(got->report.sip_code, 486);
  EXPECT_FALSE(got->report.maybe_answered);
  got = telnyx(event("call.hangup", R"(,"hangup_cause":"normal_clearing","sip_hangup_cause":"16")"));
  EXPECT_FALSE(got->report.sip_code);  // Q.850, not SIP
  EXPECT_TRUE(got->report.maybe_answered);
}

TEST(TelnyxCallback, DetectionResults_TellMachinesFromPeople) {
  const auto machine = [](std::string_view type, std::string_view result) {
    return telnyx(event(type, R"(,"result":")" + std::string{result} + "\""));
  };
  for (const auto type : {"call.machine.detection.ended", "call.machine.premium.detection.ended"}) {
    for (const auto result : {"human", "human_residence", "human_business", "not_sure", "silence"}) {
      EXPECT_FALSE(machine(type, result)->report.machine) << type << result;
    }
    EXPECT_TRUE(machine(type, "machine")->report.machine) << type;
    EXPECT_EQ(machine(type, "machine")->report.phase, call_phase::answered) << type;
  }
  EXPECT_TRUE(machine("call.machine.premium.detection.ended", "fax_detected")->report.machine);
  for (const auto type : {"call.machine.greeting.ended", "call.machine.premium.greeting.ended"}) {
    EXPECT_TRUE(machine(type, "beep_detected")->report.machine) << type;
    EXPECT_FALSE(machine(type, "no_beep_detected")) << type;
  }
}

TEST(TelnyxCallback, WhatIsNoCallEventOfOurs_IsIgnored) {
  for (const auto type : {"call.cost", "call.recording.saved", "streaming.started", "message.received", ""}) {
    EXPECT_FALSE(telnyx(event(type))) << type;
  }
  const auto without = [](std::string_view part, std::string_view instead) {
    std::string body = event("call.answered");
    body.replace(body.find(part), part.size(), instead);
    return telnyx(body);
  };
  EXPECT_TRUE(without("\"attempt\":1", "\"attempt\":2"));
  EXPECT_FALSE(without("outgoing", "incoming"));
  const std::string state = client_state_of(token_text);
  EXPECT_FALSE(without("\"" + state + "\"", "null"));
  EXPECT_FALSE(without(state, state.substr(1)));
  EXPECT_FALSE(without(state, client_state_of("{}")));  // another application's state
  EXPECT_FALSE(without(state, client_state_of("agent-7")));
  EXPECT_FALSE(without("v3:abc", ""));
  EXPECT_FALSE(without("0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", ""));
  EXPECT_FALSE(without("}}", "}"));
  EXPECT_FALSE(telnyx(""));
  EXPECT_FALSE(telnyx("[]"));
}

// An agent that commands its call may give it a client_state of its own.
TEST(TelnyxCallback, ClientStateOfTheAgents_LeavesTheTokenOfTheUrl) {
  for (const std::string_view theirs : {"{}", "agent-7"}) {
    const std::string body = with_state(
        event("call.hangup", R"(,"hangup_cause":"normal_clearing","sip_hangup_cause":"200")"), client_state_of(theirs));
    callback_request request{};
    request.method = "POST";
    request.body = body;
    request.url = "https://dialer.example.com/callbacks/telnyx?t=OTHER";
    const auto got = decode_telnyx_callback(request);
    ASSERT_TRUE(got) << theirs;
    EXPECT_EQ(got->token, "OTHER");
    request.url = "https://dialer.example.com/callbacks/telnyx";
    EXPECT_FALSE(decode_telnyx_callback(request)) << theirs;
  }
}

TEST(TelnyxCallback, OnlyTheAnswer_IsToBeHandedOver) {
  EXPECT_EQ(telnyx(event("call.answered"))->task, call_task::hand_over);
  for (const auto type : {"call.initiated", "call.machine.detection.ended", "call.hangup"}) {
    EXPECT_EQ(telnyx(event(type))->task, call_task::none) << type;
  }
}

/// An event of the leg that a transfer of the answered call opens.
std::optional<callback> leg(std::string_view type, std::string_view fields) {
  const auto body =
      boost::json::parse(transfer_to_agent(*telnyx(event("call.answered")), "sip:a@pbx.example.com").body);
  std::string text = with_state(event(type, fields), std::string{body.at("target_leg_client_state").as_string()});
  text.replace(text.find("v3:abc"), 6, "v3:leg");
  return telnyx(text);
}

TEST(TelnyxCallback, LegToASipAgentThatCameToNothing_AbandonsTheCall) {
  for (const auto fields :
       {R"(,"hangup_cause":"timeout","sip_hangup_cause":"487")", R"(,"hangup_cause":"user_busy")",
        R"(,"hangup_cause":"normal_clearing","sip_hangup_cause":"480")", R"(,"hangup_cause":"call_rejected")"}) {
    const auto got = leg("call.hangup", fields);
    ASSERT_TRUE(got) << fields;
    EXPECT_EQ(got->task, call_task::hang_up);
    EXPECT_EQ(got->token, token_text);
    EXPECT_EQ(got->report.call_ref, "v3:abc");
    EXPECT_EQ(got->report.phase, call_phase::answered);
    EXPECT_TRUE(got->report.abandoned);
    const telnyx_command end = hang_up_abandoned(*got);
    EXPECT_EQ(end.call_ref, "v3:abc");
    EXPECT_EQ(end.action, "hangup");
  }
}

TEST(TelnyxCallback, LegToASipAgentThatTalks_SaysNothingAboutTheCall) {
  EXPECT_FALSE(leg("call.initiated", ""));
  EXPECT_FALSE(leg("call.answered", ""));
  EXPECT_FALSE(leg("call.bridged", ""));
  EXPECT_FALSE(leg("call.hangup", R"(,"hangup_cause":"normal_clearing","sip_hangup_cause":"200")"));
  EXPECT_FALSE(leg("call.hangup", R"(,"hangup_cause":"normal_clearing","sip_hangup_cause":"16")"));
  EXPECT_FALSE(leg("call.hangup", R"(,"hangup_cause":"originator_cancel","sip_hangup_cause":"487")"));
}

TEST(TransferToAgent, RingsItWithTheToken) {
  const callback answered = *telnyx(event("call.answered"));
  const telnyx_command told = transfer_to_agent(answered, "sip:a@pbx.example.com");
  EXPECT_EQ(told.call_ref, "v3:abc");
  EXPECT_EQ(told.action, "transfer");
  const auto body = boost::json::parse(told.body);
  EXPECT_EQ(body.at("to").as_string(), "sip:a@pbx.example.com");
  EXPECT_EQ(body.at("timeout_secs").as_int64(), 30);
  EXPECT_EQ(boost::json::serialize(body.at("custom_headers")),
            R"([{"name":"X-Attempt","value":")" + token_text + R"("}])");
  EXPECT_EQ(body.at("command_id").as_string(), answered.event_key) << "sent again, it is done once";
}

TEST(Abandoned, ReportIsStickyAndSurvivesBeingStored) {
  const callback made = abandoned(*telnyx(event("call.answered")));
  EXPECT_EQ(made.token, token_text);
  EXPECT_NE(made.event_key, telnyx(event("call.answered"))->event_key) << "taken for a repeat of the answer";
  const auto stored = parse_report(serialize_report(made.report));
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->abandoned);
  call_report known = telnyx(event("call.hangup", R"(,"hangup_cause":"user_busy")"))->report;
  join(known, call_report{*stored});
  EXPECT_EQ(known.phase, call_phase::ended);
  EXPECT_TRUE(known.abandoned);
}

TEST(ClaimedAccount, IsReadBeforeAnythingIsVerified) {
  callback_request request{};
  request.method = "POST";
  request.body = "CallSid=x&AccountSid=AC0123&AccountSid=AC9";
  EXPECT_EQ(claimed_account(carrier_kind::twilio, request), "AC0123");
  const std::string body = event("call.cost");
  request.body = body;
  EXPECT_EQ(claimed_account(carrier_kind::telnyx, request), "77");
  EXPECT_EQ(claimed_account(carrier_kind::twilio, request), "");
  request.body = "";
  EXPECT_EQ(claimed_account(carrier_kind::telnyx, request), "");
}

}  // namespace
}  // namespace dialer::carriers
