#include "carriers/simulator/telnyx_api.hpp"

#include <openssl/evp.h>

#include "tests/carriers_simulator/bench_of_calls.hpp"

namespace dialer::carriers::simulator {
namespace {

const std::string webhook = R"(,"webhook_url":"https://dialer.example.com/callbacks/telnyx","client_state":"dG9rLTE=")";

std::string header(const callback_post& post, const std::string& name) {
  const auto at = post.headers.find(name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 2;
  return post.headers.substr(begin, post.headers.find("\r\n", begin) - begin);
}

bool signature_holds(const callback_post& post, const std::string& public_base64) {
  const auto key = *base64_decode(public_base64), signature = *base64_decode(header(post, "telnyx-signature-ed25519"));
  const auto message = header(post, "telnyx-timestamp") + "|" + post.body;
  EVP_PKEY* raw = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                              reinterpret_cast<const unsigned char*>(key.data()), key.size());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, raw);
  const bool good =
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(raw);
  return good;
}

std::vector<std::string> events(const recorder& out) {
  std::vector<std::string> found;
  for (const auto& post : out.posts) found.push_back(json_body{post.body}.text("/data/event_type"));
  return found;
}

scenario unlimited() {
  auto rules = calm();
  rules.telnyx.limits.calls_per_second = 0;
  return rules;
}

TEST(TelnyxDial, ValidRequest_200WithIdsAndNotAlive) {
  bench_of_calls bench{carrier_name::telnyx, calm()};
  const auto answer = bench.dial(number(0), webhook);
  ASSERT_EQ(answer.status, 200);
  const json_body body{answer.body};
  EXPECT_TRUE(body.text("/data/call_control_id").starts_with("v3:"));
  EXPECT_EQ(body.text("/data/client_state"), "dG9rLTE=");
  EXPECT_FALSE(bool(body.at("/data/is_alive")));
  EXPECT_NE(answer.headers.find("x-ratelimit-limit: "), std::string::npos);
  EXPECT_EQ(bench.out.of(log_event::create_received).at(0).token, "tok-1");
}

TEST(TelnyxDial, BadRequests_AnswerTelnyxCodes) {
  struct row {
    const char* body;
    int status;
    const char* code;
    const char* pointer;
  };
  const row rows[] = {
      {R"({"connection_id":"1494404757140276705","from":"+12125550199"})", 422, "10004", "/to"},
      {R"({"connection_id":"1494404757140276705","to":"+12125550100"})", 422, "10004", "/from"},
      {R"({"from":"+12125550199","to":"+12125550100"})", 422, "10004", "/connection_id"},
      {R"({"connection_id":"1494404757140276705","from":"+12125550199","to":"2125550100"})", 422, "10016", "/to"},
      {R"({"connection_id":"1494404757140276705","from":"x","to":"+12125550100"})", 422, "10016", "/from"},
      {R"({"connection_id":"7","from":"+12125550199","to":"+12125550100"})", 422, "10015", "/connection_id"},
      {R"({"connection_id":"1494404757140276705","from":"+12125550199","to":"+12125550100","timeout_secs":4})", 422,
       "10015", "/timeout_secs"},
  };
  bench_of_calls bench{carrier_name::telnyx, calm()};
  for (const auto& row : rows) {
    const auto answer = bench.send("POST", "/v2/calls", row.body);
    EXPECT_EQ(answer.status, row.status) << row.body;
    const json_body body{answer.body};
    EXPECT_EQ(body.text("/errors/0/code"), row.code) << row.body;
    EXPECT_EQ(body.text("/errors/0/source/pointer"), row.pointer) << row.body;
  }
  EXPECT_EQ(bench.send("POST", "/v2/calls", "{\"to\":").status, 400);
  EXPECT_TRUE(bench.out.of(log_event::call_created).empty());
}

TEST(TelnyxDial, WrongKey_401With10009) {
  bench_of_calls bench{carrier_name::telnyx, calm()};
  bench.wrong_secret = "Bearer WRONG";
  const auto answer = bench.dial(number(0));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(json_body{answer.body}.text("/errors/0/code"), "10009");
}

TEST(TelnyxDial, ScriptedDestination_403WithTheRoutingToken) {
  auto rules = calm();
  rules.destinations[number(0)].refusal = "D13";
  bench_of_calls bench{carrier_name::telnyx, rules};
  const auto answer = bench.dial(number(0));
  EXPECT_EQ(answer.status, 403);
  const json_body body{answer.body};
  EXPECT_EQ(body.text("/errors/0/code"), "10010");
  EXPECT_NE(body.text("/errors/0/detail").find(" D13."), std::string::npos);
  EXPECT_EQ(bench.out.of(log_event::create_refused).at(0).code, "D13");
}

TEST(TelnyxDial, SameCommandId_OneCallWithin60SecondsASecondAfter) {
  bench_of_calls bench{carrier_name::telnyx, unlimited()};
  const std::string command = R"(,"command_id":"c-1")";
  const auto first = json_body{bench.dial(number(0), command).body}.text("/data/call_control_id");
  bench.wait(59'999ms);
  EXPECT_EQ(json_body{bench.dial(number(0), command).body}.text("/data/call_control_id"), first);
  EXPECT_EQ(bench.out.of(log_event::call_created).size(), 1U);
  EXPECT_EQ(bench.out.of(log_event::create_repeated).at(0).ref, first);
  bench.wait(1ms);
  EXPECT_NE(json_body{bench.dial(number(0), command).body}.text("/data/call_control_id"), first);
  EXPECT_EQ(bench.out.of(log_event::call_created).size(), 2U);
}

TEST(TelnyxDial, FiveSecondWindow_RefusesAboveItAndOpensAsDialsLeaveIt) {
  auto rules = calm();
  rules.telnyx.limits.calls_per_second = 2;  // ten in any five seconds
  bench_of_calls bench{carrier_name::telnyx, rules};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bench.dial(number(0)).status, 200);
  bench.wait(1s);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bench.dial(number(1)).status, 200);
  const auto refused = bench.dial(number(2));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_body{refused.body}.text("/errors/0/code"), "90103");
  bench.wait(3'999'999us);
  EXPECT_EQ(bench.dial(number(2)).status, 429);
  bench.wait(1us);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bench.dial(number(2)).status, 200);
  EXPECT_EQ(bench.dial(number(2)).status, 429);
  bench.wait(1h);
  EXPECT_EQ(bench.out.of(log_event::call_created).size(), 15U) << "a refused dial must not be queued";
  EXPECT_TRUE(bench.out.of(log_event::queued).empty());
}

