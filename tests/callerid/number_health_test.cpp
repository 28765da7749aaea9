#include "callerid/number_health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using namespace std::chrono_literals;
using house::morning;
using testing::HasSubstr;

constexpr health_book::pool_key campaign = 7;
const e164 shown = house::tel("+12125550100");
const e164 callee = house::tel("+13105550123");

constexpr call_end unanswered{};
constexpr call_end answered{.answered = true};
constexpr call_end refused{.refused = true};
constexpr call_end restricted{.reached = false, .refused = true, .restricted = true};

/// Bought in the morning.
const health_record fresh = [] {
  health_record bought;
  bought.number = shown;
  bought.state = health::fresh;
  bought.since = morning;
  return bought;
}();

bool count(health_book& book, const call_end& call, utc_time now, number_index number = 0) {
  return book.count(number, e164::from_digits(shown.digits() + number), campaign, callee, call, now);
}

utc_time rest(health_book& book, utc_time now, number_index number = 0) {
  EXPECT_TRUE(count(book, restricted, now, number));
  EXPECT_EQ(book.record(number).state, health::resting);
  return *book.record(number).until;
}

/// Through its rest and the watch after it.
utc_time come_back(health_book& book, utc_time until) {
  book.advance(until);
  EXPECT_EQ(book.record(0).state, health::watch);
  until += 7 * 24h;
  book.advance(until);
  EXPECT_EQ(book.record(0).state, health::healthy);
  return until;
}

TEST(NumberHealth, NothingKnown_IsHealthyWithAllItsCaps) {
  const health_book book;
  EXPECT_EQ(book.record(3).state, health::healthy);
  EXPECT_EQ(book.limits(3, morning), number_limits{});
}

TEST(NumberHealth, RestrictedByTheCarrier_RestsAtOnceAndComesBackThroughWatch) {
  health_book book;
  const utc_time until = rest(book, morning);
  EXPECT_GE(until, morning + 48h);
  EXPECT_LE(until, morning + 72h);
  EXPECT_THAT(book.record(0).why, HasSubstr("the carrier restricts it"));
  const number_limits limits = book.limits(0, morning);
  EXPECT_FALSE(limits.shown);
  EXPECT_EQ(limits.rests_until, until);

  book.advance(until - 1us);
  EXPECT_EQ(book.record(0).state, health::resting);
  EXPECT_THAT(book.advance(until), testing::ElementsAre(health_book::change{0, true}));
  EXPECT_EQ(book.record(0).state, health::watch);
  EXPECT_TRUE(book.limits(0, until).shown);
  EXPECT_EQ(book.limits(0, until).share_of_caps, 2U);
  book.advance(until + 7 * 24h - 1us);
  EXPECT_EQ(book.record(0).state, health::watch);
  book.advance(until + 7 * 24h);
  EXPECT_EQ(book.record(0).state, health::healthy);
  EXPECT_EQ(book.limits(0, until + 7 * 24h), number_limits{});
}

TEST(NumberHealth, Rests_AreSpreadByNumberAlikeInEveryRun) {
  health_book once;
  health_book again;
  bool differ = false;
  for (number_index number = 0; number < 10; ++number) {
    EXPECT_EQ(rest(once, morning, number), rest(again, morning, number));
    differ |= once.record(number).until != once.record(0).until;
  }
  EXPECT_TRUE(differ);
}

TEST(NumberHealth, CallsWhileItRests_AreNotHeldAgainstIt) {
  health_book book;
  const utc_time until = rest(book, morning);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(count(book, refused, morning + 1min));
  EXPECT_EQ(book.record(0).until, until);
  EXPECT_EQ(book.last_week(0).calls, 0U);
}

TEST(NumberHealth, FourthRestInAMonth_Retires) {
  health_book book;
  utc_time now = morning;
  for (int i = 0; i < 3; ++i) {
    const utc_time until = rest(book, now);
    book.advance(until);
    now = until + 1h;
  }
  EXPECT_TRUE(count(book, restricted, now));
  EXPECT_EQ(book.record(0).state, health::retired);
  EXPECT_THAT(book.record(0).why, HasSubstr("after 3 rests"));
  book.advance(now + 1000 * 24h);
  EXPECT_FALSE(book.limits(0, now + 1000 * 24h).shown);
  EXPECT_FALSE(book.limits(0, now).rests_until);
}

