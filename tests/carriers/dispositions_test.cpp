// A second transcription of the carriers' call statuses and hangup causes.
#include "carriers/dispositions.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace dialer::carriers {
namespace {

struct twilio_expectation {
  std::string_view status;
  std::vector<int> sip_codes;  ///< 0: none
  disposition value;
  bool caller_id_signal = false;
  bool circuit = false;
};

const std::vector<twilio_expectation> twilio_page{
    {"completed", {200, 0}, disposition::answered},
    {"busy", {486, 600, 487, 0}, disposition::busy},
    {"no-answer", {487, 480, 408, 0}, disposition::no_answer},
    {"no-answer", {603}, disposition::rejected},
    {"canceled", {0, 487}, disposition::canceled},
    {"failed", {404, 410, 484, 604}, disposition::invalid_number},
    {"failed", {403}, disposition::blocked},
    {"failed", {607, 608}, disposition::rejected, true},
    {"busy", {607, 608}, disposition::rejected, true},
    {"no-answer", {607, 608}, disposition::rejected, true},
    {"failed", {480, 408}, disposition::no_answer},
    {"failed", {488, 606}, disposition::failed},
    {"failed", {500, 502, 503, 504, 0}, disposition::failed, false, true},
};

TEST(TwilioCallEnd, EveryRow_EndsAsThePageSays) {
  for (const auto& row : twilio_page) {
    for (const int sip : row.sip_codes) {
      const call_end end = twilio_call_end(row.status, sip == 0 ? std::nullopt : std::optional{sip}, 0);
      EXPECT_EQ(end, (call_end{row.value, row.value, row.caller_id_signal, row.circuit, false}))
          << row.status << ' ' << sip;
    }
  }
}

TEST(TwilioCallEnd, ErrorNamedAfterwards_RefinesAFailedCall) {
  EXPECT_TRUE(twilio_call_end("failed", 503, 32017).caller_id_signal);
  EXPECT_FALSE(twilio_call_end("failed", 503, 32017).circuit);
  EXPECT_TRUE(twilio_call_end("failed", std::nullopt, 32016).circuit);
  EXPECT_TRUE(twilio_call_end("failed", std::nullopt, 32014).circuit);
  EXPECT_EQ(twilio_call_end("failed", std::nullopt, 34002).if_answered, disposition::busy);
  EXPECT_EQ(twilio_call_end("failed", std::nullopt, 34003).if_answered, disposition::no_answer);
  for (const int code : {13223, 13224, 13226}) {
    EXPECT_EQ(twilio_call_end("failed", std::nullopt, code).if_answered, disposition::invalid_number) << code;
  }
  for (const int code : {13225, 32203, 13227, 32205}) {
    EXPECT_EQ(twilio_call_end("failed", std::nullopt, code).if_answered, disposition::blocked) << code;
    EXPECT_EQ(twilio_call_end("failed", std::nullopt, code).react, reaction::close_prefix) << code;
  }
  for (const int code : {13247, 32206, 32204}) {
    EXPECT_TRUE(twilio_call_end("failed", std::nullopt, code).caller_id_signal) << code;
    EXPECT_EQ(twilio_call_end("failed", std::nullopt, code).react, reaction::caller_id) << code;
  }
  EXPECT_EQ(twilio_call_end("busy", 486, 32017).if_answered, disposition::busy);
  EXPECT_EQ(twilio_call_end("failed", 404, 11111).if_answered, disposition::invalid_number);
}

struct telnyx_expectation {
  std::string_view cause;
  std::vector<std::string_view> sip_causes;
  disposition if_unanswered;
  bool caller_id_signal = false;
  bool circuit = false;
  bool maybe_answered = false;
};

const std::vector<telnyx_expectation> telnyx_page{
    {"normal_clearing", {"200"}, disposition::answered},
    {"normal_clearing", {"480", "487", "300"}, disposition::no_answer},
    {"normal_clearing", {"16", "unspecified", "", "299"}, disposition::no_answer, false, false, true},
    {"user_busy", {"486", "17", ""}, disposition::busy},
    {"timeout", {"487", "408", "480"}, disposition::no_answer},
    {"no_answer", {"487", "408", "480"}, disposition::no_answer},
    {"originator_cancel", {"487"}, disposition::canceled},
    {"call_rejected", {"603", "21", "unspecified"}, disposition::rejected},
    {"call_rejected", {"403"}, disposition::blocked},
    {"call_rejected", {"403 D13"}, disposition::blocked},
    {"call_rejected", {"D11"}, disposition::invalid_number},
    {"call_rejected", {"D54"}, disposition::failed, true},
    {"call_rejected", {"PE2"}, disposition::failed, false, true},
    {"call_rejected", {"607", "608"}, disposition::rejected, true},
    {"not_found", {"404", "1"}, disposition::invalid_number},
    {"unspecified", {"500", "503", "599"}, disposition::failed, false, true},
    {"unspecified", {"480", "404", "499", "600"}, disposition::no_answer},
    {"unspecified", {"unspecified", "", "16"}, disposition::no_answer, false, false, true},
    {"unspecified", {"1", "28"}, disposition::invalid_number},
    {"unspecified", {"18", "19"}, disposition::no_answer},
    {"unspecified", {"17"}, disposition::busy},
    {"unspecified", {"21"}, disposition::rejected},
    {"unspecified", {"27", "38", "41"}, disposition::failed, false, true},
    {"a_new_cause", {"503"}, disposition::failed, false, true},
    {"a_new_cause", {"99", "x"}, disposition::no_answer, false, false, true},
};

TEST(TelnyxCallEnd, EveryRow_EndsAsThePageSays) {
  for (const auto& row : telnyx_page) {
    for (const auto sip : row.sip_causes) {
      call_end end = telnyx_call_end(row.cause, sip);
      end.react = reaction::none;  // below
      EXPECT_EQ(end, (call_end{disposition::answered, row.if_unanswered, row.caller_id_signal, row.circuit,
                               row.maybe_answered}))
          << row.cause << ' ' << sip;
    }
  }
}

TEST(TelnyxCallEnd, RefusedAfterItWasTaken_AsksForWhatTheRefusalWouldHave) {
  const std::vector<std::pair<std::string_view, reaction>> tokens{
      {"D17", reaction::stop_account},        {"D19", reaction::stop_account},   {"D39", reaction::stop_account},
      {"D35", reaction::caller_id},           {"D54", reaction::rest_caller_id}, {"D13", reaction::close_prefix},
      {"D1", reaction::throttle_concurrency}, {"D11", reaction::fail_number}};
  for (const auto& [token, react] : tokens) {
    for (const auto cause : {"call_rejected", "unspecified"}) {
      EXPECT_EQ(telnyx_call_end(cause, "403 " + std::string{token}).react, react) << cause << ' ' << token;
    }
  }
  for (const auto sip : {"403", "486", "603", ""}) {
    EXPECT_EQ(telnyx_call_end("call_rejected", sip).react, reaction::none) << sip;
  }
}

TEST(TelnyxCallEnd, OurTimeLimit_WasAnswered) {
  EXPECT_EQ(telnyx_call_end("time_limit", "").if_unanswered, disposition::answered);
}

TEST(SipCode, BoundsOfTheRange_AreKept) {
  EXPECT_EQ(parse_sip_code("100"), 100);
  EXPECT_EQ(parse_sip_code("699"), 699);
  for (const auto text : {"99", "700", "", "unspecified", "486 ", "-486", "4860000000000"}) {
    EXPECT_FALSE(parse_sip_code(text)) << text;
  }
}

TEST(TwilioPhase, EveryStatus_HasItsPhase) {
  EXPECT_EQ(twilio_phase("queued"), call_phase::queued);
  EXPECT_EQ(twilio_phase("initiated"), call_phase::initiated);
  EXPECT_EQ(twilio_phase("ringing"), call_phase::ringing);
  EXPECT_EQ(twilio_phase("in-progress"), call_phase::answered);
  for (const auto status : {"completed", "busy", "no-answer", "canceled", "failed"}) {
    EXPECT_EQ(twilio_phase(status), call_phase::ended) << status;
  }
  EXPECT_FALSE(twilio_phase("Completed"));
  EXPECT_FALSE(twilio_phase(""));
}

TEST(AnsweredBy, MachinesAndFax_AreMachines) {
  for (const auto by : {"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"}) {
    EXPECT_TRUE(twilio_answered_by_machine(by)) << by;
  }
  for (const auto by : {"human", "unknown", ""}) EXPECT_FALSE(twilio_answered_by_machine(by)) << by;
  for (const auto by : {"machine", "fax_detected"}) EXPECT_TRUE(telnyx_answered_by_machine(by)) << by;
  for (const auto by : {"human", "not_sure", "human_residence", "human_business", "silence", ""}) {
    EXPECT_FALSE(telnyx_answered_by_machine(by)) << by;
  }
}

}  // namespace
}  // namespace dialer::carriers
