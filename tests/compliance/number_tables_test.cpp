// attempt_history and opt_out_set against plain containers.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "compliance/attempt_history.hpp"
#include "compliance/suppression.hpp"
#include "model/random.hpp"
#include "tests/compliance/time_for_test.hpp"

namespace dialer::compliance {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;

constexpr e164 someone = e164::from_digits(12125550123);
constexpr e164 another = e164::from_digits(12125550124);
const utc_time noon = utc("2026-11-21 12:00");

TEST(AttemptHistory, RollingWindow_IsOpenAtItsOldEnd) {
  attempt_history history;
  history.record(someone, noon);
  EXPECT_EQ(history.count(someone, noon, 24h), 1U);
  EXPECT_EQ(history.count(someone, noon + 24h - one_us, 24h), 1U);
  EXPECT_EQ(history.count(someone, noon + 24h, 24h), 0U);
  EXPECT_EQ(history.count(another, noon, 24h), 0U);
}

TEST(AttemptHistory, ClockSetBack_HidesNoAttempt) {
  attempt_history history;
  history.record(someone, noon);
  EXPECT_EQ(history.count(someone, noon - 10s, 24h), 1U);
  EXPECT_EQ(history.recent(someone, noon - 10s).last_24h, 1U);
  EXPECT_EQ(history.recent(someone, noon - 10s).last_7d, 1U);
  EXPECT_EQ(history.below_cap_at(someone, noon - 10s, 24h, 1), noon + 24h);
}

TEST(AttemptHistory, CapReached_NamesTheInstantTheOldestExcessLeaves) {
  attempt_history history;
  for (const auto at : {noon + 2h, noon, noon + 1h}) history.record(someone, at);  // any order
  const auto now = noon + 3h;
  EXPECT_FALSE(history.below_cap_at(someone, now, 24h, 4));
  EXPECT_EQ(history.below_cap_at(someone, now, 24h, 3), noon + 24h);
  EXPECT_EQ(history.below_cap_at(someone, now, 24h, 2), noon + 25h);
  EXPECT_EQ(history.below_cap_at(someone, now, 24h, 1), noon + 26h);
}

TEST(AttemptHistory, Retracted_NoLongerCounts) {
  attempt_history history;
  history.record(someone, noon);
  history.record(someone, noon);
  history.retract(someone, noon + one_us);  // no such attempt
  EXPECT_EQ(history.count(someone, noon, 24h), 2U);
  history.retract(someone, noon);
  EXPECT_EQ(history.count(someone, noon, 24h), 1U);
  EXPECT_EQ(history.attempts(), 1U);
  history.retract(someone, noon);
  EXPECT_EQ(history.attempts(), 0U);
}

TEST(AttemptHistory, Expired_AreForgottenAndNoOthers) {
  attempt_history history;
  random_source random{3};
  constexpr std::uint64_t people = 20'000;
  for (std::uint64_t i = 0; i < people; ++i) {
    const auto number = e164::from_digits(12125550000 + i);
    history.record(number, noon);
    if (i % 2 == 0) history.record(number, noon + hours{1 + static_cast<int>(random.below(24))});
  }
  const auto later = noon + hours{7 * 24};
  for (int slice = 0; slice < 50; ++slice) history.expire(later - one_us);
  EXPECT_EQ(history.attempts(), people + people / 2);
  for (int slice = 0; slice < 50; ++slice) history.expire(later);
  EXPECT_EQ(history.attempts(), people / 2);
  for (std::uint64_t i = 0; i < people; ++i) {
    ASSERT_EQ(history.count(e164::from_digits(12125550000 + i), later, hours{7 * 24}), i % 2 == 0 ? 1U : 0U);
  }
  for (int slice = 0; slice < 50; ++slice) history.expire(later + 48h);
  EXPECT_EQ(history.attempts(), 0U);
}

TEST(AttemptHistory, EmptyTable_ExpiresNothing) {
  attempt_history history;
  history.expire(noon);
  EXPECT_EQ(history.attempts(), 0U);
}

TEST(AttemptHistory, Memory_StaysWithinThirtyTwoBytesAnAttempt) {
  attempt_history history;
  random_source random{5};
  for (int i = 1; i <= 1'000'000; ++i) {
    history.record(e164::from_digits(12000000000 + random.below(8'000'000'000)), noon);
    if (i % 100'000 == 0) {
      EXPECT_LE(static_cast<double>(history.bytes()) / i, 33.0);
    }
  }
}

TEST(OptOutSet, Memory_StaysWithinSixteenBytesANumber) {
  opt_out_set set;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) set.insert(e164::from_digits(12000000000 + i * 10'007));
  EXPECT_EQ(set.size(), 1'000'000U);
  EXPECT_LE(static_cast<double>(set.bytes()) / 1e6, 16.5);
}

/// Numbers in regular steps are what lists look like; the hash must not pile them up.
TEST(OptOutSet, NumbersInAnyRegularStep_AreAllFoundQuickly) {
  for (const std::uint64_t step : {1ULL, 2ULL, 10ULL, 100ULL, 1'000ULL, 10'000ULL, 10'000'000ULL, 1ULL << 32}) {
    opt_out_set set;
    for (std::uint64_t i = 0; i < 50'000; ++i) set.insert(e164::from_digits(12000000000 + i * step));
    ASSERT_EQ(set.size(), 50'000U) << step;
    EXPECT_LE(set.bytes(), 1'100'000U) << step;  // segments fill evenly
  }
}

/// Segments at their fullest, so that groups overflow into their neighbours and round the end, and erasing pulls back.
TEST(OptOutSet, TurningOverForLong_AgreesWithASet) {
  random_source random{11};
  opt_out_set set;
  std::set<std::uint64_t> reference;
  for (int i = 0; i < 400'000; ++i) {
    const auto digits = 12000000000 + random.below(6'000);
    // The target size wanders between nearly empty and full.
    if (random.below(6'000) > reference.size() * (i / 40'000 % 2 == 0 ? 1 : 4)) {
      set.insert(e164::from_digits(digits));
      reference.insert(digits);
    } else {
      set.erase(e164::from_digits(digits));
      reference.erase(digits);
    }
    if (i % 10'000 != 0) continue;
    ASSERT_EQ(set.size(), reference.size());
    for (std::uint64_t number = 12000000000; number < 12000006000; ++number) {
      ASSERT_EQ(set.contains(e164::from_digits(number)), reference.contains(number)) << number << " after " << i;
    }
  }
}

TEST(AttemptHistory, TurningOverForLong_AgreesWithAMultimap) {
  random_source random{13};
  attempt_history history;
  std::multimap<std::uint64_t, utc_time> reference;
  for (int i = 0; i < 200'000; ++i) {
    const auto digits = 12000000000 + random.below(1'500);
    const auto at = noon + hours{random.below(5)};
    if (random.below(6'000) > reference.size() * (i / 20'000 % 2 == 0 ? 1 : 4)) {
      history.record(e164::from_digits(digits), at);
      reference.emplace(digits, at);
    } else {
      history.retract(e164::from_digits(digits), at);
      const auto [first, last] = reference.equal_range(digits);
      const auto found = std::find_if(first, last, [&](const auto& one) { return one.second == at; });
      if (found != last) reference.erase(found);
    }
    if (i % 5'000 != 0) continue;
    for (std::uint64_t number = 12000000000; number < 12000001500; ++number) {
      ASSERT_EQ(history.count(e164::from_digits(number), noon + 5h, 24h), reference.count(number)) << number;
    }
  }
}

struct operation {
  int what;
  std::uint64_t number;
  int at;
};

/// Few numbers and few instants, so that duplicates, probe runs and wrap-around all happen.
rc::Gen<std::vector<operation>> any_operations() {
  return rc::gen::container<std::vector<operation>>(rc::gen::construct<operation>(
      rc::gen::inRange(0, 10), rc::gen::inRange<std::uint64_t>(12000000000, 12000000400), rc::gen::inRange(0, 400)));
}

RC_GTEST_PROP(OptOutSetProperty, AnyOperations_AgreeWithASet, ()) {
  opt_out_set set;
  std::set<std::uint64_t> reference;
  for (const auto& [what, number, at] : *rc::gen::scale(20.0, any_operations())) {
    if (what < 7) {
      set.insert(e164::from_digits(number));
      reference.insert(number);
    } else {
      set.erase(e164::from_digits(number));
      reference.erase(number);
    }
  }
  RC_ASSERT(set.size() == reference.size());
  for (std::uint64_t number = 12000000000; number < 12000000400; ++number) {
    RC_ASSERT(set.contains(e164::from_digits(number)) == reference.contains(number));
  }
}

RC_GTEST_PROP(AttemptHistoryProperty, AnyOperations_AgreeWithAMultimap, ()) {
  attempt_history history;
  std::multimap<std::uint64_t, utc_time> reference;
  const auto instant_of = [](int at) { return noon + hours{at}; };
  for (const auto& [what, digits, at] : *rc::gen::scale(20.0, any_operations())) {
    const auto number = e164::from_digits(digits % 40 + 12000000000);
    if (what < 7) {
      history.record(number, instant_of(at));
      reference.emplace(number.digits(), instant_of(at));
    } else if (what < 9) {
      history.retract(number, instant_of(at));
      const auto [first, last] = reference.equal_range(number.digits());
      const auto found =
          std::find_if(first, last, [&, t = instant_of(at)](const auto& one) { return one.second == t; });
      if (found != last) reference.erase(found);
    } else {
      const auto now = instant_of(at);
      for (int slice = 0; slice < 3; ++slice) history.expire(now);
      std::erase_if(reference, [&](const auto& one) { return one.second + hours{168} <= now; });
    }
  }
  RC_ASSERT(history.attempts() == reference.size());
  const auto length = hours{*rc::gen::inRange(1, 169)};
  const auto now = instant_of(*rc::gen::inRange(0, 600));
  const auto cap = *rc::gen::inRange(1U, 6U);
  for (std::uint64_t digits = 12000000000; digits < 12000000040; ++digits) {
    std::vector<utc_time> inside;
    for (auto [one, last] = reference.equal_range(digits); one != last; ++one) {
      if (one->second > now - length) inside.push_back(one->second);
    }
    std::ranges::sort(inside);
    const auto number = e164::from_digits(digits);
    RC_ASSERT(history.count(number, now, length) == inside.size());
    RC_ASSERT(history.recent(number, now).last_24h == history.count(number, now, 24h));
    RC_ASSERT(history.recent(number, now).last_7d == history.count(number, now, hours{168}));
    const auto below = history.below_cap_at(number, now, length, cap);
    RC_ASSERT(below.has_value() == (inside.size() >= cap));
    if (below) RC_ASSERT(*below == inside[inside.size() - cap] + length);
  }
}

}  // namespace
}  // namespace dialer::compliance