TEST(TelnyxDial, ConcurrentCalls_90041) {
  auto rules = calm();
  rules.telnyx.limits.concurrent_calls_max = 1;
  bench_of_calls bench{carrier_name::telnyx, rules};
  EXPECT_EQ(bench.dial(number(0)).status, 200);
  EXPECT_EQ(json_body{bench.dial(number(1)).body}.text("/errors/0/code"), "90041");
}

TEST(TelnyxWebhooks, AnsweredCall_EachEventSignedWithItsOwnIdAndNoRinging) {
  bench_of_calls bench{carrier_name::telnyx, calm()};
  bench.dial(number(0), webhook + R"(,"answering_machine_detection":"detect")");
  bench.wait(5s);
  EXPECT_EQ(events(bench.out), (std::vector<std::string>{"call.initiated", "call.answered",
                                                         "call.machine.detection.ended", "call.hangup"}));
  std::array<std::uint8_t, 32> seed{};
  seed.fill(9);
  const auto public_key = ed25519_key{seed}.public_base64();
  std::set<std::string> ids;
  for (const auto& post : bench.out.posts) {
    EXPECT_TRUE(signature_holds(post, public_key));
    const json_body body{post.body};
    ids.insert(body.text("/data/id"));
    EXPECT_EQ(body.text("/data/payload/client_state"), "dG9rLTE=");
    EXPECT_EQ(body.number("/meta/attempt"), 1);
    EXPECT_EQ(body.text("/meta/delivered_to"), post.url);
  }
  EXPECT_EQ(ids.size(), 4U);
  const json_body last{bench.out.posts.back().body};
  EXPECT_EQ(last.text("/data/payload/hangup_cause"), "normal_clearing");
  EXPECT_EQ(last.text("/data/payload/sip_hangup_cause"), "200");
  auto forged = bench.out.posts.back();
  forged.body.back() = ' ';
  EXPECT_FALSE(signature_holds(forged, public_key)) << "the check above must be able to fail";
}

