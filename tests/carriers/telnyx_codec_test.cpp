#include <gtest/gtest.h>

#include <stdexcept>

#include "carriers/base64.hpp"
#include "tests/carriers/exchange_for_test.hpp"

namespace dialer::carriers {
namespace {

class TelnyxCodec : public testing::Test {
 protected:
  std::unique_ptr<codec> codec_ = make_codec(telnyx_account());

  std::string create(const call_options& options) {
    std::string out;
    codec_->encode_create(options, compliance::gate::permit_for_test(callee, caller), attempt_id{7}, "TOKEN", out);
    return out;
  }
  create_answer answer(int status, std::string_view body, std::string_view type = "application/json") {
    const answer_for_test exchange{status, body, type};
    return codec_->decode_create(exchange);
  }
  call_page page(int status, std::string_view body) {
    const answer_for_test exchange{status, body};
    return codec_->decode_list(exchange);
  }
};

const std::string head_tail =
    "Host: api.telnyx.com\r\nAuthorization: Bearer KEY0123\r\nAccept: application/json\r\nUser-Agent: dialer\r\n"
    "Connection: keep-alive\r\n";

const std::string to_application =
    R"("webhook_url":"https://agent.example.com/answer?agent=7&t=TOKEN",)"
    R"("webhook_urls":{"call.initiated":"https://dialer.example.com/callbacks/telnyx",)"
    R"("call.answered":"https://dialer.example.com/callbacks/telnyx",)"
    R"("call.hangup":"https://dialer.example.com/callbacks/telnyx?t=TOKEN",)"
    R"("call.machine.detection.ended":"https://dialer.example.com/callbacks/telnyx?t=TOKEN"},)";

std::string create_request(std::string_view options, const std::string& webhooks = to_application) {
  const std::string body = R"({"connection_id":"1234567890","to":"+12125550123","from":"+442079460123",)"
                           R"("command_id":"att_0000000000007","client_state":"VE9LRU4=",)" +
                           webhooks + std::string{options} + R"("retry_on_timeout":false})";
  return "POST /v2/calls HTTP/1.1\r\n" + head_tail +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(TelnyxCodec, Create_IsTheseBytes) {
  EXPECT_EQ(create(options_for_test()),
            create_request(R"("timeout_secs":30,"time_limit_secs":1800,"answering_machine_detection":"detect",)"));
}

// It commands nothing: all events are for us, and the call is transferred when it is answered.
TEST_F(TelnyxCodec, AgentAtSipAddress_GetsNoEvents) {
  call_options options = options_for_test();
  options.answer_url = "sip:ann@pbx.example.com";
  EXPECT_EQ(create(options),
            create_request(R"("timeout_secs":30,"time_limit_secs":1800,"answering_machine_detection":"detect",)",
                           R"("webhook_url":"https://dialer.example.com/callbacks/telnyx",)"));
}

TEST_F(TelnyxCodec, OptionsOutsideTelnyxsBounds_AreBroughtInside) {
  call_options options = options_for_test();
  options.ring_timeout = std::chrono::seconds{4};
  options.call_time_limit = std::chrono::seconds{29};
  options.machine_detection = false;
  EXPECT_EQ(create(options),
            create_request(R"("timeout_secs":5,"time_limit_secs":30,"answering_machine_detection":"disabled",)"));
  options.ring_timeout = std::chrono::seconds{601};
  options.call_time_limit = std::chrono::seconds{14'401};
  EXPECT_EQ(create(options),
            create_request(R"("timeout_secs":600,"time_limit_secs":14400,"answering_machine_detection":"disabled",)"));
}

TEST_F(TelnyxCodec, OptionsChangeBetweenCalls_EachRequestHasItsOwn) {
  const call_options options = options_for_test();
  const std::string first = create(options);
  for (int field = 0; field < 6; ++field) {
    call_options changed = options;
    if (field == 4) changed.answer_url = "https://other.example.com/\"a#top";
    if (field == 5) changed.answer_url = "sip:ann@pbx.example.com";
    if (field == 0) changed.callback_base_url = "https://other.example.com/\"x";
    if (field == 1) changed.ring_timeout = std::chrono::seconds{31};
    if (field == 2) changed.call_time_limit = std::chrono::seconds{31};
    if (field == 3) changed.machine_detection = false;
    const std::string second = create(changed);
    EXPECT_NE(second, first) << field;
    if (field == 0) {
      EXPECT_NE(second.find(R"("https://other.example.com/\"x/callbacks/telnyx")"), std::string::npos);
    }
    if (field == 4) {
      EXPECT_NE(second.find(R"("webhook_url":"https://other.example.com/\"a?t=TOKEN")"), std::string::npos) << second;
    }
    EXPECT_EQ(create(options), first) << field;
  }
}

TEST_F(TelnyxCodec, AccountWithoutConnection_IsRefusedByName) {
  account value = telnyx_account();
  value.connection_id.clear();
  try {
    make_codec(value);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string_view{error.what()}.find("connection_id is empty"), std::string_view::npos);
  }
}

// --- answers to create ---

TEST_F(TelnyxCodec, TwoHundredWithCall_IsAccepted) {
  for (const int status : {200, 201}) {
    const create_answer result = answer(status, R"({"data":{"call_control_id":"v3:abc_-1","is_alive":false}})");
    EXPECT_EQ(result.what, answer_class::accepted) << status;
    EXPECT_EQ(result.react, reaction::none) << status;
    EXPECT_EQ(result.call_ref, "v3:abc_-1") << status;
    EXPECT_FALSE(result.circuit) << status;
  }
}

TEST_F(TelnyxCodec, TwoHundredWithoutCall_IsInDoubtButNoFault) {
  const create_answer result = answer(200, R"({"data":{"result":"ok"}})");
  EXPECT_EQ(result.what, answer_class::unknown);
  EXPECT_EQ(result.react, reaction::reconcile);
  EXPECT_FALSE(result.circuit);
}

TEST_F(TelnyxCodec, Refusal_IsReadFromCodeTokenAndPointer) {
  create_answer result = answer(403, R"({"errors":[{"code":"10010","title":"Authorization failed",
    "detail":"Dialed number +12125550123 is not included in whitelisted countries D13"}]})");
  EXPECT_EQ(result.what, answer_class::rejected);
  EXPECT_EQ(result.react, reaction::close_prefix);
  EXPECT_EQ(result.outcome, disposition::blocked);
  EXPECT_EQ(result.carrier_code, "D13");
  result = answer(403, R"({"errors":[{"code":"10010","title":"Caller D46","detail":"refused"}]})");
  EXPECT_EQ(result.react, reaction::caller_id);
  EXPECT_EQ(result.carrier_code, "D46");
  EXPECT_EQ(result.detail, "refused");
  result = answer(422, R"({"errors":[{"code":"10016","detail":"not E.164","source":{"pointer":"/to"}}]})");
  EXPECT_EQ(result.react, reaction::fail_number);
  EXPECT_EQ(result.carrier_code, "10016");
  result = answer(403, R"({"errors":[{"code":"10010","detail":"Daily Spend Limit reached"}]})");
  EXPECT_EQ(result.react, reaction::stop_account);
}

TEST_F(TelnyxCodec, SeveralErrors_TheFirstKnownOneDecides) {
  const create_answer result = answer(422, R"({"errors":[{"code":"77777","detail":"odd"},
    {"code":"10016","detail":"bad from","source":{"pointer":"/from"}},{"code":"20100"}]})");
  EXPECT_EQ(result.react, reaction::caller_id);
  EXPECT_EQ(result.detail, "bad from");
  EXPECT_EQ(answer(422, R"({"errors":[{"code":"77777"},{"code":"88888"}]})").carrier_code, "77777");
}

TEST_F(TelnyxCodec, RateLimits_AreNotSentAndWaitAsTold) {
  answer_for_test exchange{429, R"({"errors":[{"code":"10011","title":"Too many requests"}]})"};
  exchange->rate_limit_reset = "3";
  create_answer result = codec_->decode_create(exchange);
  EXPECT_EQ(result.what, answer_class::not_sent);
  EXPECT_EQ(result.react, reaction::throttle_rate);
  EXPECT_EQ(result.retry_after, std::chrono::seconds{3});
  EXPECT_EQ(answer(429, R"({"errors":[{"code":"90103","title":"Dials per second"}]})").retry_after,
            std::chrono::seconds{5});
  exchange->retry_after = "9";
  EXPECT_EQ(codec_->decode_create(exchange).retry_after, std::chrono::seconds{9});
}

TEST_F(TelnyxCodec, AnythingNotClean_IsInDoubt) {
  struct unclean {
    int status;
    std::string_view body;
    std::string_view type = "application/json";
  };
  for (const unclean& row : std::vector<unclean>{
           {500, R"({"errors":[{"code":"10007"}]})"},
           {503, R"({"errors":[{"code":"10037"}]})"},
           {503, R"({"errors":[{"code":"10010","detail":"no route PE1"}]})"},
           {502, "<html>", "text/html"},
           {408, R"({"errors":[{"code":"10008"}]})"},
           {409, R"({"errors":[{"code":"10036"}]})"},
           {200, ""},
           {200, "{}"},
           {200, R"({"data":{"call_control_id":""}})"},
           {200, R"({"data":{"call_control_id":7}})"},
           {200, R"({"data":{"call_control_id":"a b"}})"},
           {200, R"({"data":{"call_control_id":"v3:x"})"},
           {200, R"({"data":{"call_control_id":"v3:x"}})", "text/html"},
           {302, R"({"errors":[{"code":"10005"}]})"},
           {401, R"({"message":"Unauthorized"})"},
           {403, "Forbidden", "text/plain"},
           {404, R"({"errors":[]})"},
           {404, R"({"errors":["x"]})"},
           {422, R"({"errors":[{"code":10016}]})"},
           {422, R"({"errors":{"code":"10016"}})"},
           {429, "slow down", "text/plain"},
       }) {
    const create_answer result = answer(row.status, row.body, row.type);
    EXPECT_EQ(result.what, answer_class::unknown) << row.status << ' ' << row.body;
    EXPECT_EQ(result.react, reaction::reconcile) << row.status << ' ' << row.body;
    EXPECT_TRUE(result.call_ref.empty()) << row.status << ' ' << row.body;
  }
}

// --- look-ups ---

TEST_F(TelnyxCodec, Fetch_IsTheseBytes) {
  std::string out;
  codec_->encode_fetch("v3:abc", out);
  EXPECT_EQ(out, "GET /v2/calls/v3%3Aabc HTTP/1.1\r\n" + head_tail + "\r\n");
}

TEST_F(TelnyxCodec, FetchedCall_IsReportedByWhatIsSure) {
  const auto fetch = [&](int status, std::string_view body) {
    const answer_for_test exchange{status, body};
    return codec_->decode_fetch(exchange);
  };
  auto report = fetch(200, R"({"data":{"call_control_id":"v3:x","is_alive":true,"call_duration":3}})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->phase, call_phase::initiated);
  report = fetch(200, R"({"data":{"call_control_id":"v3:x","is_alive":false}})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->phase, call_phase::queued);
  report = fetch(200, R"({"data":{"call_control_id":"v3:x","is_alive":false,"end_time":"2026-08-18T17:14:30.5Z"}})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->phase, call_phase::ended);
  EXPECT_EQ(report->at, utc_time{std::chrono::milliseconds{1'787'073'270'500}});
  EXPECT_EQ(report->if_answered, disposition::answered);
  EXPECT_EQ(report->if_unanswered, disposition::no_answer);
  EXPECT_TRUE(report->maybe_answered);
  report = fetch(200, R"({"data":{"call_control_id":"v3:x","is_alive":false,"call_duration":1}})");
  EXPECT_EQ(report->phase, call_phase::ended);
  EXPECT_EQ(report->if_unanswered, disposition::answered);
  EXPECT_EQ(report->duration, std::chrono::seconds{1});
  EXPECT_FALSE(report->maybe_answered);
  report = fetch(200, R"({"data":{"call_control_id":"v3:x","end_time":"2026-08-18T17:14:30.5Z","call_duration":0}})");
  EXPECT_EQ(report->if_unanswered, disposition::no_answer);
  EXPECT_FALSE(report->maybe_answered);
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{{404, "10005"}, {422, "90015"}}) {
    report = fetch(status, "{\"errors\":[{\"code\":\"" + code + "\"}]}");
    ASSERT_TRUE(report) << code;
    EXPECT_EQ(report->phase, call_phase::ended);
    EXPECT_EQ(report->if_answered, disposition::unknown);
    EXPECT_EQ(report->if_unanswered, disposition::unknown);
  }
  EXPECT_FALSE(fetch(404, "gone"));
  EXPECT_FALSE(fetch(500, R"({"errors":[{"code":"10005"}]})"));
  EXPECT_FALSE(fetch(200, R"({"data":{}})"));
}

lookup_query query(std::string next = {}) {
  return {callee, caller, utc_time{std::chrono::milliseconds{1'787'073'270'900}}, std::move(next)};
}

std::string list_line(codec& subject, std::string next) {
  std::string out;
  subject.encode_list(query(std::move(next)), out);
  return out.substr(0, out.find("\r\n"));
}

TEST_F(TelnyxCodec, List_GoesThroughActiveCallsThenEvents) {
  EXPECT_EQ(list_line(*codec_, ""), "GET /v2/connections/1234567890/active_calls?page[limit]=250 HTTP/1.1");
  const call_page first =
      page(200, R"({"data":[{"call_control_id":"v3:a","client_state":")" + client_state_of(token_text) +
                    R"("},{"call_control_id":"v3:b"}],"meta":{"cursors":{"after":"c/2","before":null}}})");
  ASSERT_TRUE(first.ok);
  ASSERT_EQ(first.calls.size(), 2U);
  EXPECT_EQ(first.calls[0].token, token_text);
  EXPECT_EQ(first.calls[0].report.call_ref, "v3:a");
  EXPECT_EQ(first.calls[0].report.phase, call_phase::initiated);
  EXPECT_EQ(first.calls[1].token, "");
  EXPECT_EQ(list_line(*codec_, first.next),
            "GET /v2/connections/1234567890/active_calls?page[limit]=250&page[after]=c%2F2 HTTP/1.1");

  const call_page last_active = page(200, R"({"data":[],"meta":{"cursors":{"after":null}}})");
  ASSERT_TRUE(last_active.ok);
  EXPECT_EQ(list_line(*codec_, last_active.next),
            "GET /v2/call_events?page[size]=250&page[number]=1&filter[to]=%2B12125550123"
            "&filter[occurred_at][gte]=2026-08-18T17%3A14%3A30Z HTTP/1.1");

  const call_page events = page(200, R"({"data":[],"meta":{"page_number":1,"total_pages":2}})");
  ASSERT_TRUE(events.ok);
  EXPECT_TRUE(
      list_line(*codec_, events.next).starts_with("GET /v2/call_events?page[size]=250&page[number]=2&filter[to]="));
  const call_page end = page(200, R"({"data":[],"meta":{"page_number":2,"total_pages":2}})");
  EXPECT_TRUE(end.ok);
  EXPECT_EQ(end.next, "");
}

TEST_F(TelnyxCodec, EventsOfOneCall_BecomeOneCallWhateverTheirOrder) {
  const std::string hangup = R"({"name":"call.hangup","event_timestamp":"2026-08-18T17:15:00Z","metadata":{"payload":
    {"call_control_id":"v3:a","client_state":")" +
                             client_state_of(token_text) +
                             R"(","to":"+12125550123","from":"+442079460123",
     "hangup_cause":"user_busy","sip_hangup_cause":"486"}}})";
  const std::string initiated = R"({"name":"call.initiated","event_timestamp":"2026-08-18T17:14:30Z",
    "call_control_id":"v3:a"})";
  const std::string machine = R"({"name":"call.machine.detection.ended","event_timestamp":"2026-08-18T17:14:50Z",
    "call_control_id":"v3:a","metadata":{"result":"machine"}})";
  const std::string other = R"({"name":"call.cost","event_timestamp":"2026-08-18T17:16:00Z","call_control_id":"v3:a"})";
  std::vector<std::string> rows{hangup, initiated, machine, other};
  std::sort(rows.begin(), rows.end());
  do {
    std::string data;
    for (const auto& row : rows) data += (data.empty() ? "" : ",") + row;
    const call_page result = page(200, "{\"data\":[" + data + R"(],"meta":{"page_number":1,"total_pages":1}})");
    ASSERT_TRUE(result.ok);
    ASSERT_EQ(result.calls.size(), 1U);
    const listed_call& call = result.calls[0];
    EXPECT_EQ(call.report.phase, call_phase::ended);
    EXPECT_EQ(call.report.if_unanswered, disposition::answered);  // a machine took it, whatever the cause
    EXPECT_EQ(call.report.sip_code, 486);
    EXPECT_TRUE(call.report.machine);
    EXPECT_EQ(call.token, token_text);
    EXPECT_EQ(call.to, callee);
    EXPECT_EQ(call.from, caller);
    EXPECT_EQ(call.created_at, utc_time{std::chrono::seconds{1'787'073'270}});
  } while (std::next_permutation(rows.begin(), rows.end()));
}

TEST_F(TelnyxCodec, AnsweredAmongTheEvents_TellsHowTheCallEnded) {
  std::vector<std::string> rows{
      R"({"name":"call.hangup","call_control_id":"v3:a","metadata":{"hangup_cause":"normal_clearing"}})",
      R"({"name":"call.initiated","call_control_id":"v3:a"})", R"({"name":"call.answered","call_control_id":"v3:a"})"};
  std::sort(rows.begin(), rows.end());
  do {
    const call_page result = page(200, "{\"data\":[" + rows[0] + "," + rows[1] + "," + rows[2] +
                                           R"(],"meta":{"page_number":1,"total_pages":1}})");
    ASSERT_EQ(result.calls.size(), 1U);
    EXPECT_EQ(result.calls[0].report.phase, call_phase::ended);
    EXPECT_EQ(result.calls[0].report.if_unanswered, disposition::answered);
    EXPECT_FALSE(result.calls[0].report.maybe_answered);
  } while (std::next_permutation(rows.begin(), rows.end()));
}

TEST_F(TelnyxCodec, EventsThatNameNoCall_AreKeptWhenThereWasOneAndSpoilNothing) {
  const std::string state = R"("client_state":")" + client_state_of(token_text) + "\"";
  const call_page result = page(200, R"({"data":[{"name":"dial","metadata":{)" + state + R"(}},
    {"name":"call.initiated","metadata":{)" +
                                         state + R"(,"to":"+12125550123"}},
    {"name":"call.initiated","call_control_id":"v3:a"}],"meta":{"page_number":1,"total_pages":1}})");
  ASSERT_TRUE(result.ok);
  ASSERT_EQ(result.calls.size(), 2U);
  EXPECT_EQ(result.calls[0].report.call_ref, "");
  EXPECT_EQ(result.calls[0].token, token_text);
  EXPECT_EQ(result.calls[0].to, callee);
  EXPECT_EQ(result.calls[1].report.call_ref, "v3:a");
}

