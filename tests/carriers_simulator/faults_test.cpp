#include "carriers/simulator/twilio_api.hpp"
#include "tests/carriers_simulator/bench_of_calls.hpp"

namespace dialer::carriers::simulator {
namespace {

fault_rule rule(fault_kind kind) {
  fault_rule out;
  out.kind = kind;
  return out;
}

scenario with(std::vector<fault_rule> faults) {
  auto rules = calm();
  rules.twilio.limits.calls_per_second = 0;
  rules.telnyx.limits.calls_per_second = 0;
  rules.faults = std::move(faults);
  return rules;
}

const std::string callbacks =
    "&StatusCallback=https%3A%2F%2Fdialer.example.com&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&"
    "StatusCallbackEvent=answered&StatusCallbackEvent=completed";

std::vector<std::string> sequence_numbers(const recorder& out) {
  std::vector<std::string> found;
  for (const auto& post : out.posts) found.emplace_back(form_fields::parse(post.body).get("SequenceNumber"));
  return found;
}

struct request_fault {
  fault_kind kind;
  int status;
  answer_delivery delivery;
  bool call_exists;
};

class RequestFaults : public testing::TestWithParam<request_fault> {};

TEST_P(RequestFaults, OnCreate_AnswersAsTheFaultSaysAndActsOrNot) {
  const auto& expected = GetParam();
  for (const auto carrier : {carrier_name::twilio, carrier_name::telnyx}) {
    bench_of_calls bench{carrier, with({rule(expected.kind)})};
    const auto answer = carrier == carrier_name::twilio ? bench.create(number(0)) : bench.dial(number(0));
    const int success = carrier == carrier_name::twilio ? 201 : 200;
    EXPECT_EQ(answer.status, expected.status == 201 ? success : expected.status);
    EXPECT_EQ(answer.delivery, expected.delivery);
    EXPECT_EQ(bench.out.of(log_event::call_created).size(), expected.call_exists ? 1U : 0U);
    EXPECT_EQ(bench.out.of(log_event::create_received).size(), 1U);
    const auto dropped = bench.out.of(log_event::answer_dropped);
    const auto refused = bench.out.of(log_event::create_refused);
    EXPECT_EQ(dropped.size() + refused.size(), 1U) << "the log must say that the client did not learn of a call";
    if (expected.call_exists) {
      EXPECT_EQ(dropped.at(0).ref, bench.out.of(log_event::call_created).at(0).ref);
    }
    const auto page = carrier == carrier_name::twilio
                          ? bench.send("GET", bench.path("/Calls.json"))
                          : bench.send("GET", "/v2/connections/" + std::string(telnyx_connection) + "/active_calls");
    const json_body list{page.body};
    EXPECT_EQ(list.size(carrier == carrier_name::twilio ? "/calls" : "/data"), expected.call_exists ? 1U : 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    EachKind, RequestFaults,
    testing::Values(request_fault{fault_kind::throttled_429, 429, answer_delivery::whole, false},
                    request_fault{fault_kind::error_500_before, 500, answer_delivery::whole, false},
                    request_fault{fault_kind::error_500_after, 500, answer_delivery::whole, true},
                    request_fault{fault_kind::unavailable_503, 503, answer_delivery::whole, false},
                    request_fault{fault_kind::unauthorized_401, 401, answer_delivery::whole, false},
                    request_fault{fault_kind::redirect_302, 302, answer_delivery::whole, false},
                    request_fault{fault_kind::html_502_before, 502, answer_delivery::whole, false},
                    request_fault{fault_kind::html_502_after, 502, answer_delivery::whole, true},
                    request_fault{fault_kind::drop_before, 200, answer_delivery::dropped, false},
                    request_fault{fault_kind::drop_after, 201, answer_delivery::dropped, true},
                    request_fault{fault_kind::reset_before, 200, answer_delivery::reset, false},
                    request_fault{fault_kind::reset_after, 201, answer_delivery::reset, true},
                    request_fault{fault_kind::partial_answer, 201, answer_delivery::partial, true},
                    request_fault{fault_kind::trickled_answer, 201, answer_delivery::trickled, true},
                    request_fault{fault_kind::bad_json, 201, answer_delivery::whole, true},
                    request_fault{fault_kind::huge_answer, 201, answer_delivery::whole, true}),
    [](const auto& value) { return std::string(fault_traits[static_cast<std::size_t>(value.param.kind)].name); });

TEST(FaultRules, NamesAndKinds_StandInTheSameOrder) {
  EXPECT_EQ(fault_traits.size(), static_cast<std::size_t>(fault_kind::callback_reordered) + 1);
  EXPECT_EQ(fault_traits[static_cast<std::size_t>(fault_kind::partial_answer)].name, "partial_answer");
  EXPECT_EQ(fault_traits[static_cast<std::size_t>(fault_kind::callback_lost)].name, "callback_lost");
}

TEST(FaultRules, AnswerLate_DelaysTheAnswerAndNotTheCall) {
  auto late = rule(fault_kind::answer_late);
  late.delay = {1500, 1500};
  bench_of_calls bench{carrier_name::twilio, with({late})};
  const auto answer = bench.create(number(0), callbacks);
  EXPECT_EQ(answer.latency, 1500ms);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(bench.out.posts.size(), 1U) << "the first callback overtakes the answer";
}

TEST(FaultRules, RetryAfter_OnlyWhenGiven) {
  auto throttled = rule(fault_kind::throttled_429);
  bench_of_calls without{carrier_name::twilio, with({throttled})};
  EXPECT_EQ(without.create(number(0)).headers.find("Retry-After"), std::string::npos);
  throttled.retry_after_s = 3;
  bench_of_calls bench{carrier_name::telnyx, with({throttled})};
  EXPECT_NE(bench.dial(number(0)).headers.find("Retry-After: 3\r\n"), std::string::npos);
}

TEST(FaultRules, SkipAndLimit_BiteOnlyInBetween) {
  auto faulty = rule(fault_kind::error_500_before);
  faulty.skip = 2;
  faulty.limit = 3;
  bench_of_calls bench{carrier_name::twilio, with({faulty})};
  std::vector<int> seen;
  for (int i = 0; i < 7; ++i) seen.push_back(bench.create(number(i)).status);
  EXPECT_EQ(seen, (std::vector<int>{201, 201, 500, 500, 500, 201, 201}));
}

TEST(FaultRules, OperationAndCarrier_OthersAreSpared) {
  auto faulty = rule(fault_kind::unavailable_503);
  faulty.operation = api_operation::list;
  faulty.carrier = carrier_name::twilio;
  bench_of_calls bench{carrier_name::twilio, with({faulty})};
  EXPECT_EQ(bench.create(number(0)).status, 201);
  EXPECT_EQ(bench.send("GET", bench.path("/Calls.json")).status, 503);
  bench_of_calls other{carrier_name::telnyx, with({faulty})};
  EXPECT_EQ(other.send("GET", "/v2/call_events").status, 200);
}

TEST(FaultRules, Probability_BitesAboutThatShareAndTheSameRequestsEachTime) {
  auto faulty = rule(fault_kind::error_500_after);
  faulty.probability = 0.3;
  const auto bitten = [&](std::uint64_t seed, bool backwards) {
    bench_of_calls bench{carrier_name::twilio, with({faulty}), seed};
    std::set<int> out;
    for (int i = 0; i < 1000; ++i) {
      const int n = backwards ? 999 - i : i;
      if (bench.create("+1212555" + std::to_string(1000 + n)).status == 500) out.insert(n);
    }
    return out;
  };
  const auto first = bitten(7, false);
  EXPECT_GT(first.size(), 240U);
  EXPECT_LT(first.size(), 360U);
  EXPECT_EQ(first, bitten(7, true)) << "the order of requests must not matter";
  EXPECT_NE(first, bitten(8, false));
}

TEST(CallbackFaults, Lost_NothingIsPostedAndTheLogSaysSo) {
  auto lost = rule(fault_kind::callback_lost);
  lost.skip = 1;
  lost.limit = 2;
  bench_of_calls bench{carrier_name::twilio, with({lost})};
  bench.create(number(0), callbacks);
  bench.wait(5s);
  EXPECT_EQ(sequence_numbers(bench.out), (std::vector<std::string>{"0", "3"}));
  EXPECT_EQ(bench.out.of(log_event::callback_lost).size(), 2U);
}

TEST(CallbackFaults, Twice_TheSameBytesTwice) {
  bench_of_calls bench{carrier_name::twilio, with({rule(fault_kind::callback_twice)})};
  bench.create(number(0), callbacks);
  bench.wait(5s);
  EXPECT_EQ(sequence_numbers(bench.out), (std::vector<std::string>{"0", "0", "1", "1", "2", "2", "3", "3"}));
  EXPECT_EQ(bench.out.posts[0].body, bench.out.posts[1].body);
}

TEST(CallbackFaults, Late_PostedAfterTheDelay) {
  auto late = rule(fault_kind::callback_late);
  late.delay = {3'600'000, 3'600'000};
  bench_of_calls bench{carrier_name::telnyx, with({late})};
  bench.dial(number(0), R"(,"webhook_url":"https://dialer.example.com")");
  bench.wait(3599s);
  EXPECT_TRUE(bench.out.posts.empty());
  bench.wait(1s);
  EXPECT_EQ(bench.out.posts.size(), 1U);
}

TEST(CallbackFaults, Reordered_EachPairSwappedAndNoneMissing) {
  bench_of_calls bench{carrier_name::twilio, with({rule(fault_kind::callback_reordered)})};
  bench.create(number(0), callbacks);
  bench.wait(5s);
  EXPECT_EQ(sequence_numbers(bench.out), (std::vector<std::string>{"1", "0", "3", "2"}));
}

TEST(Seed, SameSeed_SameTraceOtherSeedAnother) {
  const auto trace = [](carrier_name carrier, std::uint64_t seed) {
    scenario rules;
    rules.twilio.limits.calls_per_second = 20;
    rules.telnyx.limits.calls_per_second = 20;
    for (const auto kind : {fault_kind::answer_late, fault_kind::error_500_after, fault_kind::drop_before,
                            fault_kind::callback_lost, fault_kind::callback_twice, fault_kind::callback_reordered}) {
      rules.faults.push_back(rule(kind));
      rules.faults.back().probability = 0.2;
    }
    bench_of_calls bench{carrier, rules, seed};
    for (int i = 0; i < 200; ++i) {
      if (carrier == carrier_name::twilio) {
        bench.create("+1212555" + std::to_string(1000 + i % 50), callbacks + "&MachineDetection=Enable");
      } else {
        bench.dial("+1212555" + std::to_string(1000 + i % 50), R"(,"webhook_url":"https://dialer.example.com")");
      }
      bench.wait(20ms);
      if (i % 3 == 0) bench.acknowledge(i % 2 == 0 ? 200 : 500);
    }
    bench.wait(1h);
    return bench.out.trace();
  };
  for (const auto carrier : {carrier_name::twilio, carrier_name::telnyx}) {
    EXPECT_EQ(trace(carrier, 3), trace(carrier, 3));
    EXPECT_NE(trace(carrier, 3), trace(carrier, 4));
  }
}

TEST(Outcomes, Shares_AreKeptAndEachCallEndsExactlyOnce) {
  scenario rules;
  rules.twilio.limits.calls_per_second = 0;
  rules.shares = {50, 50, 0, 0, 0, 0, 0};
  bench_of_calls bench{carrier_name::twilio, rules};
  for (int i = 0; i < 2000; ++i) bench.create("+1212555" + std::to_string(1000 + i));
  bench.wait(1h);
  std::size_t machines = 0;
  const auto ended = bench.out.of(log_event::ended);
  for (const auto& entry : ended) machines += entry.answered_by == "machine" ? 1 : 0;
  EXPECT_EQ(ended.size(), 2000U);
  EXPECT_GT(machines, 900U);
  EXPECT_LT(machines, 1100U);
}

TEST(Outcomes, SecondCallToANumber_HasItsOwnFate) {
  scenario rules;
  std::set<call_fate> fates;
  for (std::uint64_t n = 0; n < 50; ++n) fates.insert(plan_call(rules, 5, number(0), n).fate);
  EXPECT_GT(fates.size(), 2U);
  EXPECT_EQ(plan_call(rules, 5, number(0), 3).ring, plan_call(rules, 5, number(0), 3).ring);
}

}  // namespace
}  // namespace dialer::carriers::simulator