TEST(TelnyxWebhooks, EachFate_EndsWithItsCause) {
  struct row {
    call_fate fate;
    const char* cause;
    const char* sip;
  };
  const row rows[] = {{call_fate::busy, "user_busy", "486"},
                      {call_fate::no_answer, "timeout", "487"},
                      {call_fate::rejected, "call_rejected", "603"},
                      {call_fate::failed, "unspecified", "503"},
                      {call_fate::invalid, "not_found", "404"}};
  for (const auto& row : rows) {
    auto rules = calm();
    rules.failed_sip = {503};
    rules.destinations[number(0)].fate = row.fate;
    bench_of_calls bench{carrier_name::telnyx, rules};
    bench.dial(number(0), webhook);
    bench.wait(10s);
    const json_body last{bench.out.posts.back().body};
    EXPECT_EQ(last.text("/data/payload/hangup_cause"), row.cause);
    EXPECT_EQ(last.text("/data/payload/sip_hangup_cause"), row.sip);
  }
}

TEST(TelnyxWebhooks, ServerError_RepeatedWithSameIdThenGivenUp_NotFoundIsNot) {
  for (const int status : {500, 408, 429, 404}) {
    bench_of_calls bench{carrier_name::telnyx, calm()};
    bench.dial(number(0), webhook);
    for (int i = 0; i < 5; ++i) {
      bench.acknowledge(status);
      bench.wait(10s);
    }
    std::size_t of_first = 0;
    const auto id = json_body{bench.out.posts.at(0).body}.text("/data/id");
    for (const auto& post : bench.out.posts) of_first += json_body{post.body}.text("/data/id") == id ? 1 : 0;
    EXPECT_EQ(of_first, status == 404 ? 1U : 3U) << status;
    EXPECT_FALSE(bench.out.of(log_event::callback_lost).empty());
  }
}

TEST(TelnyxHangup, RingingThenEnded_OkThen90018AndPlainOrEscapedId) {
  for (const bool escaped : {false, true}) {
    bench_of_calls bench{carrier_name::telnyx, calm()};
    auto id = json_body{bench.dial(number(0), webhook).body}.text("/data/call_control_id");
    if (escaped) id.replace(2, 1, "%3A");
    bench.wait(50ms);
    const auto done = bench.send("POST", "/v2/calls/" + id + "/actions/hangup", "{}");
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(json_body{done.body}.text("/data/result"), "ok");
    EXPECT_EQ(json_body{bench.out.posts.back().body}.text("/data/payload/hangup_cause"), "originator_cancel");
    const auto again = bench.send("POST", "/v2/calls/" + id + "/actions/hangup", "{}");
    EXPECT_EQ(again.status, 422);
    EXPECT_EQ(json_body{again.body}.text("/errors/0/code"), "90018");
  }
}

TEST(TelnyxHangup, UnknownId_90015) {
  bench_of_calls bench{carrier_name::telnyx, calm()};
  const auto answer = bench.send("POST", "/v2/calls/v3:nothing/actions/hangup", "{}");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(json_body{answer.body}.text("/errors/0/code"), "90015");
}

