#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/carriers/exchange_for_test.hpp"

namespace dialer::carriers {
namespace {

constexpr std::string_view sid = "CA0123456789abcdef0123456789abcdef";
constexpr std::string_view created = R"({"sid":"CA0123456789abcdef0123456789abcdef","account_sid":)"
                                     R"("AC0123456789abcdef0123456789abcdef","status":"queued","queue_time":"1500"})";

class TwilioCodec : public testing::Test {
 protected:
  std::unique_ptr<codec> codec_ = make_codec(twilio_account());

  std::string create(const call_options& options, std::string_view token = "TOKEN-_1") {
    std::string out;
    codec_->encode_create(options, compliance::gate::permit_for_test(callee, caller), attempt_id{7}, token, out);
    return out;
  }
};

const std::string head_tail =
    "Host: api.twilio.com\r\n"
    "Authorization: Basic "
    "QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    "Accept: application/json\r\nUser-Agent: dialer\r\nConnection: keep-alive\r\n";

const std::string create_body =
    "To=%2B12125550123&From=%2B442079460123"
    "&Url=https%3A%2F%2Fagent.example.com%2Fanswer%3Fagent%3D7%26t%3DTOKEN-_1"
    "&StatusCallback=https%3A%2F%2Fdialer.example.com%2Fcallbacks%2Ftwilio%3Ft%3DTOKEN-_1%23rc%3D3%26rp%3Dall"
    "&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&StatusCallbackEvent=answered"
    "&StatusCallbackEvent=completed&Timeout=30&TimeLimit=1800";
const std::string detection =
    "&MachineDetection=Enable&AsyncAmd=true"
    "&AsyncAmdStatusCallback=https%3A%2F%2Fdialer.example.com%2Fcallbacks%2Ftwilio%2Famd%3Ft%3DTOKEN-_1";

std::string create_request(const std::string& body) {
  return "POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json HTTP/1.1\r\n" + head_tail +
         "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST_F(TwilioCodec, Create_IsTheseBytes) {
  EXPECT_EQ(create(options_for_test()), create_request(create_body + detection));
}

TEST_F(TwilioCodec, CreateWithoutMachineDetection_LeavesItOut) {
  call_options options = options_for_test();
  options.machine_detection = false;
  EXPECT_EQ(create(options), create_request(create_body));
}

TEST_F(TwilioCodec, OptionsChangeBetweenCalls_EachRequestHasItsOwn) {
  call_options options = options_for_test();
  const std::string first = create(options);
  call_options other = options;
  other.answer_url = "https://other.example.com/a#top";
  other.callback_base_url = "https://b.example.com";
  other.ring_timeout = std::chrono::seconds{601};
  other.call_time_limit = std::chrono::seconds{60};
  other.machine_detection = false;
  const std::string second = create(other);
  EXPECT_NE(
      second.find("&Url=https%3A%2F%2Fother.example.com%2Fa%3Ft%3DTOKEN-_1%23top&StatusCallback=https%3A%2F%2Fb."),
      std::string::npos);
  EXPECT_NE(second.find("&Timeout=600&TimeLimit=60"), std::string::npos);
  EXPECT_EQ(second.find("MachineDetection"), std::string::npos);
  EXPECT_EQ(create(options), first);
  // One option at a time: none may be forgotten by the comparison.
  for (int field = 0; field < 5; ++field) {
    call_options changed = options;
    if (field == 0) changed.answer_url = other.answer_url;
    if (field == 1) changed.callback_base_url = other.callback_base_url;
    if (field == 2) changed.ring_timeout = other.ring_timeout;
    if (field == 3) changed.call_time_limit = other.call_time_limit;
    if (field == 4) changed.machine_detection = other.machine_detection;
    EXPECT_NE(create(changed), first) << field;
    EXPECT_EQ(create(options), first) << field;
  }
}

// Nobody has to be asked what to do: the call carries its document, and the agent gets the token as a header.
TEST_F(TwilioCodec, AgentAtASipAddress_IsDialedByTheCallsOwnDocument) {
  call_options options = options_for_test();
  options.answer_url = "sip:ann@pbx.example.com;transport=tls";
  const std::string plain = create(options);
  EXPECT_NE(
      plain.find("&Twiml=%3C%3Fxml%20version%3D%221.0%22%20encoding%3D%22UTF-8%22%3F%3E%3CResponse%3E%3CDial%20"
                 "answerOnBridge%3D%22true%22%20timeout%3D%2230%22%3E%3CSip%3Esip%3Aann%40pbx.example.com%3B"
                 "transport%3Dtls%3Fx-attempt%3DTOKEN-_1%3C%2FSip%3E%3C%2FDial%3E%3C%2FResponse%3E&StatusCallback="),
      std::string::npos)
      << plain;
  EXPECT_EQ(plain.find("&Url="), std::string::npos);
  options.answer_url = "sip:ann@pbx.example.com?x-a=1";
  EXPECT_NE(create(options).find("%3Fx-a%3D1%26amp%3Bx-attempt%3DTOKEN-_1%3C%2FSip%3E"), std::string::npos);
}

TEST_F(TwilioCodec, Create_AppendsToWhatIsThere) {
  std::string out = "before";
  codec_->encode_create(options_for_test(), compliance::gate::permit_for_test(callee, caller), attempt_id{7}, "T", out);
  EXPECT_TRUE(out.starts_with("beforePOST "));
}

TEST_F(TwilioCodec, BaseUrlWithPortAndPath_IsKept) {
  account value = twilio_account();
  value.base_url = "https://127.0.0.1:8443/sim/";
  std::string out;
  make_codec(value)->encode_fetch(sid, out);
  EXPECT_TRUE(out.starts_with("GET /sim/2010-04-01/Accounts/")) << out;
  EXPECT_NE(out.find("\r\nHost: 127.0.0.1:8443\r\n"), std::string::npos);
}

TEST_F(TwilioCodec, AccountThatCannotStandInARequest_IsRefusedByName) {
  const auto refusal = [](auto change) {
    account value = twilio_account();
    change(value);
    try {
      make_codec(value);
    } catch (const std::invalid_argument& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_NE(refusal([](account& a) { a.secret = "x\r\nEvil: 1"; }).find("secret"), std::string::npos);
  EXPECT_NE(refusal([](account& a) { a.secret = ""; }).find("secret is empty"), std::string::npos);
  EXPECT_NE(refusal([](account& a) { a.account_sid = "AC 1"; }).find("account_sid"), std::string::npos);
  for (const auto url : {"", "api.twilio.com", "ftp://a.example.com", "https://", "https://a b",
                         "https://a.example.com/?x", "https://127.0.0.1.example.com"}) {
    EXPECT_NE(refusal([&](account& a) { a.base_url = url; }).find("base_url"), std::string::npos) << url;
  }
}

// --- answers to create: what each leaves open ---

TEST_F(TwilioCodec, CreatedWithSid_IsAccepted) {
  const answer_for_test answer{201, created};
  const create_answer result = codec_->decode_create(answer);
  EXPECT_EQ(result.what, answer_class::accepted);
  EXPECT_EQ(result.react, reaction::none);
  EXPECT_FALSE(result.circuit);
  EXPECT_EQ(result.call_ref, sid);
  EXPECT_EQ(result.http_status, 201);
  EXPECT_EQ(result.queue_time, std::chrono::milliseconds{1500});
}

TEST_F(TwilioCodec, NotAllHandedOver_WasNotSent) {
  http::http_answer answer;
  answer.how = http::delivery::not_sent;
  answer.error = "connect: refused\n";
  const create_answer result = codec_->decode_create(answer);
  EXPECT_EQ(result.what, answer_class::not_sent);
  EXPECT_EQ(result.react, reaction::retry);
  EXPECT_TRUE(result.circuit);
  EXPECT_EQ(result.http_status, 0);
  EXPECT_EQ(result.detail, "connect: refused\\x0a");
}

TEST_F(TwilioCodec, NoCompleteAnswer_IsInDoubt) {
  http::http_answer answer;
  answer.how = http::delivery::unknown;
  answer.error = "reset";
  const create_answer result = codec_->decode_create(answer);
  EXPECT_EQ(result.what, answer_class::unknown);
  EXPECT_EQ(result.react, reaction::reconcile);
  EXPECT_TRUE(result.circuit);
  EXPECT_EQ(result.detail, "reset");
}

TEST_F(TwilioCodec, RefusedInTwiliosWords_IsRejected) {
  for (const int status : {400, 401, 403, 404}) {
    const answer_for_test answer{status, R"({"code": 21211, "message": "The 'To' number is bad", "status": 400})"};
    const create_answer result = codec_->decode_create(answer);
    EXPECT_EQ(result.what, answer_class::rejected) << status;
    EXPECT_EQ(result.react, reaction::fail_number) << status;
    EXPECT_EQ(result.outcome, disposition::invalid_number) << status;
    EXPECT_EQ(result.carrier_code, "21211") << status;
    EXPECT_EQ(result.detail, "The 'To' number is bad") << status;
    EXPECT_TRUE(result.call_ref.empty()) << status;
  }
}

TEST_F(TwilioCodec, ProblemFormatWithoutCode_IsTwiliosToo) {
  const answer_for_test answer{401, R"({"type":"about:blank","title":"Unauthorized","status":401})",
                               "application/problem+json; charset=utf-8"};
  const create_answer result = codec_->decode_create(answer);
  EXPECT_EQ(result.what, answer_class::rejected);
  EXPECT_EQ(result.react, reaction::stop_account);
  EXPECT_EQ(result.carrier_code, "");
}

TEST_F(TwilioCodec, TooManyRequests_IsNotSentAndWaitsAsTold) {
  answer_for_test answer{429, R"({"code":20429,"message":"Too Many Requests","status":429})"};
  answer->retry_after = "7";
  create_answer result = codec_->decode_create(answer);
  EXPECT_EQ(result.what, answer_class::not_sent);
  EXPECT_EQ(result.react, reaction::throttle_rate);
  EXPECT_EQ(result.retry_after, std::chrono::seconds{7});
  answer->retry_after = "Wed, 18 Nov 2026 10:00:30 GMT";
  answer->date = "Wed, 18 Nov 2026 10:00:00 GMT";
  EXPECT_EQ(codec_->decode_create(answer).retry_after, std::chrono::seconds{30});
  answer->retry_after = "999999999999999999999999";
  EXPECT_EQ(codec_->decode_create(answer).retry_after, std::chrono::hours{1});
  answer->retry_after = "soon";
  EXPECT_FALSE(codec_->decode_create(answer).retry_after);
}

TEST_F(TwilioCodec, AnythingNotClean_IsInDoubt) {
  struct unclean {
    int status;
    std::string_view body;
    std::string_view type = "application/json";
  };
  const std::vector<unclean> answers{
      {500, R"({"code":20500,"message":"Internal","status":500})"},
      {500, ""},
      {502, "<html>bad gateway</html>", "text/html"},
      {503, R"({"code":20503,"message":"later","status":503})"},
      {504, R"({"code":21211,"message":"x","status":400})"},
      {201, R"({"status":"queued"})"},
      {201, R"({"sid":"CA0123456789abcdef0123456789abcde"})"},
      {201, R"({"sid":"PN0123456789abcdef0123456789abcdef"})"},
      {201, R"({"sid":"CA0123456789abcdef0123456789abcdeg"})"},
      {201, R"({"sid":17})"},
      {201, R"({"sid":"CA0123456789abcdef0123456789abcdef","account_sid":"AC99999999999999999999999999999999"})"},
      {201, R"({"sid":"CA0123456789abcdef0123456789abcdef")"},
      {201, R"([])"},
      {201, ""},
      {201, created, "text/html"},
      {200, created},
      {202, created},
      {301, ""},
      {302, created},
      {307, R"({"code":20404,"message":"moved","status":307})"},
      {100, ""},
      {400, "", "text/plain"},
      {400, "Bad Request", "text/plain"},
      {400, R"({"code":21211,"message":"x","status":400})", "text/html"},
      {401, R"({"message":"Unauthorized"})"},
      {403, R"({"error":"forbidden"})"},
      {403, R"({"code":403,"message":"Forbidden"})"},
      {403, R"({"message":"Forbidden","status":500})"},
      {404, R"("not found")"},
      {404, R"({"code":20404,"message":"cut)"},
      {429, "Too many requests", "text/plain"},
      {429, R"({"message":"slow down"})"},
      {408, R"({"code":20408,"message":"timeout","status":408})"},
  };
  for (const unclean& row : answers) {
    const answer_for_test answer{row.status, row.body, row.type};
    const create_answer result = codec_->decode_create(answer);
    EXPECT_EQ(result.what, answer_class::unknown) << row.status << ' ' << row.body;
    EXPECT_EQ(result.react, reaction::reconcile) << row.status << ' ' << row.body;
    EXPECT_TRUE(result.call_ref.empty()) << row.status << ' ' << row.body;
    EXPECT_EQ(result.http_status, row.status);
  }
}

TEST_F(TwilioCodec, ForeignWords_AreCutAndEscaped) {
  const std::string body = "\x1b[31mred\n" + std::string(2000, 'x');
  const answer_for_test answer{502, body, "text/html"};
  const std::string detail = codec_->decode_create(answer).detail;
  EXPECT_TRUE(detail.starts_with("\\x1b[31mred\\x0axxx"));
  EXPECT_EQ(detail.size(), 512U);
}

// --- look-ups ---

TEST_F(TwilioCodec, Fetch_IsTheseBytes) {
  std::string out;
  codec_->encode_fetch(sid, out);
  EXPECT_EQ(out,
            "GET /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls/CA0123456789abcdef0123456789abcdef.json"
            " HTTP/1.1\r\n" +
                head_tail + "\r\n");
  out.clear();
  codec_->encode_fetch("../x y", out);
  EXPECT_NE(out.find("/Calls/..%2Fx%20y.json "), std::string::npos);
}

TEST_F(TwilioCodec, FetchedCall_IsReported) {
  const answer_for_test answer{200, R"({"sid":"CA0123456789abcdef0123456789abcdef","status":"completed","duration":"12",
    "answered_by":"machine_start","end_time":"Tue, 18 Aug 2026 17:14:30 +0000","direction":"outbound-api"})"};
  const auto report = codec_->decode_fetch(answer);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->call_ref, sid);
  EXPECT_EQ(report->phase, call_phase::ended);
  EXPECT_EQ(report->if_answered, disposition::answered);
  EXPECT_EQ(report->if_unanswered, disposition::answered);
  EXPECT_TRUE(report->machine);
  EXPECT_EQ(report->duration, std::chrono::seconds{12});
  EXPECT_EQ(report->at, utc_time{std::chrono::seconds{1'787'073'270}});
}

TEST_F(TwilioCodec, CallStillQueued_IsReportedWithNulls) {
  const answer_for_test answer{200, R"({"sid":"CA0123456789abcdef0123456789abcdef","status":"queued","duration":null,
    "answered_by":null,"end_time":null,"date_updated":null})"};
  const auto report = codec_->decode_fetch(answer);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->phase, call_phase::queued);
  EXPECT_FALSE(report->duration);
  EXPECT_EQ(report->at, utc_time{});
}

TEST_F(TwilioCodec, FetchOfUnknownCall_SaysUnknown) {
  const answer_for_test answer{404, R"({"code":20404,"message":"not found","status":404})"};
  const auto report = codec_->decode_fetch(answer);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->phase, call_phase::ended);
  EXPECT_EQ(report->if_answered, disposition::unknown);
  EXPECT_EQ(report->if_unanswered, disposition::unknown);
}

TEST_F(TwilioCodec, FetchWithoutCleanAnswer_SaysNothing) {
  for (const auto& [status, body] : std::vector<std::pair<int, std::string_view>>{
           {404, "not found"},
           {404, R"({"code":20003})"},
           {500, created},
           {401, R"({"code":20003,"message":"x"})"},
           {200, R"({"sid":"CA0123456789abcdef0123456789abcdef","status":"weird"})"},
           {200, "{"}}) {
    const answer_for_test answer{status, body};
    EXPECT_FALSE(codec_->decode_fetch(answer)) << status << body;
  }
  EXPECT_FALSE(codec_->decode_fetch(http::http_answer{}));
}

lookup_query query() {
  return {callee, caller, utc_time{std::chrono::seconds{1'790'000'000}}, {}};
}

TEST_F(TwilioCodec, List_AsksByNumbersAndNeverByStartTime) {
  std::string out;
  codec_->encode_list(query(), out);
  EXPECT_EQ(out,
            "GET /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json"
            "?To=%2B12125550123&From=%2B442079460123&PageSize=50 HTTP/1.1\r\n" +
                head_tail + "\r\n");
}

TEST_F(TwilioCodec, ListPages_AreFollowedToTheEnd) {
  answer_for_test answer{200, R"({"calls":[
    {"sid":"CA0123456789abcdef0123456789abcdef","status":"ringing","direction":"outbound-api","to":"+12125550123",
     "from":"+442079460123","date_created":"Tue, 18 Aug 2026 17:14:30 +0000"},
    {"sid":"CA1123456789abcdef0123456789abcdef","status":"ringing","direction":"inbound"}],
    "next_page_uri":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json?Page=1&PageToken=PA1"})"};
  answer->date = "Tue, 18 Aug 2026 17:15:00 GMT";
  const call_page page = codec_->decode_list(answer);
  ASSERT_TRUE(page.ok);
  ASSERT_EQ(page.calls.size(), 1U);
  EXPECT_EQ(page.calls[0].report.call_ref, sid);
  EXPECT_EQ(page.calls[0].report.phase, call_phase::ringing);
  EXPECT_EQ(page.calls[0].to, callee);
  EXPECT_EQ(page.calls[0].from, caller);
  EXPECT_EQ(page.calls[0].created_at, utc_time{std::chrono::seconds{1'787'073'270}});
  EXPECT_EQ(page.carrier_time, utc_time{std::chrono::seconds{1'787'073'300}});
  lookup_query next = query();
  next.next = page.next;
  std::string out;
  codec_->encode_list(next, out);
  EXPECT_TRUE(out.starts_with(
      "GET /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json?Page=1&PageToken=PA1 HTTP/1.1\r\n"));
}

TEST_F(TwilioCodec, LastPage_HasNoNext) {
  for (const auto body :
       {R"({"calls":[],"next_page_uri":null})", R"({"calls":[],"next_page_uri":""})", R"({"calls":[]})"}) {
    const answer_for_test answer{200, body};
    EXPECT_TRUE(codec_->decode_list(answer).ok) << body;
    EXPECT_EQ(codec_->decode_list(answer).next, "") << body;
  }
}

TEST_F(TwilioCodec, UncleanList_ConcludesNothing) {
  for (
      const auto& [status, body] : std::vector<std::pair<int, std::string_view>>{
          {500, R"({"calls":[]})"},
          {200, "{}"},
          {200, R"({"calls":{}})"},
          {200, R"({"calls":[7]})"},
          {200, R"({"calls":[{"direction":"outbound-api","sid":"CAx","status":"queued"}]})"},
          {200, R"({"calls":[],"next_page_uri":"https://evil.example.com/"})"},
          {200, R"({"calls":[],"next_page_uri":"/2010-04-01/Accounts/AC9/Calls.json?Page=1"})"},
          {200,
           R"({"calls":[],"next_page_uri":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json?a\r\nX: y"})"},
      }) {
    const answer_for_test answer{status, body};
    const call_page page = codec_->decode_list(answer);
    EXPECT_FALSE(page.ok) << status << body;
    EXPECT_TRUE(page.calls.empty() && page.next.empty()) << status << body;
  }
  EXPECT_FALSE(codec_->decode_list(http::http_answer{}).ok);
}

TEST(CanBe, CreatedAtTheBound_Counts) {
  listed_call call;
  call.to = callee;
  call.from = caller;
  call.created_at = query().sent_not_before;
  EXPECT_TRUE(can_be(query(), call));
  call.created_at -= std::chrono::microseconds{1};
  EXPECT_FALSE(can_be(query(), call));
  call.created_at = utc_time{};  // not told: may be
  EXPECT_TRUE(can_be(query(), call));
  call.from = callee;
  EXPECT_FALSE(can_be(query(), call));
  call.from = caller;
  call.to = caller;
  EXPECT_FALSE(can_be(query(), call));
}

// --- cancel and probe ---

TEST_F(TwilioCodec, Cancel_AsksForCanceledOrCompleted) {
  std::string out;
  codec_->encode_cancel(sid, true, out);
  EXPECT_TRUE(out.ends_with("Content-Length: 15\r\n\r\nStatus=canceled")) << out;
  EXPECT_TRUE(
      out.starts_with("POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls/"
                      "CA0123456789abcdef0123456789abcdef.json HTTP/1.1\r\n"));
  out.clear();
  codec_->encode_cancel(sid, false, out);
  EXPECT_TRUE(out.ends_with("Content-Length: 16\r\n\r\nStatus=completed")) << out;
}

TEST_F(TwilioCodec, CancelAnswers_AreToldApart) {
  const auto cancel = [&](int status, std::string_view body) {
    const answer_for_test answer{status, body};
    return codec_->decode_cancel(answer);
  };
  EXPECT_EQ(cancel(200, R"({"sid":"x","status":"canceled"})"), cancel_result::done);
  EXPECT_EQ(cancel(200, R"({"sid":"x","status":"completed"})"), cancel_result::done);
  EXPECT_EQ(cancel(200, R"({"sid":"x","status":"busy"})"), cancel_result::already_ended);
  EXPECT_EQ(cancel(400, R"({"code":21220,"message":"x","status":400})"), cancel_result::already_ended);
  EXPECT_EQ(cancel(404, R"({"code":20404,"message":"x","status":404})"), cancel_result::unknown_call);
  EXPECT_EQ(cancel(404, "gone"), cancel_result::failed);
  EXPECT_EQ(cancel(500, R"({"code":20500})"), cancel_result::failed);
  EXPECT_EQ(cancel(200, "{}"), cancel_result::failed);
}

TEST_F(TwilioCodec, Probe_WantsAnActiveAccount) {
  std::string out;
  codec_->encode_probe(out);
  EXPECT_TRUE(out.starts_with("GET /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef.json HTTP/1.1\r\n"));
  const auto probe = [&](int status, std::string_view body) {
    const answer_for_test answer{status, body};
    return codec_->decode_probe(answer);
  };
  EXPECT_TRUE(probe(200, R"({"status":"active"})"));
  EXPECT_FALSE(probe(200, R"({"status":"suspended"})"));
  EXPECT_FALSE(probe(401, R"({"status":"active"})"));
  EXPECT_FALSE(probe(200, "active"));
}

}  // namespace
}  // namespace dialer::carriers
