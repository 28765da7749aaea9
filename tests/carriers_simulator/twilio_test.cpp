#include "carriers/simulator/twilio_api.hpp"

#include "carriers/simulator/signing.hpp"
#include "tests/carriers_simulator/bench_of_calls.hpp"

namespace dialer::carriers::simulator {
namespace {

const std::string callback_url = "https://dialer.example.com/callbacks/twilio?t=tok-1";
const std::string all_events =
    "&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&StatusCallbackEvent=answered&StatusCallbackEvent="
    "completed";

std::string with_callbacks(const std::string& url = callback_url) {
  std::string out = "&StatusCallback=";
  append_percent_encoded(out, url);
  return out + all_events;
}

std::vector<std::string> statuses(const recorder& out) {
  std::vector<std::string> found;
  for (const auto& post : out.posts) {
    const auto fields = form_fields::parse(post.body);
    found.emplace_back(fields.find("CallStatus") ? fields.get("CallStatus") : fields.get("AnsweredBy"));
  }
  return found;
}

TEST(TwilioCreate, ValidRequest_201WithQueuedCallOfStringFields) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  const auto answer = bench.create(number(0));
  ASSERT_EQ(answer.status, 201);
  const json_body body{answer.body};
  EXPECT_TRUE(body.text("/sid").starts_with("CA"));
  EXPECT_EQ(body.text("/sid").size(), 34U);
  EXPECT_EQ(body.text("/status"), "queued");
  EXPECT_EQ(body.text("/direction"), "outbound-api");
  EXPECT_EQ(body.text("/to_formatted"), "(212) 555-0100");
  EXPECT_EQ(body.text("/queue_time"), "0");
  EXPECT_TRUE(body.null("/duration"));
  EXPECT_TRUE(body.null("/end_time"));
}

TEST(TwilioCreate, BadRequests_AnswerTwilioCodes) {
  struct row {
    const char* body;
    int status;
    int code;
  };
  const row rows[] = {
      {"From=%2B12125550199&Url=https%3A%2F%2Fa", 400, 21201},
      {"To=%2B12125550100&Url=https%3A%2F%2Fa", 400, 21213},
      {"To=%2B12125550100&From=%2B12125550199", 400, 21205},
      {"To=12125550100&From=%2B12125550199&Url=https%3A%2F%2Fa", 400, 21211},
      {"To=%2B12125550100&From=nobody&Url=https%3A%2F%2Fa", 400, 21212},
      {"To=%2B15005550001&From=%2B15005550006&Url=https%3A%2F%2Fa", 400, 21217},
      {"To=%2B15005550002&From=%2B15005550006&Url=https%3A%2F%2Fa", 400, 21214},
      {"To=%2B15005550003&From=%2B15005550006&Url=https%3A%2F%2Fa", 400, 21215},
      {"To=%2B15005550004&From=%2B15005550006&Url=https%3A%2F%2Fa", 400, 21216},
      {"To=%2B12125550100&From=%2B15005550001&Url=https%3A%2F%2Fa", 400, 21212},
      {"To=%2B12125550100&From=%2B12125550199&Url=https%3A%2F%2Fa&Timeout=601", 400, 20001},
      {"To=%2B12125550100&From=%2B12125550199&Url=https%3A%2F%2Fa&StatusCallback=https%3A%2F%2Fa_b.example", 400,
       20001},
  };
  bench_of_calls bench{carrier_name::twilio, calm()};
  for (const auto& row : rows) {
    const auto answer = bench.send("POST", bench.path("/Calls.json"), row.body);
    EXPECT_EQ(answer.status, row.status) << row.body;
    const json_body body{answer.body};
    EXPECT_EQ(body.number("/code"), row.code) << row.body;
    EXPECT_EQ(body.number("/status"), row.status);
    EXPECT_EQ(body.text("/more_info"), "https://www.twilio.com/docs/errors/" + std::to_string(row.code));
  }
  EXPECT_TRUE(bench.out.of(log_event::call_created).empty());
  EXPECT_EQ(bench.out.of(log_event::create_refused).size(), std::size(rows));
}

TEST(TwilioCreate, NumberNotOwned_21210AndOwnedOnePasses) {
  auto rules = calm();
  rules.twilio.limits.owned_numbers = {std::string(caller)};
  bench_of_calls bench{carrier_name::twilio, rules};
  EXPECT_EQ(bench.create(number(0)).status, 201);
  const auto answer =
      bench.send("POST", bench.path("/Calls.json"), "To=%2B12125550100&From=%2B12125550198&Url=https%3A%2F%2Fa");
  EXPECT_EQ(json_body{answer.body}.number("/code"), 21210);
}

TEST(TwilioAccess, WrongTokenAndForeignAccount_401And404) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  const auto foreign = bench.send("GET", "/2010-04-01/Accounts/AC00000000000000000000000000000002/Calls.json");
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(json_body{foreign.body}.number("/code"), 20404);
  bench.wrong_secret = "Basic " + base64_encode(std::string(twilio_sid) + ":wrong");
  const auto refused = bench.create(number(0));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(json_body{refused.body}.number("/code"), 20003);
  EXPECT_TRUE(bench.out.of(log_event::call_created).empty());
}