TEST(TelnyxFetch, EndedCall_KnownForTenMinutes) {
  bench_of_calls bench{carrier_name::telnyx, calm()};
  const auto id = json_body{bench.dial(number(0)).body}.text("/data/call_control_id");
  EXPECT_TRUE(bool(json_body{bench.send("GET", "/v2/calls/" + id).body}.at("/data/is_alive")));
  bench.wait(1110ms);
  ASSERT_EQ(bench.out.of(log_event::ended).size(), 1U);
  EXPECT_FALSE(bool(json_body{bench.send("GET", "/v2/calls/" + id).body}.at("/data/is_alive")));
  bench.wait(599'999ms);
  EXPECT_EQ(bench.send("GET", "/v2/calls/" + id).status, 200);
  bench.wait(1ms);
  EXPECT_EQ(bench.send("GET", "/v2/calls/" + id).status, 404);
}

TEST(TelnyxList, ActiveCalls_CursorPagesCoverEachLiveCallOnce) {
  bench_of_calls bench{carrier_name::telnyx, unlimited()};
  for (int i = 0; i < 5; ++i) bench.dial(number(i), R"(,"client_state":")" + base64_encode(std::to_string(i)) + "\"");
  const auto path = "/v2/connections/" + std::string(telnyx_connection) + "/active_calls?page%5Blimit%5D=2";
  std::vector<std::string> seen;
  std::string next = path;
  for (;;) {
    const json_body page{bench.send("GET", next).body};
    for (std::size_t i = 0; i < page.size("/data"); ++i) {
      seen.push_back(*base64_decode(page.text("/data/" + std::to_string(i) + "/client_state")));
    }
    EXPECT_EQ(page.number("/meta/total_items"), 5);
    if (page.null("/meta/cursors/after")) break;
    next = path + "&page%5Bafter%5D=";
    append_percent_encoded(next, page.text("/meta/cursors/after"));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  const json_body numbered{bench.send("GET", path + "&page%5Bnumber%5D=3").body};
  EXPECT_EQ(numbered.size("/data"), 1U) << "as the official SDK pages";
  EXPECT_EQ(numbered.number("/meta/page_number"), 3);
  EXPECT_EQ(numbered.number("/meta/total_pages"), 3);
  EXPECT_EQ(json_body{bench.send("GET", path + "&page%5Bnumber%5D=4").body}.size("/data"), 0U);
  bench.wait(10s);
  EXPECT_EQ(json_body{bench.send("GET", path).body}.size("/data"), 0U) << "ended calls are not active";
}

TEST(TelnyxList, CallEvents_FindEndedCallsFor24HoursByNumber) {
  bench_of_calls bench{carrier_name::telnyx, unlimited()};
  bench.dial(number(0), webhook);
  bench.dial(number(1), webhook);
  bench.wait(10s);
  const auto rows = [&](const std::string& more) {
    return json_body{bench.send("GET", "/v2/call_events?filter%5Bto%5D=%2B12125550100" + more).body}.size("/data");
  };
  EXPECT_EQ(rows(""), 4U);
  EXPECT_EQ(rows("&filter[from]=%2B12125550198"), 0U);
  const json_body body{bench.send("GET", "/v2/call_events?filter[to]=%2B12125550100").body};
  EXPECT_EQ(body.text("/data/0/name"), "call.hangup");
  EXPECT_EQ(body.text("/data/0/metadata/client_state"), "dG9rLTE=");
  EXPECT_EQ(body.text("/data/3/type"), "command");
  std::string since;
  append_percent_encoded(since, rfc3339(bench.now - 9s));
  EXPECT_EQ(rows("&filter[occurred_at][gte]=" + since), 1U) << "only the hangup is that young";
  bench.wait(24h);
  EXPECT_EQ(rows(""), 0U);
}

TEST(TelnyxList, ListingLag_HidesAYoungCall) {
  auto rules = calm();
  rules.times.talk = {60'000, 60'000};
  rules.telnyx.listing_lag = {3000, 3000};
  bench_of_calls bench{carrier_name::telnyx, rules};
  bench.dial(number(0));
  const auto listed = [&] {
    return json_body{bench.send("GET", "/v2/connections/" + std::string(telnyx_connection) + "/active_calls").body}
        .size("/data");
  };
  bench.wait(2999ms);
  EXPECT_EQ(listed(), 0U);
  bench.wait(1ms);
  EXPECT_EQ(listed(), 1U);
}

}  // namespace
}  // namespace dialer::carriers::simulator