TEST(NumberHealth, RestsLongAgo_AreForgotten) {
  health_book book;
  utc_time now = morning;
  for (int i = 0; i < 6; ++i) now = come_back(book, rest(book, now)) + 24 * 24h;
  EXPECT_EQ(book.record(0).rests, 1U);
}

TEST(NumberHealth, RefusalsForReputation_AreWatchedThenRest) {
  health_book book;
  EXPECT_FALSE(count(book, refused, morning));
  EXPECT_TRUE(count(book, refused, morning));
  EXPECT_EQ(book.record(0).state, health::watch);
  EXPECT_THAT(book.record(0).why, HasSubstr("refusals: 2 of 2 calls"));
  EXPECT_EQ(book.limits(0, morning), number_limits{}) << "a suspicion alone costs no calls";
  EXPECT_FALSE(count(book, refused, morning));
  EXPECT_TRUE(count(book, refused, morning));
  EXPECT_EQ(book.record(0).state, health::resting);
}

TEST(NumberHealth, RefusalsThatStop_AreForgiven) {
  health_book book;
  count(book, refused, morning);
  count(book, refused, morning);
  for (int i = 0; i < 250; ++i) count(book, answered, morning + 1min);
  book.advance(morning + 23h);
  EXPECT_EQ(book.record(0).state, health::watch);
  book.advance(morning + 24h);
  EXPECT_EQ(book.record(0).state, health::healthy);
  EXPECT_EQ(book.record(0).why, "well again");
}

TEST(NumberHealth, Fresh_WarmsUpWeekByWeek) {
  health_book book;
  EXPECT_TRUE(book.restore(0, fresh));
  const auto cap = [&](utc_time now) {
    book.advance(now);
    return book.limits(0, now).calls_per_day_max;
  };
  EXPECT_EQ(cap(morning), 10U);
  EXPECT_EQ(cap(morning + 7 * 24h - 1us), 10U);
  EXPECT_EQ(cap(morning + 7 * 24h), 20U);
  EXPECT_EQ(cap(morning + 14 * 24h), 30U);
  EXPECT_EQ(cap(morning + 21 * 24h - 1us), 30U);
  EXPECT_EQ(book.record(0).state, health::fresh);
  EXPECT_EQ(cap(morning + 21 * 24h), 0U);
  EXPECT_EQ(book.record(0).state, health::healthy);
}

TEST(NumberHealth, WatchedWhileFresh_GoesOnWarmingUp) {
  health_book book;
  book.restore(0, fresh);
  count(book, refused, morning);
  count(book, refused, morning);
  ASSERT_EQ(book.record(0).state, health::watch);
  EXPECT_EQ(book.limits(0, morning).calls_per_day_max, 10U);
  for (int i = 0; i < 250; ++i) count(book, answered, morning + 1min);
  book.advance(morning + 25h);
  EXPECT_EQ(book.record(0).state, health::fresh);
}

TEST(NumberHealth, LetGoOnWhileItWarmsUp_GoesOnWarmingUp) {
  health_book book;
  book.restore(0, fresh);
  rest(book, morning + 24h);
  health_record let_go = book.record(0);
  let_go.state = health::healthy;
  let_go.since += 1h;
  let_go.until.reset();
  EXPECT_TRUE(book.restore(0, let_go));
  EXPECT_EQ(book.record(0).state, health::fresh);
  EXPECT_THAT(book.advance(morning + 8 * 24h), testing::ElementsAre(health_book::change{0, false}));
  EXPECT_EQ(book.limits(0, morning + 8 * 24h).calls_per_day_max, 20U);
  EXPECT_THAT(book.advance(morning + 21 * 24h), testing::ElementsAre(health_book::change{0, true}));
  EXPECT_EQ(book.limits(0, morning + 21 * 24h), number_limits{});
}

/// 200 calls an hour of each number, every fourth answered; then for four hours of the first, or all, every tenth.
void call_for_days(health_book& book, bool drop_of_all, std::size_t numbers = 4, int hours_before = 10) {
  for (int hour = 0; hour < hours_before + 4; ++hour) {
    for (int i = 0; i < 200; ++i) {
      for (number_index number = 0; number < numbers; ++number) {
        const bool dropped = hour >= hours_before && (drop_of_all || number == 0);
        const bool is_answered = (i + static_cast<int>(number)) % (dropped ? 10 : 4) == 0;
        count(book, is_answered ? answered : unanswered, morning + hour * 1h + i * 18s, number);
      }
    }
  }
}