TEST(TwilioAccess, AccountAndBalance_Answer200) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  EXPECT_EQ(
      json_body{bench.send("GET", "/2010-04-01/Accounts/" + std::string(twilio_sid) + ".json").body}.text("/status"),
      "active");
  EXPECT_EQ(json_body{bench.send("GET", bench.path("/Balance.json")).body}.text("/currency"), "USD");
}

TEST(TwilioQueue, CallsAboveTheRate_StartExactlyOneIntervalApart) {
  auto rules = calm();
  rules.twilio.limits.calls_per_second = 4;
  bench_of_calls bench{carrier_name::twilio, rules};
  const auto begin = bench.now;
  for (int i = 0; i < 6; ++i) {
    const json_body body{bench.create(number(i)).body};
    EXPECT_EQ(body.text("/queue_time"), std::to_string(i * 250));
  }
  bench.wait(10s);
  const auto started = bench.out.of(log_event::started);
  ASSERT_EQ(started.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(started[i].at, begin + std::chrono::milliseconds{250} * i);
    EXPECT_EQ(started[i].to, number(static_cast<int>(i)));
  }
}

TEST(TwilioQueue, OneIntervalLater_StartsAtOnceAndJustBeforeItWaits) {
  auto rules = calm();
  rules.twilio.limits.calls_per_second = 1;
  bench_of_calls bench{carrier_name::twilio, rules};
  bench.create(number(0));
  bench.wait(999'000us);
  EXPECT_EQ(json_body{bench.create(number(1)).body}.text("/queue_time"), "1");
  bench.wait(1'001'000us);
  EXPECT_EQ(json_body{bench.create(number(2)).body}.text("/queue_time"), "0");
}

TEST(TwilioQueue, CanceledWhileQueued_NoCallbackAndThePlaceGoesToTheNext) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  bench.create(number(0), with_callbacks());
  const auto second = json_body{bench.create(number(1), with_callbacks()).body}.text("/sid");
  bench.create(number(2), with_callbacks());
  const auto begin = bench.now;
  const auto answer = bench.send("POST", bench.path("/Calls/" + second + ".json"), "Status=canceled");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json_body{answer.body}.text("/status"), "canceled");
  bench.wait(10s);
  for (const auto& post : bench.out.posts) EXPECT_NE(form_fields::parse(post.body).get("CallSid"), second);
  const auto started = bench.out.of(log_event::started);
  ASSERT_EQ(started.size(), 2U);
  EXPECT_EQ(started[1].to, number(2));
  EXPECT_EQ(started[1].at, begin + 1s);
  const auto canceled = bench.out.of(log_event::canceled);
  ASSERT_EQ(canceled.size(), 1U);
  EXPECT_EQ(canceled[0].reason, "queued");
}

TEST(TwilioQueue, QueueLongerThanItsLimit_22005) {
  auto rules = calm();
  rules.queue_hours_max = 2.0 / 3600;
  bench_of_calls bench{carrier_name::twilio, rules};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bench.create(number(i)).status, 201);
  EXPECT_EQ(json_body{bench.create(number(3)).body}.number("/code"), 22005);
}

