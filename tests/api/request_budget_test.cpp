#include "api/request_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

api_key_id key(std::uint64_t n) {
  return api_key_id{id128{7, n}};
}

class RequestBudget : public testing::Test {
 protected:
  bool take(std::uint64_t of = 1) { return budget_.take(key(of), now_).taken; }

  request_budget budget_{{.per_second = 4, .burst = 3}};
  steady_time now_{1h};
};

TEST_F(RequestBudget, Burst_IsTakenAtOnceAndNotOneMore) {
  for (const std::uint64_t left : {2U, 1U, 0U}) {
    const auto given = budget_.take(key(1), now_);
    EXPECT_TRUE(given.taken);
    EXPECT_EQ(given.left, left);
  }
  const auto refused = budget_.take(key(1), now_);
  EXPECT_FALSE(refused.taken);
  EXPECT_EQ(refused.left, 0U);
  EXPECT_EQ(refused.more_after, 1s) << "a quarter of one, rounded up";
}

TEST_F(RequestBudget, OneMore_IsEarnedByTheRate) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take());
  now_ += 250ms - 1us;
  EXPECT_FALSE(take());
  now_ += 1us;
  EXPECT_TRUE(take()) << "what was refused costs nothing";
  EXPECT_FALSE(take());
}

TEST_F(RequestBudget, Silence_EarnsNoMoreThanTheBurst) {
  now_ += 1h;
  int taken = 0;
  while (take()) ++taken;
  EXPECT_EQ(taken, 3);
}

TEST_F(RequestBudget, OverLongTimes_TheRateIsKept) {
  int taken = 0;
  for (int i = 0; i < 100'000; ++i, now_ += 1ms) taken += take() ? 1 : 0;
  EXPECT_EQ(taken, 4 * 100 + 2) << "100 seconds, and the burst before them";
}

TEST_F(RequestBudget, Keys_HaveOneEach) {
  while (take(1)) {
  }
  EXPECT_TRUE(take(2));
}

TEST_F(RequestBudget, Headers_AreThoseOfTheDraft) {
  EXPECT_THAT(budget_.headers_of(budget_.take(key(1), now_)),
              ElementsAre(Pair("RateLimit-Policy", "\"key\";q=3;w=1"), Pair("RateLimit", "\"key\";r=2;t=1")));
  while (take()) {
  }
  EXPECT_THAT(budget_.headers_of(budget_.take(key(1), now_)),
              ElementsAre(Pair("RateLimit-Policy", "\"key\";q=3;w=1"), Pair("RateLimit", "\"key\";r=0;t=1"),
                          Pair("Retry-After", "1")));
}

TEST_F(RequestBudget, LessThanOneASecond_IsWaitedForAsLongAsItTakes) {
  request_budget slow{{.per_second = 0.1, .burst = 2}};
  (void)slow.take(key(1), now_);
  (void)slow.take(key(1), now_);
  now_ += 1s;
  const auto refused = slow.take(key(1), now_);
  EXPECT_FALSE(refused.taken);
  EXPECT_EQ(refused.more_after, 9s);
  EXPECT_THAT(slow.headers_of(refused), ElementsAre(Pair("RateLimit-Policy", "\"key\";q=2;w=20"),
                                                    Pair("RateLimit", "\"key\";r=0;t=9"), Pair("Retry-After", "9")));
  EXPECT_TRUE(slow.take(key(1), now_ + 9s).taken) << "as it was told";
}

TEST_F(RequestBudget, WithoutALimit_NothingIsCountedOrTold) {
  request_budget none{{}};
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(none.take(key(1), now_).taken);
  EXPECT_THAT(none.headers_of(none.take(key(1), now_)), IsEmpty());
}

TEST_F(RequestBudget, KeysOfLongAgo_TakeNoRoom) {
  for (std::uint64_t n = 0; n < 10'000; ++n, now_ += 1s) EXPECT_TRUE(take(n));
  EXPECT_LE(budget_.keys(), 1'024U);
}

}  // namespace
}  // namespace dialer::api