health_book after_a_drop(bool of_all, std::size_t numbers = 4, int hours_before = 10) {
  health_book book;
  call_for_days(book, of_all, numbers, hours_before);
  return book;
}

TEST(NumberHealth, AnswersHalve_RestsThatNumberWithTheReason) {
  const health_book book = after_a_drop(false);
  EXPECT_EQ(book.record(0).state, health::resting);
  EXPECT_THAT(book.record(0).why, HasSubstr("calls where"));
  EXPECT_LT(book.record(0).since, morning + 12h);
  for (number_index other = 1; other < 4; ++other) EXPECT_EQ(book.record(other).state, health::healthy);
}

/// Numbers that agents share call for many campaigns in turn.
TEST(NumberHealth, AnswersHalveInManyCampaigns_RestsThatNumber) {
  health_book book;
  for (int hour = 0; hour < 14; ++hour) {
    for (int i = 0; i < 200; ++i) {
      for (number_index number = 0; number < 4; ++number) {
        const int every = hour >= 10 && number == 0 ? 10 : 4;
        const auto campaign_of_call = static_cast<health_book::pool_key>(i) % 12;
        const bool is_answered = (i + i / 12 + static_cast<int>(number)) % every == 0;
        book.count(number, e164::from_digits(shown.digits() + number), campaign_of_call, callee,
                   is_answered ? answered : unanswered, morning + hour * 1h + i * 18s);
      }
    }
  }
  EXPECT_EQ(book.record(0).state, health::resting);
  for (number_index other = 1; other < 4; ++other) EXPECT_EQ(book.record(other).state, health::healthy);
}

TEST(NumberHealth, EverybodysAnswersHalve_RestNobody) {
  const health_book book = after_a_drop(true);
  for (number_index number = 0; number < 4; ++number) EXPECT_EQ(book.record(number).state, health::healthy);
}

TEST(NumberHealth, NobodyToCompareWith_IsWatchedAndDoesNotRest) {
  const health_book book = after_a_drop(true, 1, 60);
  EXPECT_EQ(book.record(0).state, health::watch);
  EXPECT_THAT(book.record(0).why, HasSubstr("too few calls of other numbers"));
  EXPECT_GT(book.of(0, health_signal::answers).sum, book.of(0, health_signal::answers).rest_at);
}

/// 20 clean numbers' worth of answers in the pool, then one whose callees hang up at once.
health_book after_hang_ups(bool opt_outs_too) {
  health_book book;
  for (int i = 0; i < 400; ++i) count(book, answered, morning + i * 1s, 1);
  call_end call{.answered = true, .short_call = true};
  for (int i = 0; i < 30; ++i) {
    call.opted_out = opt_outs_too && i % 5 == 0;
    count(book, call, morning + 10min + i * 10s);
  }
  return book;
}

TEST(NumberHealth, ShortCallsAlone_AreWatched) {
  EXPECT_EQ(after_hang_ups(false).record(0).state, health::watch);
}

TEST(NumberHealth, ShortCallsOfEverybody_AreNothingToWatch) {
  health_book book;
  for (int i = 0; i < 2000; ++i) {
    count(book, {.answered = true, .short_call = true}, morning + i * 1s, static_cast<number_index>(i) % 3);
  }
  for (number_index number = 0; number < 3; ++number) EXPECT_EQ(book.record(number).state, health::healthy);
}

TEST(NumberHealth, TwoSignals_Rest) {
  const health_book book = after_hang_ups(true);
  EXPECT_EQ(book.record(0).state, health::resting);
  EXPECT_THAT(book.record(0).why, testing::AllOf(HasSubstr("short_calls: "), HasSubstr("opt_outs: ")));
}

TEST(NumberHealth, CallsCountedAgainAfterARestart_LeadToTheSameEvidence) {
  health_book before;
  health_book after;
  for (int i = 0; i < 2000; ++i) {
    const number_index number = static_cast<number_index>(i) % 3;
    const call_end& call = i % (number == 0 && i > 1500 ? 11 : 4) == 0 ? answered : unanswered;
    const utc_time at = morning + i * 10s;
    before.count(number, shown, campaign, callee, call, at);
    after.recount(number, shown, campaign, callee, call, at);
  }
  ASSERT_GT(before.of(0, health_signal::answers).sum, 0);
  EXPECT_EQ(before.of(0, health_signal::answers).sum, after.of(0, health_signal::answers).sum);
  EXPECT_EQ(before.last_week(0).calls, after.last_week(0).calls);
}