// The agent's application may put into it what it likes, and the list does not begin with our own event.
TEST_F(TelnyxCodec, ClientStateOfTheAgents_IsNoTokenAndHidesNone) {
  for (const std::string& foreign :
       {std::string{"agent-7"}, "conversation_" + std::string(95, '7'), token_text + "k"}) {
    const auto row = [](std::string_view name, const std::string& state) {
      return R"({"name":")" + std::string{name} + R"(","call_control_id":"v3:a","client_state":")" +
             client_state_of(state) + "\"}";
    };
    const std::string theirs = row("call.hangup", foreign);
    const std::string ours = row("call.initiated", token_text);
    const auto token_of = [&](const std::string& rows, std::string_view meta) {
      const call_page result = page(200, "{\"data\":[" + rows + "],\"meta\":" + std::string{meta} + "}");
      EXPECT_EQ(result.calls.size(), 1U) << foreign;
      return result.calls.empty() ? "no call" : result.calls[0].token;
    };
    const std::string_view of_events = R"({"page_number":1,"total_pages":1})";
    EXPECT_EQ(token_of(theirs + "," + ours, of_events), token_text) << foreign;
    EXPECT_EQ(token_of(ours + "," + theirs, of_events), token_text) << foreign;
    EXPECT_EQ(token_of(theirs, of_events), "") << foreign;
    EXPECT_EQ(token_of(theirs, R"({"cursors":{}})"), "") << foreign;
  }
}

