#include "engine/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

class breaker : public testing::Test {
 protected:
  void answer(int good, int faults) {
    for (int i = 0; i < good; ++i) circuit.on_good();
    for (int i = 0; i < faults; ++i) circuit.on_fault(now);
  }
  steady_time now{1000s};
  circuit_breaker circuit;
};

TEST_F(breaker, nine_faults_are_too_few_to_judge_and_ten_open_it) {
  answer(0, 9);
  EXPECT_TRUE(circuit.allows(now, 500));
  answer(0, 1);
  EXPECT_TRUE(circuit.is_open());
  EXPECT_FALSE(circuit.allows(now, 0));
}

TEST_F(breaker, half_faults_keep_it_closed_and_one_more_opens_it) {
  answer(10, 10);
  EXPECT_FALSE(circuit.is_open());
  answer(0, 1);
  EXPECT_TRUE(circuit.is_open());
}

TEST_F(breaker, only_the_last_twenty_answers_count) {
  answer(500, 10);
  EXPECT_FALSE(circuit.is_open());
  answer(0, 1);
  EXPECT_TRUE(circuit.is_open());
}

TEST_F(breaker, half_open_lets_one_call_out_at_a_time) {
  answer(0, 10);
  now = circuit.retry_at() - 1us;
  EXPECT_FALSE(circuit.allows(now, 0));
  now += 1us;
  EXPECT_TRUE(circuit.allows(now, 0));
  EXPECT_FALSE(circuit.allows(now, 1));
}

TEST_F(breaker, a_good_probe_closes_it_and_forgets_the_longer_pause) {
  answer(0, 10);
  now = circuit.retry_at();
  answer(0, 1);
  EXPECT_EQ(circuit.retry_at() - now, 4s);
  now = circuit.retry_at();
  answer(1, 0);
  EXPECT_TRUE(circuit.allows(now, 500));
  answer(0, 20);
  EXPECT_EQ(circuit.retry_at() - now, 2s);
}

TEST_F(breaker, the_pause_doubles_up_to_a_minute) {
  answer(0, 10);
  for (const auto pause : {4s, 8s, 16s, 32s, 60s, 60s}) {
    now = circuit.retry_at();
    answer(0, 1);
    EXPECT_EQ(circuit.retry_at() - now, pause);
  }
}

TEST_F(breaker, faults_of_calls_that_were_out_when_it_opened_do_not_lengthen_the_pause) {
  answer(0, 10);
  const steady_time at = circuit.retry_at();
  now += 1s;
  answer(0, 50);
  EXPECT_EQ(circuit.retry_at(), at);
}

}  // namespace
}  // namespace dialer::engine