/// The ledger does not tell which calls ended in an opt-out: that none is known of must not make them rare.
TEST(NumberHealth, OptOutsOfEverybodyAfterARestart_AreNothingToWatch) {
  health_book book;
  const call_end usual{.answered = true};
  const call_end opted_out{.answered = true, .opted_out = true};
  for (int i = 0; i < 6000; ++i) {
    const number_index number = static_cast<number_index>(i) % 3;
    const utc_time at = morning + i * 10s;
    const e164 value = e164::from_digits(shown.digits() + number);
    if (i < 3000) {
      book.recount(number, value, campaign, callee, usual, at);
    } else {
      book.count(number, value, campaign, callee, i / 3 % 20 == 0 ? opted_out : usual, at);
    }
  }
  for (number_index number = 0; number < 3; ++number) EXPECT_EQ(book.record(number).state, health::healthy);
}

TEST(NumberHealth, NewerRecord_Wins) {
  health_book book;
  const utc_time until = rest(book, morning);
  health_record older;
  older.since = morning - 1h;
  EXPECT_FALSE(book.restore(0, older));
  EXPECT_EQ(book.record(0).until, until);
  health_record newer;  // a person let it go on
  newer.since = morning + 1h;
  EXPECT_TRUE(book.restore(0, newer));
  EXPECT_EQ(book.record(0).state, health::healthy);
}

TEST(NumberHealth, ManyAreasForWeeks_StayBounded) {
  health_book book;
  std::size_t most = 0;
  for (int hour = 0; hour < 10 * 24; ++hour) {
    for (std::uint64_t i = 0; i < 60; ++i) {
      const e164 to = e164::from_digits(12'015'550'100 + i % 40 * 10'000'000);
      book.count(0, shown, campaign, to, i % 4 == 0 ? answered : unanswered, morning + hour * 1h + i * 1min);
    }
    most = std::max(most, book.cells(0).size());
  }
  EXPECT_EQ(most, 168U * 17U);
  EXPECT_EQ(book.last_week(0).calls, 168U * 60U);
  health_counts sum;
  for (const health_cell& cell : book.cells(0)) sum += cell.counts;
  EXPECT_EQ(sum.calls, 168U * 60U);
  EXPECT_EQ(sum.answers, book.last_week(0).answers);
}

TEST(NumberHealth, ClockSetBack_LosesNoCounts) {
  health_book book;
  count(book, answered, morning);
  count(book, answered, morning - 3h);
  EXPECT_EQ(book.last_week(0).calls, 2U);
  EXPECT_EQ(book.cells(0).size(), 1U);
}

TEST(NumberHealth, ClockFarAheadAndSetRight_ForgetsCallsAfterAWeekAsBefore) {
  health_book book;
  count(book, answered, morning + 365 * 24h);
  for (int day = 0; day < 10; ++day) count(book, answered, morning + day * 24h);
  EXPECT_EQ(book.last_week(0).calls, 7U);
}

TEST(NumberHealth, ClockFarAheadAndSetRight_SeesABadHourOfEverybody) {
  health_book book;
  for (number_index number = 0; number < 4; ++number) count(book, answered, morning + 365 * 24h, number);
  call_for_days(book, true, 4, 60);
  for (number_index number = 0; number < 4; ++number) EXPECT_EQ(book.record(number).state, health::healthy);
}

TEST(NumberHealth, NumbersThatComeLater_MoveNone) {
  health_book book;
  count(book, answered, morning);
  const health_record& first = book.record(0);
  for (number_index number = 1; number < 3000; ++number) count(book, answered, morning, number);
  EXPECT_EQ(&first, &book.record(0)) << "their calls of a week would be copied, on the way of a call";
}

TEST(AreaOf, CallingCodeAndThreeDigits) {
  EXPECT_EQ(area_of(house::tel("+12125550123")), 1212U);
  EXPECT_EQ(area_of(house::tel("+447700900123")), 44770U);
  EXPECT_EQ(area_of(house::tel("+35319999999")), 353199U);
  EXPECT_EQ(area_of(e164{}), 0U);
}

}  // namespace
}  // namespace dialer::callerid