TEST(TwilioCallbacks, AnsweredCall_TellsEachStepInOrderSigned) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  std::string machine = "&MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback=";
  append_percent_encoded(machine, callback_url);
  bench.create(number(0), with_callbacks() + machine);
  bench.wait(5s);
  EXPECT_EQ(statuses(bench.out),
            (std::vector<std::string>{"initiated", "ringing", "in-progress", "human", "completed"}));
  int sequence = 0;
  for (const auto& post : bench.out.posts) {
    EXPECT_EQ(post.url, callback_url);
    const auto fields = form_fields::parse(post.body);
    EXPECT_NE(post.headers.find("X-Twilio-Signature: " + twilio_signature(twilio_token, callback_url, fields) + "\r\n"),
              std::string::npos);
    EXPECT_EQ(fields.get("AccountSid"), twilio_sid);
    if (fields.find("SequenceNumber")) {
      EXPECT_EQ(fields.get("SequenceNumber"), std::to_string(sequence++));
    }
  }
  EXPECT_EQ(sequence, 4);
  const auto last = form_fields::parse(bench.out.posts.back().body);
  EXPECT_EQ(last.get("CallDuration"), "1");
  EXPECT_EQ(last.get("SipResponseCode"), "200");
  EXPECT_EQ(last.get("AnsweredBy"), "human");
  EXPECT_EQ(last.get("Caller"), caller);
}

TEST(TwilioCallbacks, NoEventsNamed_OnlyCompleted) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  bench.create(number(0), "&StatusCallback=https%3A%2F%2Fdialer.example.com");
  bench.wait(5s);
  EXPECT_EQ(statuses(bench.out), std::vector<std::string>{"completed"});
}

TEST(TwilioCallbacks, EachFate_EndsWithItsStatusAndSipCode) {
  struct row {
    call_fate fate;
    const char* status;
    const char* sip;
  };
  const row rows[] = {{call_fate::busy, "busy", "486"},          {call_fate::no_answer, "no-answer", "487"},
                      {call_fate::rejected, "no-answer", "603"}, {call_fate::failed, "failed", "503"},
                      {call_fate::invalid, "failed", "404"},     {call_fate::voicemail, "completed", "200"}};
  for (const auto& row : rows) {
    auto rules = calm();
    rules.failed_sip = {503};
    rules.destinations[number(0)].fate = row.fate;
    bench_of_calls bench{carrier_name::twilio, rules};
    bench.create(number(0), with_callbacks());
    bench.wait(10s);
    const auto last = form_fields::parse(bench.out.posts.back().body);
    EXPECT_EQ(last.get("CallStatus"), row.status);
    EXPECT_EQ(last.get("SipResponseCode"), row.sip);
    EXPECT_EQ(bench.out.of(log_event::ended).size(), 1U);
  }
}

TEST(TwilioCallbacks, RingTimeoutShorterThanTheRing_NoAnswerAtTheTimeout) {
  auto rules = calm();
  rules.times.ring = {5000, 5000};
  bench_of_calls bench{carrier_name::twilio, rules};
  bench.create(number(0), "&Timeout=5");
  bench.wait(20s);
  const auto ended = bench.out.of(log_event::ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, "no-answer");
  EXPECT_EQ(ended[0].at, bench.out.of(log_event::ringing)[0].at + 5s);
}

TEST(TwilioCallbacks, FragmentOfTheUrl_SetsRetriesAndIsNotSent) {
  const auto target = twilio_target("https://h.example/p?t=1#rc=3&rp=5xx,ct&ct=700", scenario{});
  EXPECT_EQ(target.url, "https://h.example/p?t=1");
  EXPECT_EQ(target.attempts_max, 4);
  EXPECT_TRUE(target.retry_5xx);
  EXPECT_TRUE(target.retry_connect);
  EXPECT_FALSE(target.retry_4xx);
  EXPECT_FALSE(target.retry_no_answer);
  EXPECT_EQ(target.connect_timeout, 700ms);
  EXPECT_EQ(twilio_target("https://h.example#rc=9", scenario{}).attempts_max, 6);
}

