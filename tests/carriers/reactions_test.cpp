// A second transcription of the carriers' error codes, grouped by what they mean, against the tables in the code.
#include "carriers/reactions.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dialer::carriers {
namespace {

using enum reaction;

struct twilio_expectation {
  int status;
  std::vector<int> codes;
  reaction react;
  disposition outcome = disposition::failed;
};

const std::vector<twilio_expectation> twilio_page{
    {400, {21211, 21217}, fail_number, disposition::invalid_number},
    {400, {21214}, fail_here},
    {400, {21202}, fail_number, disposition::blocked},
    {400, {21203, 21215}, close_prefix, disposition::blocked},
    {400, {21216}, close_prefix, disposition::blocked},
    {400, {21210}, caller_id},
    {400, {21212}, caller_id},
    {400, {21213}, config},
    {400, {21219, 573002, 573005}, stop_account},
    {400,
     {21201, 21205, 21206, 21208, 21209, 21218, 21221, 21222, 21223, 21224, 21225, 21226, 21227, 21228, 21229, 21234,
      21263, 20001, 20422},
     config},
    {401, {20003}, stop_account},
    {403, {20403, 20006, 20010, 70051}, stop_account},
    {400, {10001, 20005, 90010}, stop_account},
    {403, {10001, 20005, 90010}, stop_account},
    {400, {10005}, stop_account},
    {400, {10004, 86008}, throttle_concurrency},
    {400, {22005}, throttle_rate},
    {404, {20404}, config},
};

TEST(TwilioReactions, EveryRefusalOfTheTable_ReactsAsThePageSays) {
  for (const auto& row : twilio_page) {
    for (const int code : row.codes) {
      const classified verdict = classify_twilio(row.status, code);
      EXPECT_EQ(verdict.what, answer_class::rejected) << code;
      EXPECT_EQ(verdict.react, row.react) << code;
      EXPECT_EQ(verdict.outcome, row.outcome) << code;
      EXPECT_FALSE(verdict.circuit) << code;
    }
  }
}

TEST(TwilioReactions, TooManyRequests_WasNotProcessed) {
  for (const int code : {20429, 0, 12345}) {
    const classified verdict = classify_twilio(429, code);
    EXPECT_EQ(verdict.what, answer_class::not_sent) << code;
    EXPECT_EQ(verdict.react, throttle_rate) << code;
  }
}

TEST(TwilioReactions, FullQueue_PausesByItself) {
  EXPECT_EQ(classify_twilio(400, 22005).pause, std::chrono::seconds{60});
  EXPECT_FALSE(classify_twilio(400, 10004).pause);
}

TEST(TwilioReactions, ServerErrors_LeaveTheOutcomeOpenWhateverTheCode) {
  for (const int status : {500, 501, 502, 503, 504, 599}) {
    for (const int code : {0, 20500, 20503, 21211, 20003, 20429}) {
      const classified verdict = classify_twilio(status, code);
      EXPECT_EQ(verdict.what, answer_class::unknown) << status << ' ' << code;
      EXPECT_EQ(verdict.react, reconcile) << status << ' ' << code;
      EXPECT_TRUE(verdict.circuit) << status << ' ' << code;
    }
  }
}

TEST(TwilioReactions, RequestTimeout_LeavesTheOutcomeOpen) {
  EXPECT_EQ(classify_twilio(408, 0).what, answer_class::unknown);
  EXPECT_FALSE(classify_twilio(408, 0).circuit);
}

TEST(TwilioReactions, UnknownCode_IsOurSetUpForThisAttemptOnly) {
  for (const int code : {21204, 21207, 21220, 21230, 99999, 21233, 21235}) {
    EXPECT_EQ(classify_twilio(400, code).react, config) << code;
    EXPECT_EQ(classify_twilio(400, code).what, answer_class::rejected) << code;
  }
}

TEST(TwilioReactions, NoCode_StatusDecides) {
  EXPECT_EQ(classify_twilio(400, 0).react, config);
  EXPECT_EQ(classify_twilio(401, 0).react, stop_account);
  EXPECT_EQ(classify_twilio(403, 0).react, stop_account);
  EXPECT_EQ(classify_twilio(404, 0).react, config);
  EXPECT_EQ(classify_twilio(422, 0).react, config);
}

struct telnyx_expectation {
  int status;
  std::vector<std::string_view> codes;
  reaction react;
  disposition outcome = disposition::failed;
  std::string_view pointer = {};
};

const std::vector<telnyx_expectation> telnyx_page{
    {401, {"10009", "20002", "20003", "20006", "20008"}, stop_account},
    {404, {"10005"}, config},
    {403, {"20012"}, stop_account},
    {402, {"20100"}, stop_account},
    {403, {"20100", "20013", "20014", "20016", "20017", "10038", "10039"}, stop_account},
    {403, {"10010"}, config},
    {400, {"90041", "90042", "90043"}, throttle_concurrency},
    {403, {"90041", "90042", "90043"}, throttle_concurrency},
    {422, {"10016", "10002"}, fail_number, disposition::invalid_number, "/to"},
    {422, {"10016", "10002"}, caller_id, disposition::failed, "/from"},
    {422, {"10016", "10002"}, config, disposition::failed, "/webhook_url"},
    {422, {"10015"}, stop_account, disposition::failed, "/connection_id"},
    {422,
     {"10004", "10014", "10015", "10020", "10023", "10024", "10025", "10026", "10027", "10028", "10029", "10032",
      "10033", "10034", "10011", "90017", "90028", "90029", "90057"},
     config},
};

TEST(TelnyxReactions, EveryCodeOfTheTable_ReactsAsThePageSays) {
  for (const auto& row : telnyx_page) {
    for (const auto code : row.codes) {
      const telnyx_error error{code, row.pointer, {}, false};
      const classified verdict = classify_telnyx(row.status, error);
      EXPECT_EQ(verdict.what, answer_class::rejected) << code;
      EXPECT_EQ(verdict.react, row.react) << code << ' ' << row.pointer;
      EXPECT_EQ(verdict.outcome, row.outcome) << code << ' ' << row.pointer;
      EXPECT_TRUE(known_telnyx_error(row.status, error)) << code;
    }
  }
}

struct token_expectation {
  std::vector<std::string_view> tokens;
  reaction react;
  disposition outcome = disposition::failed;
  bool circuit = false;
};

const std::vector<token_expectation> token_page{
    {{"D17", "D19", "D60", "D61"}, stop_account},
    {{"D13"}, close_prefix, disposition::blocked},
    {{"D12", "D24", "TM1"}, close_prefix, disposition::blocked},
    {{"D41", "D58", "D37"}, fail_number, disposition::blocked},
    {{"D11", "D14", "D50", "D59"}, fail_number, disposition::invalid_number},
    {{"D35", "D49"}, caller_id},
    {{"D36", "D51"}, caller_id},
    {{"D46"}, caller_id},
    {{"D54"}, rest_caller_id},
    {{"D63", "D64"}, caller_id},
    {{"D53"}, config},
    {{"D39"}, stop_account},
    {{"D9"}, throttle_rate},
    {{"D7", "D15", "D16", "D26", "D38", "D44"}, stop_account},
    {{"D1", "D2", "D3", "D10", "D22"}, throttle_concurrency},
    {{"PE1", "PE2", "PE3", "PE4", "PE5", "PE6", "TV1", "P05"}, retry, disposition::failed, true},
};

TEST(TelnyxReactions, EveryTokenOfTheTable_WinsOverTheCode) {
  for (const auto& row : token_page) {
    for (const auto token : row.tokens) {
      const classified verdict = classify_telnyx(403, {"10010", {}, token, false});
      EXPECT_EQ(verdict.what, answer_class::rejected) << token;
      EXPECT_EQ(verdict.react, row.react) << token;
      EXPECT_EQ(verdict.outcome, row.outcome) << token;
      EXPECT_EQ(verdict.circuit, row.circuit) << token;
      EXPECT_EQ(classify_refusal_token(token), verdict) << token;
    }
  }
}

TEST(TelnyxReactions, SameCodeAtTwoStatuses_MeansTwoThings) {
  EXPECT_EQ(classify_telnyx(429, {"10011", {}, {}, false}).react, throttle_rate);
  EXPECT_EQ(classify_telnyx(429, {"10011", {}, {}, false}).what, answer_class::not_sent);
  EXPECT_EQ(classify_telnyx(422, {"10011", {}, {}, false}).react, config);
  EXPECT_EQ(classify_telnyx(422, {"10011", {}, {}, false}).what, answer_class::rejected);
}

TEST(TelnyxReactions, DialsPerSecond_WaitsForTheWindow) {
  const classified verdict = classify_telnyx(429, {"90103", {}, {}, false});
  EXPECT_EQ(verdict.what, answer_class::not_sent);
  EXPECT_EQ(verdict.react, throttle_rate);
  EXPECT_EQ(verdict.pause, std::chrono::seconds{5});
}

TEST(TelnyxReactions, TimedOutOrInProgress_LeavesTheOutcomeOpen) {
  for (const auto& [status, code] : std::vector<std::pair<int, std::string_view>>{
           {408, "10008"}, {408, "99999"}, {409, "10036"}, {409, "99999"}, {422, "10008"}}) {
    const classified verdict = classify_telnyx(status, {code, {}, {}, false});
    EXPECT_EQ(verdict.what, answer_class::unknown) << status << code;
    EXPECT_EQ(verdict.react, reconcile) << status << code;
    EXPECT_FALSE(verdict.circuit) << status << code;
  }
}

TEST(TelnyxReactions, ServerErrors_LeaveTheOutcomeOpenWhateverTheCodeOrToken) {
  for (const int status : {500, 502, 503, 504}) {
    for (const auto& error : {telnyx_error{"10007", {}, {}, false}, telnyx_error{"10037", {}, {}, false},
                              telnyx_error{"10010", {}, "D11", false}, telnyx_error{"10010", {}, "PE2", false}}) {
      const classified verdict = classify_telnyx(status, error);
      EXPECT_EQ(verdict.what, answer_class::unknown);
      EXPECT_EQ(verdict.react, reconcile);
      EXPECT_TRUE(verdict.circuit);
    }
  }
}

TEST(TelnyxReactions, SpendLimitInWords_StopsTheAccount) {
  EXPECT_EQ(classify_telnyx(403, {"10010", {}, {}, true}).react, stop_account);
}

TEST(TelnyxReactions, UnknownCodeOrToken_IsOurSetUp) {
  EXPECT_EQ(classify_telnyx(422, {"99999", {}, {}, false}).react, config);
  EXPECT_EQ(classify_telnyx(403, {"10010", {}, "D99", false}).react, config);
  EXPECT_FALSE(known_telnyx_error(422, {"99999", {}, {}, false}));
  EXPECT_FALSE(classify_refusal_token("D99"));
  EXPECT_FALSE(classify_refusal_token(""));
}

TEST(RefusalToken, WholeWordAnywhere_IsFound) {
  EXPECT_EQ(find_refusal_token("Dialed number is not included in whitelisted countries D13"), "D13");
  EXPECT_EQ(find_refusal_token("D1: too many"), "D1");
  EXPECT_EQ(find_refusal_token("(PE3)"), "PE3");
  EXPECT_EQ(find_refusal_token("no route TV1."), "TV1");
  EXPECT_EQ(find_refusal_token("TM1"), "TM1");
  EXPECT_EQ(find_refusal_token("sip P05 cps"), "P05");
}

TEST(RefusalToken, PartOfAWord_IsNot) {
  for (const auto text : {"", "D", "D123", "AD13", "D13x", "D_1", "d13", "PE", "PE12", "TV2", "P5", "3D printer"}) {
    EXPECT_EQ(find_refusal_token(text), "") << text;
  }
}

}  // namespace
}  // namespace dialer::carriers