TEST_F(TelnyxCodec, UncleanList_ConcludesNothing) {
  for (const auto& [status, body] :
       std::vector<std::pair<int, std::string_view>>{{500, R"({"data":[],"meta":{"page_number":1,"total_pages":1}})"},
                                                     {200, R"({"data":[]})"},
                                                     {200, R"({"data":[],"meta":{}})"},
                                                     {200, R"({"data":[],"meta":{"page_number":1}})"},
                                                     {200, R"({"data":{},"meta":{"cursors":{}}})"},
                                                     {200, R"({"data":[{}],"meta":{"cursors":{}}})"},
                                                     {200, R"({"data":[5],"meta":{"cursors":{}}})"}}) {
    const call_page result = page(status, body);
    EXPECT_FALSE(result.ok) << status << body;
    EXPECT_TRUE(result.calls.empty() && result.next.empty()) << status << body;
  }
}

// --- cancel and probe ---

TEST_F(TelnyxCodec, Cancel_HangsUp) {
  std::string out;
  codec_->encode_cancel("v3:abc", true, out);
  EXPECT_EQ(out, "POST /v2/calls/v3%3Aabc/actions/hangup HTTP/1.1\r\n" + head_tail +
                     "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  const auto cancel = [&](int status, std::string_view body) {
    const answer_for_test exchange{status, body};
    return codec_->decode_cancel(exchange);
  };
  EXPECT_EQ(cancel(200, R"({"data":{"result":"ok"}})"), cancel_result::done);
  EXPECT_EQ(cancel(422, R"({"errors":[{"code":"90018"}]})"), cancel_result::already_ended);
  EXPECT_EQ(cancel(422, R"({"errors":[{"code":"90015"}]})"), cancel_result::unknown_call);
  EXPECT_EQ(cancel(404, R"({"errors":[{"code":"10005"}]})"), cancel_result::unknown_call);
  EXPECT_EQ(cancel(422, R"({"errors":[{"code":"90034"}]})"), cancel_result::failed);
  EXPECT_EQ(cancel(200, "ok"), cancel_result::failed);
  EXPECT_EQ(cancel(500, R"({"data":{}})"), cancel_result::failed);
}

TEST_F(TelnyxCodec, Probe_WantsCredit) {
  std::string out;
  codec_->encode_probe(out);
  EXPECT_TRUE(out.starts_with("GET /v2/balance HTTP/1.1\r\n"));
  const auto probe = [&](int status, std::string_view body) {
    const answer_for_test exchange{status, body};
    return codec_->decode_probe(exchange);
  };
  EXPECT_TRUE(probe(200, R"({"data":{"balance":"0.00","available_credit":"0.01"}})"));
  EXPECT_FALSE(probe(200, R"({"data":{"available_credit":"0.00"}})"));
  EXPECT_FALSE(probe(200, R"({"data":{"available_credit":"-5.00"}})"));
  EXPECT_FALSE(probe(200, R"({"data":{}})"));
  EXPECT_FALSE(probe(401, R"({"data":{"available_credit":"5.00"}})"));
}

}  // namespace
}  // namespace dialer::carriers
