// callee_book against plain containers.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "compliance/callee_book.hpp"
#include "model/random.hpp"
#include "tests/compliance/time_for_test.hpp"

namespace dialer::compliance {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;

constexpr e164 someone = e164::from_digits(12125550123);
constexpr e164 another = e164::from_digits(12125550124);
const utc_time noon = utc("2026-11-21 12:00");

TEST(CalleeBook, RollingWindow_IsOpenAtItsOldEnd) {
  callee_book book;
  book.record(someone, noon);
  EXPECT_EQ(book.attempts(someone, noon, 24h), 1U);
  EXPECT_EQ(book.attempts(someone, noon + 24h - one_us, 24h), 1U);
  EXPECT_EQ(book.attempts(someone, noon + 24h, 24h), 0U);
  EXPECT_EQ(book.attempts(another, noon, 24h), 0U);
}

TEST(CalleeBook, ClockSetBack_HidesNoAttempt) {
  callee_book book;
  book.record(someone, noon);
  EXPECT_EQ(book.attempts(someone, noon - 10s, 24h), 1U);
  EXPECT_EQ(book.find(someone, noon - 10s).recent.last_24h, 1U);
  EXPECT_EQ(book.find(someone, noon - 10s).recent.last_7d, 1U);
  EXPECT_EQ(book.below_cap_at(someone, noon - 10s, 24h, 1), noon + 24h);
}

TEST(CalleeBook, FractionOfASecond_CountsToItsEnd) {
  callee_book book;
  book.record(someone, noon + one_us);
  EXPECT_EQ(book.attempts(someone, noon + 24h + 1s - one_us, 24h), 1U);
  EXPECT_EQ(book.attempts(someone, noon + 24h + 1s, 24h), 0U);
  EXPECT_EQ(book.below_cap_at(someone, noon + 1h, 24h, 1), noon + 24h + 1s);
  book.retract(someone, noon + one_us);
  EXPECT_EQ(book.attempts(), 0U);
}

// Times are kept modulo 24 days: what is old must not look young before the sweep has come to it.
TEST(CalleeBook, OldAttempts_StayOldUntilTheSweep) {
  callee_book book;
  book.record(someone, noon);
  for (const std::chrono::seconds age : {std::chrono::seconds{168h}, std::chrono::seconds{180h}, 9 * 24h - 1s}) {
    EXPECT_EQ(book.find(someone, noon + age).recent.last_7d, 0U);
    EXPECT_FALSE(book.below_cap_at(someone, noon + age, hours{168}, 1));
  }
  for (int slice = 0; slice < 100; ++slice) book.expire(noon - hours{15 * 24});
  EXPECT_EQ(book.find(someone, noon - hours{15 * 24}).recent.last_24h, 1U);
  for (int slice = 0; slice < 100; ++slice) book.expire(noon + hours{9 * 24} - 1s);
  EXPECT_EQ(book.attempts(), 0U);
}

TEST(CalleeBook, OptOutAndAttemptsOfOneNumber_AreKeptApart) {
  callee_book book;
  book.opt_out(someone);
  book.opt_out(someone);
  EXPECT_EQ(book.opt_outs(), 1U);
  EXPECT_EQ(book.attempts(someone, noon, 24h), 0U);
  book.record(someone, noon);
  for (int slice = 0; slice < 100; ++slice) book.expire(noon + hours{168});
  EXPECT_EQ(book.attempts(), 0U);
  EXPECT_TRUE(book.opted_out(someone));
  EXPECT_TRUE(book.find(someone, noon).opted_out);
  EXPECT_FALSE(book.find(another, noon).opted_out);
  book.record(someone, noon);
  book.opt_in(someone);
  book.opt_in(someone);
  EXPECT_EQ(book.opt_outs(), 0U);
  EXPECT_EQ(book.attempts(someone, noon, 24h), 1U);
}

// The longest numbers there are, and neighbours of each other in every digit: none may be taken for another.
TEST(CalleeBook, NumbersOfUpToFifteenDigits_AreToldApart) {
  callee_book book;
  const e164 longest = e164::from_digits(999'999'999'999'999);
  book.opt_out(longest);
  for (std::uint64_t step = 1; step < 1'000'000'000'000'000; step *= 10) {
    for (std::uint64_t times = 1; times < 9; ++times) {
      ASSERT_FALSE(book.opted_out(e164::from_digits(longest.digits() - step * times))) << step * times;
    }
  }
  EXPECT_TRUE(book.opted_out(longest));
}

TEST(CalleeBook, CapReached_NamesTheInstantTheOldestExcessLeaves) {
  callee_book book;
  for (const auto at : {noon + 2h, noon, noon + 1h}) book.record(someone, at);  // any order
  const auto now = noon + 3h;
  EXPECT_FALSE(book.below_cap_at(someone, now, 24h, 4));
  EXPECT_EQ(book.below_cap_at(someone, now, 24h, 3), noon + 24h);
  EXPECT_EQ(book.below_cap_at(someone, now, 24h, 2), noon + 25h);
  EXPECT_EQ(book.below_cap_at(someone, now, 24h, 1), noon + 26h);
}

TEST(CalleeBook, Retracted_NoLongerCounts) {
  callee_book book;
  book.record(someone, noon);
  book.record(someone, noon);
  book.retract(someone, noon + one_us);  // no such attempt
  EXPECT_EQ(book.attempts(someone, noon, 24h), 2U);
  book.retract(someone, noon);
  EXPECT_EQ(book.attempts(someone, noon, 24h), 1U);
  EXPECT_EQ(book.attempts(), 1U);
  book.retract(someone, noon);
  EXPECT_EQ(book.attempts(), 0U);
}

TEST(CalleeBook, Expired_AreForgottenAndNoOthers) {
  callee_book book;
  random_source random{3};
  constexpr std::uint64_t people = 20'000;
  for (std::uint64_t i = 0; i < people; ++i) {
    const auto number = e164::from_digits(12125550000 + i);
    book.record(number, noon);
    if (i % 2 == 0) book.record(number, noon + hours{1 + static_cast<int>(random.below(24))});
  }
  const auto later = noon + hours{7 * 24};
  for (int slice = 0; slice < 100; ++slice) book.expire(later - one_us);
  EXPECT_EQ(book.attempts(), people + people / 2);
  for (int slice = 0; slice < 100; ++slice) book.expire(later);
  EXPECT_EQ(book.attempts(), people / 2);
  for (std::uint64_t i = 0; i < people; ++i) {
    ASSERT_EQ(book.attempts(e164::from_digits(12125550000 + i), later, hours{7 * 24}), i % 2 == 0 ? 1U : 0U);
  }
  for (int slice = 0; slice < 100; ++slice) book.expire(later + 48h);
  EXPECT_EQ(book.attempts(), 0U);
}

TEST(CalleeBook, Table_ComesRoundWithinADayHoweverLargeItIs) {
  callee_book book;
  for (std::uint64_t i = 0; i < 500'000; ++i) book.record(e164::from_digits(12125550000 + i), noon);
  const auto due = noon + hours{7 * 24};
  book.expire(due - 10min);
  for (auto now = due; now < due + 24h; now += 10min) book.expire(now);
  EXPECT_EQ(book.attempts(), 0U);
}

// A machine that slept: the values' clock, which goes round in 24 days, says nothing of what is older.
TEST(CalleeBook, AfterAPauseOfAnyLength_NoOldAttemptIsTakenForANewOne) {
  for (int days = 2; days < 80; ++days) {
    callee_book book;
    book.record(someone, noon - hours{6 * 24});
    book.record(another, noon);
    book.opt_out(another);
    book.expire(noon);
    const auto now = noon + hours{days * 24};
    book.expire(now);
    ASSERT_EQ(book.attempts(someone, now, hours{168}), 0U) << days;
    ASSERT_EQ(book.attempts(another, now, hours{168}), days < 7 ? 1U : 0U) << days;
    ASSERT_EQ(book.attempts(), days < 7 ? 1U : 0U) << days;
    ASSERT_TRUE(book.opted_out(another));
  }
}

TEST(CalleeBook, AttemptAheadOfAClockThatWasSetBack_OutlastsAPause) {
  callee_book book;
  book.record(someone, noon);
  book.expire(noon - hours{10 * 24});
  book.expire(noon);
  EXPECT_EQ(book.attempts(someone, noon, 24h), 1U);
}

TEST(CalleeBook, EmptyTable_ExpiresNothing) {
  callee_book book;
  book.expire(noon);
  EXPECT_EQ(book.attempts(), 0U);
}

TEST(CalleeBook, Memory_StaysWithinSixteenBytesAnAttempt) {
  callee_book book;
  random_source random{5};
  for (int i = 1; i <= 1'000'000; ++i) {
    book.record(e164::from_digits(12000000000 + random.below(8'000'000'000)), noon);
    if (i % 100'000 == 0) {
      EXPECT_LE(static_cast<double>(book.bytes()) / i, 16.5);
    }
  }
}

TEST(CalleeBook, Memory_StaysWithinSixteenBytesAnOptOut) {
  callee_book book;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) book.opt_out(e164::from_digits(12000000000 + i * 10'007));
  EXPECT_EQ(book.opt_outs(), 1'000'000U);
  EXPECT_LE(static_cast<double>(book.bytes()) / 1e6, 16.5);
}

/// Numbers in regular steps are what lists look like; the hash must not pile them up.
TEST(CalleeBook, NumbersInAnyRegularStep_AreAllFoundQuickly) {
  for (const std::uint64_t step : {1ULL, 2ULL, 10ULL, 100ULL, 1'000ULL, 10'000ULL, 10'000'000ULL, 1ULL << 32}) {
    callee_book book;
    for (std::uint64_t i = 0; i < 50'000; ++i) book.opt_out(e164::from_digits(12000000000 + i * step));
    ASSERT_EQ(book.opt_outs(), 50'000U) << step;
    EXPECT_LE(book.bytes(), 1'100'000U) << step;  // segments fill evenly
  }
}

/// Segments at their fullest, so that groups overflow into their neighbours and round the end, and erasing pulls back.
TEST(CalleeBook, TurningOverForLong_AgreesWithASet) {
  random_source random{11};
  callee_book book;
  std::set<std::uint64_t> reference;
  for (int i = 0; i < 400'000; ++i) {
    const auto digits = 12000000000 + random.below(6'000);
    // The target size wanders between nearly empty and full.
    if (random.below(6'000) > reference.size() * (i / 40'000 % 2 == 0 ? 1 : 4)) {
      book.opt_out(e164::from_digits(digits));
      reference.insert(digits);
    } else {
      book.opt_in(e164::from_digits(digits));
      reference.erase(digits);
    }
    if (i % 10'000 != 0) continue;
    ASSERT_EQ(book.opt_outs(), reference.size());
    for (std::uint64_t number = 12000000000; number < 12000006000; ++number) {
      ASSERT_EQ(book.opted_out(e164::from_digits(number)), reference.contains(number)) << number << " after " << i;
    }
  }
}

TEST(CalleeBook, TurningOverForLong_AgreesWithAMultimap) {
  random_source random{13};
  callee_book book;
  std::multimap<std::uint64_t, utc_time> reference;
  for (int i = 0; i < 200'000; ++i) {
    const auto digits = 12000000000 + random.below(1'500);
    const auto at = noon + hours{random.below(5)};
    if (random.below(6'000) > reference.size() * (i / 20'000 % 2 == 0 ? 1 : 4)) {
      book.record(e164::from_digits(digits), at);
      reference.emplace(digits, at);
    } else {
      book.retract(e164::from_digits(digits), at);
      const auto [first, last] = reference.equal_range(digits);
      const auto found = std::find_if(first, last, [&](const auto& one) { return one.second == at; });
      if (found != last) reference.erase(found);
    }
    if (i % 5'000 != 0) continue;
    for (std::uint64_t number = 12000000000; number < 12000001500; ++number) {
      ASSERT_EQ(book.attempts(e164::from_digits(number), noon + 5h, 24h), reference.count(number)) << number;
    }
  }
}

struct operation {
  int what;
  std::uint64_t number;
  int at;
};

/// Few numbers and few instants, so that duplicates, probe runs and wrap-around all happen. Instants within nine days.
rc::Gen<std::vector<operation>> any_operations() {
  return rc::gen::container<std::vector<operation>>(rc::gen::construct<operation>(
      rc::gen::inRange(0, 14), rc::gen::inRange<std::uint64_t>(12000000000, 12000000400), rc::gen::inRange(0, 210)));
}

RC_GTEST_PROP(CalleeBookProperty, AnyOperations_AgreeWithPlainContainers, ()) {
  callee_book book;
  std::multimap<std::uint64_t, utc_time> reference;
  std::set<std::uint64_t> opted_out;
  const auto instant_of = [](int at) { return noon + hours{at}; };
  for (const auto& [what, digits, at] : *rc::gen::scale(20.0, any_operations())) {
    const auto number = e164::from_digits(what < 10 ? digits % 40 + 12000000000 : digits);
    if (what < 7) {
      book.record(number, instant_of(at));
      reference.emplace(number.digits(), instant_of(at));
    } else if (what < 9) {
      book.retract(number, instant_of(at));
      const auto [first, last] = reference.equal_range(number.digits());
      const auto found =
          std::find_if(first, last, [&, t = instant_of(at)](const auto& one) { return one.second == t; });
      if (found != last) reference.erase(found);
    } else if (what < 10) {
      const auto now = instant_of(at);
      for (int slice = 0; slice < 16; ++slice) book.expire(now);
      std::erase_if(reference, [&](const auto& one) { return one.second + hours{168} <= now; });
    } else if (what < 13) {
      book.opt_out(number);
      opted_out.insert(number.digits());
    } else {
      book.opt_in(number);
      opted_out.erase(number.digits());
    }
  }
  RC_ASSERT(book.attempts() == reference.size());
  RC_ASSERT(book.opt_outs() == opted_out.size());
  const auto length = hours{*rc::gen::inRange(1, 169)};
  const auto now = instant_of(*rc::gen::inRange(0, 210));
  const auto cap = *rc::gen::inRange(1U, 6U);
  for (std::uint64_t digits = 12000000000; digits < 12000000400; ++digits) {
    std::vector<utc_time> inside;
    for (auto [one, last] = reference.equal_range(digits); one != last; ++one) {
      if (one->second > now - length) inside.push_back(one->second);
    }
    std::ranges::sort(inside);
    const auto number = e164::from_digits(digits);
    const callee found = book.find(number, now);
    RC_ASSERT(found.opted_out == opted_out.contains(digits));
    RC_ASSERT(book.opted_out(number) == found.opted_out);
    RC_ASSERT(book.attempts(number, now, length) == inside.size());
    RC_ASSERT(found.recent.last_24h == book.attempts(number, now, 24h));
    RC_ASSERT(found.recent.last_7d == book.attempts(number, now, hours{168}));
    const auto below = book.below_cap_at(number, now, length, cap);
    RC_ASSERT(below.has_value() == (inside.size() >= cap));
    if (below) RC_ASSERT(*below == inside[inside.size() - cap] + length);
  }
}

}  // namespace
}  // namespace dialer::compliance
