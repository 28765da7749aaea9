#include "carriers/http/connect_pacer.hpp"

#include <gtest/gtest.h>

namespace dialer::carriers::http {
namespace {

using namespace std::chrono_literals;
using time_point = connect_pacer::time_point;

constexpr time_point start{1'000s};

int take_all(connect_pacer& pacer, time_point now) {
  int taken = 0;
  while (pacer.try_take(now)) ++taken;
  return taken;
}

TEST(ConnectPacer, Budget_IsABurstThenTheRate) {
  connect_pacer pacer{200, 1};
  EXPECT_EQ(take_all(pacer, start), 20);  // 100 ms worth
  EXPECT_FALSE(pacer.try_take(start + 4ms));
  EXPECT_EQ(pacer.next_at(), start + 5ms);
  EXPECT_TRUE(pacer.try_take(start + 5ms));
  int in_a_second = 0;
  for (auto t = start + 6ms; t <= start + 1005ms; t += 1ms) in_a_second += take_all(pacer, t);
  EXPECT_EQ(in_a_second, 200);
}

TEST(ConnectPacer, BudgetBelowOnePerWindow_StillLetsOneThrough) {
  connect_pacer pacer{1, 1};
  EXPECT_EQ(take_all(pacer, start), 1);
  EXPECT_EQ(take_all(pacer, start + 999ms), 0);
  EXPECT_EQ(take_all(pacer, start + 1s), 1);
}

TEST(ConnectPacer, FailuresInARow_DoubleThePauseUpToItsMaximum) {
  connect_pacer pacer{1000, 7};
  time_point now = start;
  std::chrono::milliseconds ceiling = connect_pacer::pause_first;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(pacer.try_take(now));
    pacer.on_failure(now, now + 1ms);
    EXPECT_TRUE(pacer.probing());
    const auto pause = pacer.next_at() - (now + 1ms);
    EXPECT_GE(pause, ceiling / 2);
    EXPECT_LE(pause, ceiling);
    EXPECT_FALSE(pacer.try_take(pacer.next_at() - 1ms));
    now = pacer.next_at();
    ceiling = std::min(ceiling * 2, connect_pacer::pause_max);
  }
  pacer.on_success();
  EXPECT_FALSE(pacer.probing());
  EXPECT_TRUE(pacer.try_take(now));
}

TEST(ConnectPacer, AttemptsUnderWayTogether_CountAsOneFailure) {
  connect_pacer pacer{1000, 7};
  for (int i = 0; i < 20; ++i) pacer.on_failure(start, start + 10ms);
  EXPECT_LE(pacer.next_at(), start + 10ms + connect_pacer::pause_first);
}

}  // namespace
}  // namespace dialer::carriers::http