TEST(TwilioCallbacks, ServerErrorWithoutPolicy_LostWithPolicy_Repeated) {
  for (const bool policy : {false, true}) {
    bench_of_calls bench{carrier_name::twilio, calm()};
    std::string url = "&StatusCallback=";
    append_percent_encoded(url, callback_url + (policy ? "#rc=1&rp=all" : ""));
    bench.create(number(0), url);
    bench.wait(2s);
    ASSERT_EQ(bench.out.posts.size(), 1U);
    bench.acknowledge(500);
    bench.wait(10s);
    EXPECT_EQ(bench.out.posts.size(), policy ? 2U : 1U);
    EXPECT_EQ(bench.out.posts.back().headers.find("I-Twilio-Idempotency-Token") != std::string::npos, policy);
    bench.acknowledge(policy ? 200 : 500);
    EXPECT_EQ(bench.out.of(log_event::callback_lost).size(), policy ? 0U : 1U);
    EXPECT_EQ(bench.out.of(log_event::callback_acknowledged).size(), policy ? 1U : 0U);
  }
}

TEST(TwilioCallbacks, ConnectionRefused_OneRepetitionByDefault) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  bench.create(number(0), "&StatusCallback=https%3A%2F%2Fdialer.example.com");
  bench.wait(2s);
  bench.subject->callback_done(bench.out.posts.at(0).id, {callback_outcome::connect_failed, 0}, bench.now);
  bench.wait(5s);
  ASSERT_EQ(bench.out.posts.size(), 2U);
  bench.subject->callback_done(bench.out.posts.at(1).id, {callback_outcome::connect_failed, 0}, bench.now);
  bench.wait(50s);
  EXPECT_EQ(bench.out.posts.size(), 2U);
  EXPECT_EQ(bench.out.of(log_event::callback_lost).at(0).reason, "connect_failed");
}

TEST(TwilioUpdate, CompletedDuringTheTalk_EndsAnsweredCall) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  const auto sid = json_body{bench.create(number(0), with_callbacks()).body}.text("/sid");
  bench.wait(300ms);
  const auto canceled = bench.send("POST", bench.path("/Calls/" + sid + ".json"), "Status=canceled");
  EXPECT_EQ(json_body{canceled.body}.text("/status"), "in-progress") << "canceled must not end an answered call";
  const auto completed = bench.send("POST", bench.path("/Calls/" + sid + ".json"), "Status=completed");
  EXPECT_EQ(json_body{completed.body}.text("/status"), "completed");
  const auto again = bench.send("POST", bench.path("/Calls/" + sid + ".json"), "Status=completed");
  EXPECT_EQ(again.status, 400);
  bench.wait(10s);
  EXPECT_EQ(bench.out.of(log_event::ended).size(), 1U);
}

TEST(TwilioUpdate, CanceledWhileRinging_CallbackSaysCanceled) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  const auto sid = json_body{bench.create(number(0), with_callbacks()).body}.text("/sid");
  bench.wait(50ms);
  bench.send("POST", bench.path("/Calls/" + sid + ".json"), "Status=canceled");
  bench.wait(10s);
  EXPECT_EQ(statuses(bench.out), (std::vector<std::string>{"initiated", "ringing", "canceled"}));
  EXPECT_EQ(bench.out.of(log_event::canceled).size() + bench.out.of(log_event::ended).size(), 1U);
}

TEST(TwilioList, Pages_CoverEachCallOnceNewestFirstWhileNewOnesArrive) {
  auto rules = calm();
  rules.twilio.limits.calls_per_second = 0;
  bench_of_calls bench{carrier_name::twilio, rules};
  for (int i = 0; i < 7; ++i) bench.create(number(i));
  std::vector<std::string> seen;
  std::string next = bench.path("/Calls.json?PageSize=3");
  while (!next.empty()) {
    const json_body page{bench.send("GET", next).body};
    for (std::size_t i = 0; i < page.size("/calls"); ++i)
      seen.push_back(page.text("/calls/" + std::to_string(i) + "/to"));
    next = page.null("/next_page_uri") ? std::string{} : page.text("/next_page_uri");
    bench.create(number(9));
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{number(6), number(5), number(4), number(3), number(2), number(1), number(0)}));
}

TEST(TwilioList, Filters_KeepWhatMatchesAndQueuedCallsHaveNoStartTime) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  bench.create(number(0));
  bench.create(number(1));
  bench.create(number(1));
  const auto count = [&](const std::string& query) {
    return json_body{bench.send("GET", bench.path("/Calls.json?" + query)).body}.size("/calls");
  };
  EXPECT_EQ(count("To=%2B12125550101"), 2U);
  EXPECT_EQ(count("To=%2B12125550101&From=%2B12125550198"), 0U);
  EXPECT_EQ(count("Status=queued"), 3U);
  bench.wait(50ms);
  EXPECT_EQ(count("Status=ringing"), 1U);
  EXPECT_EQ(count("StartTime%3E=2026-01-01"), 1U) << "only the first call has left the queue";
  EXPECT_EQ(count("StartTime%3C=2026-01-01"), 0U);
  EXPECT_EQ(count("PageSize=2"), 2U);
}

TEST(TwilioList, ListingLag_HidesAYoungCallUntilItIsOver) {
  auto rules = calm();
  rules.twilio.listing_lag = {2000, 2000};
  rules.twilio.fetch_lag = {1000, 1000};
  bench_of_calls bench{carrier_name::twilio, rules};
  const auto sid = json_body{bench.create(number(0)).body}.text("/sid");
  const auto listed = [&] {
    return json_body{bench.send("GET", bench.path("/Calls.json?To=%2B12125550100")).body}.size("/calls");
  };
  const auto fetched = [&] { return bench.send("GET", bench.path("/Calls/" + sid + ".json")).status; };
  bench.wait(999ms);
  EXPECT_EQ(fetched(), 404);
  bench.wait(1ms);
  EXPECT_EQ(fetched(), 200);
  bench.wait(999ms);
  EXPECT_EQ(listed(), 0U);
  bench.wait(1ms);
  EXPECT_EQ(listed(), 1U);
}

TEST(TwilioLimits, RequestsInFlight_20429AboveTheLimitOnly) {
  auto rules = calm();
  rules.twilio.limits.requests_in_flight_max = 2;
  bench_of_calls bench{carrier_name::twilio, rules};
  bench.finish_answers = false;
  EXPECT_EQ(bench.create(number(0)).status, 201);
  const auto second = bench.create(number(1));
  EXPECT_EQ(second.status, 201);
  const auto third = bench.create(number(2));
  EXPECT_EQ(third.status, 429);
  EXPECT_EQ(json_body{third.body}.number("/code"), 20429);
  bench.subject->answer_finished(third.account);
  bench.subject->answer_finished(second.account);
  EXPECT_EQ(bench.create(number(2)).status, 201);
}

TEST(TwilioLimits, ConcurrentCalls_10004UntilOneEnds) {
  auto rules = calm();
  rules.twilio.limits.concurrent_calls_max = 1;
  bench_of_calls bench{carrier_name::twilio, rules};
  EXPECT_EQ(bench.create(number(0)).status, 201);
  EXPECT_EQ(json_body{bench.create(number(1)).body}.number("/code"), 10004);
  bench.wait(5s);
  EXPECT_EQ(bench.create(number(1)).status, 201);
}

TEST(TwilioLog, CreateReceived_CarriesTheTokenAndLinksTheCall) {
  bench_of_calls bench{carrier_name::twilio, calm()};
  std::string url = "&StatusCallback=";
  append_percent_encoded(url, "https://d.example/c?x=1&t=a%2Bb#rc=1");
  const auto sid = json_body{bench.create(number(0), url).body}.text("/sid");
  const auto received = bench.out.of(log_event::create_received).at(0);
  const auto created = bench.out.of(log_event::call_created).at(0);
  EXPECT_EQ(received.token, "a+b");
  EXPECT_EQ(received.at, bench.now);
  EXPECT_EQ(received.request, created.request);
  EXPECT_EQ(created.ref, sid);
  EXPECT_EQ(created.token, "a+b");
}

}  // namespace
}  // namespace dialer::carriers::simulator
