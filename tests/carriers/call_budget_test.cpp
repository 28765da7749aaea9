#include "carriers/call_budget.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "model/random.hpp"

namespace dialer::carriers {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr steady_time start{seconds{1'000}};

struct limit {
  carrier_kind kind;
  double rate;

  double period_s() const { return kind == carrier_kind::twilio ? 1.0 : 5.0; }
  /// Most starts in any window().
  std::size_t starts() const { return static_cast<std::size_t>(std::max(1.0, std::ceil(rate * period_s() - 1e-9))); }
  microseconds window() const {
    return microseconds{static_cast<std::int64_t>(std::floor(static_cast<double>(starts()) / rate * 1e6))};
  }
};

/// The most starts in any half-open window of this length.
std::size_t most_within(std::vector<steady_time> starts, microseconds window) {
  std::sort(starts.begin(), starts.end());
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    while (starts[i] - starts[first] >= window) ++first;
    most = std::max(most, i - first + 1);
  }
  return most;
}

/// Asks at each instant the budget names, `lateness()` after it, until `end`; returns the starts.
template <class Lateness>
std::vector<steady_time> saturate(call_budget& budget, steady_time begin, steady_time end, Lateness lateness) {
  std::vector<steady_time> starts;
  for (steady_time now = begin; now < end;) {
    const steady_time next = budget.take(now);
    if (next == now) {
      starts.push_back(now);
    } else {
      now = next + lateness();
    }
  }
  return starts;
}

std::vector<steady_time> saturate(call_budget& budget, steady_time begin, steady_time end) {
  return saturate(budget, begin, end, [] { return microseconds{0}; });
}

constexpr limit limits[] = {
    {carrier_kind::twilio, 0.01},   {carrier_kind::twilio, 0.5},   {carrier_kind::twilio, 1},
    {carrier_kind::twilio, 1.5},    {carrier_kind::twilio, 2.5},   {carrier_kind::twilio, 3},
    {carrier_kind::twilio, 10},     {carrier_kind::twilio, 100},   {carrier_kind::twilio, 1'000},
    {carrier_kind::twilio, 20'000}, {carrier_kind::telnyx, 0.1},   {carrier_kind::telnyx, 0.2},
    {carrier_kind::telnyx, 0.5},    {carrier_kind::telnyx, 1},     {carrier_kind::telnyx, 30},
    {carrier_kind::telnyx, 33.3},   {carrier_kind::telnyx, 1'000}, {carrier_kind::telnyx, 10'000},
};

class every_limit : public testing::TestWithParam<limit> {
 protected:
  /// Long enough for a few hundred starts or several windows, whichever is longer, and not for millions.
  seconds duration() const {
    const double long_enough = std::max(6 * GetParam().period_s(), 300 / GetParam().rate);
    return seconds{static_cast<std::int64_t>(std::ceil(std::min(long_enough, 40'000.0)))};
  }
  call_budget budget{GetParam().kind, GetParam().rate};
};

TEST_P(every_limit, is_never_exceeded_and_used_at_99_percent_by_a_punctual_sender) {
  const auto starts = saturate(budget, start, start + duration());
  EXPECT_LE(most_within(starts, GetParam().window()), GetParam().starts());
  const double possible = GetParam().rate * static_cast<double>(duration().count());
  EXPECT_GE(static_cast<double>(starts.size()), 0.99 * possible);
}

TEST_P(every_limit, is_used_at_99_percent_by_a_sender_that_wakes_up_to_2_ms_late) {
  random_source random{7};
  const auto late = [&] { return microseconds{static_cast<std::int64_t>(random.below(2'001))}; };
  const auto starts = saturate(budget, start, start + duration(), late);
  EXPECT_LE(most_within(starts, GetParam().window()), GetParam().starts());
  const double possible = GetParam().rate * static_cast<double>(duration().count());
  EXPECT_GE(static_cast<double>(starts.size()), 0.99 * possible);
}

TEST_P(every_limit, holds_at_the_carrier_when_arrivals_are_delayed_unequally_by_up_to_5_ms) {
  random_source random{11};
  auto arrivals = saturate(budget, start, start + duration());
  for (steady_time& at : arrivals) at += microseconds{random.below(5'000)};
  EXPECT_LE(most_within(arrivals, GetParam().window()), GetParam().starts());
}

TEST_P(every_limit, names_an_instant_after_now_when_it_refuses_and_keeps_its_word) {
  steady_time now = start;
  for (int i = 0; i < 2'000; ++i) {
    const steady_time next = budget.take(now);
    if (next == now) continue;
    ASSERT_GT(next, now);
    ASSERT_NE(budget.take(next - microseconds{1}), next - microseconds{1}) << "refused too long";
    now = next;
    ASSERT_EQ(budget.take(now), now) << "the instant that was named came too early";
  }
}

INSTANTIATE_TEST_SUITE_P(call_budget, every_limit, testing::ValuesIn(limits), [](const auto& of) {
  const std::string rate = std::to_string(static_cast<int>(of.param.rate * 100));
  return (of.param.kind == carrier_kind::twilio ? "twilio_" : "telnyx_") + rate + "_per_100_s";
});

RC_GTEST_PROP(call_budget_property, never_above_the_limit_in_any_window_whatever_the_senders_do, ()) {
  const limit what{*rc::gen::element(carrier_kind::twilio, carrier_kind::telnyx),
                   *rc::gen::element(0.5, 1.0, 1.7, 2.0, 5.0, 9.9, 30.0, 250.0)};
  random_source random{*rc::gen::arbitrary<std::uint64_t>()};
  call_budget budget{what.kind, what.rate};
  std::vector<steady_time> written;
  std::vector<steady_time> unwritten;
  steady_time now = start;
  for (int step = 0; step < 3'000; ++step) {
    // Two senders read the clock before they ask: one may be a little behind what the other has shown already.
    const steady_time asked = now - microseconds{random.below(4) == 0 ? random.below(200) : 0};
    const steady_time next = budget.take(asked);
    if (next == asked) {
      if (random.below(10) == 0) {
        unwritten.push_back(asked);
      } else {
        written.push_back(now + microseconds{random.below(4'700)});  // delayed unequally on the way
      }
      if (!unwritten.empty() && random.below(2) == 0) {
        budget.give_back(unwritten.back());
        unwritten.pop_back();
      }
    }
    if (random.below(300) == 0) {
      now += microseconds{random.below(5'000'000)};  // nothing to send for a while
    } else if (random.below(8) == 0) {
      now += microseconds{random.below(300'000)};  // woke up late
    } else {
      now = std::max(now, next == asked ? now : next);
    }
    if (random.below(500) == 0) budget.slow_down(now, seconds{random.below(20)});
    if (random.below(500) == 0) budget.hold(now + milliseconds{random.below(2'000)});
  }
  RC_ASSERT(most_within(written, what.window()) <= what.starts());
}

TEST(call_budget, twilio_spaces_starts_evenly) {
  call_budget budget{carrier_kind::twilio, 10};
  const auto starts = saturate(budget, start, start + seconds{10});
  for (std::size_t i = 2; i < starts.size(); ++i) {
    EXPECT_NEAR(static_cast<double>((starts[i] - starts[i - 1]).count()), 100'600, 1'500) << i;
  }
}

TEST(call_budget, telnyx_lets_a_sender_that_stood_still_catch_up_a_quarter_second_and_no_more) {
  call_budget budget{carrier_kind::telnyx, 100};
  const auto at_once_after = [&](steady_time begin, milliseconds stall) {
    const steady_time last = saturate(budget, begin, begin + seconds{10}).back();
    const steady_time now = last + stall;
    std::size_t at_once = 0;
    while (budget.take(now) == now) ++at_once;
    return at_once;
  };
  EXPECT_NEAR(static_cast<double>(at_once_after(start, milliseconds{255})), 25, 1);
  EXPECT_EQ(at_once_after(start + seconds{20}, milliseconds{265}), 1u);
}

TEST(call_budget, telnyx_allows_150_in_5_seconds_and_not_one_more) {
  call_budget budget{carrier_kind::telnyx, 30};
  const auto starts = saturate(budget, start, start + seconds{60});
  EXPECT_EQ(most_within(starts, seconds{5}), 150u);
}

TEST(call_budget, a_start_that_came_late_keeps_its_whole_window_and_guard_at_every_microsecond_of_a_bucket) {
  for (std::int64_t extra = 0; extra < 1'024; ++extra) {
    call_budget budget{carrier_kind::twilio, 100};
    std::vector<steady_time> starts = saturate(budget, start, start + seconds{1});
    starts.push_back(budget.take(starts.back() + microseconds{15'000 + extra}));  // caught up by the next
    const std::size_t late = starts.size() - 1;
    const auto after = saturate(budget, starts.back() + microseconds{1}, starts.back() + milliseconds{1'200});
    starts.insert(starts.end(), after.begin(), after.end());
    ASSERT_GE(starts[late + 100] - starts[late], milliseconds{1'005}) << extra;
  }
}

TEST(call_budget, half_a_call_per_second_is_one_start_in_any_two_seconds) {
  call_budget budget{carrier_kind::twilio, 0.5};
  ASSERT_EQ(budget.take(start), start);
  const steady_time next = budget.take(start + microseconds{1});
  EXPECT_GE(next, start + seconds{2});
  EXPECT_LE(next, start + milliseconds{2'020});
}

TEST(call_budget, a_long_silence_earns_no_burst) {
  call_budget budget{carrier_kind::twilio, 100};
  ASSERT_EQ(budget.take(start), start);
  const steady_time later = start + std::chrono::hours{48};
  std::size_t at_once = 0;
  while (budget.take(later) == later) ++at_once;
  EXPECT_EQ(at_once, 1u);
}

TEST(call_budget, give_back_restores_the_start) {
  for (const carrier_kind kind : {carrier_kind::twilio, carrier_kind::telnyx}) {
    call_budget budget{kind, kind == carrier_kind::twilio ? 1.0 : 0.2};
    ASSERT_EQ(budget.take(start), start);
    const steady_time refused = start + milliseconds{3};
    ASSERT_NE(budget.take(refused), refused);
    budget.give_back(start);
    EXPECT_EQ(budget.take(refused), refused);
    EXPECT_NE(budget.take(refused), refused) << "one was given back, not two";
  }
}

TEST(call_budget, a_start_given_back_after_its_window_takes_no_other_s_place) {
  call_budget budget{carrier_kind::twilio, 1};
  ASSERT_EQ(budget.take(start), start);
  const steady_time second = start + milliseconds{1'010};
  ASSERT_EQ(budget.take(second), second);
  budget.give_back(start);
  EXPECT_GE(budget.take(second + milliseconds{1}), second + seconds{1});
}

TEST(call_budget, slow_down_halves_at_once_and_climbs_back_evenly) {
  call_budget budget{carrier_kind::twilio, 100};
  saturate(budget, start, start + seconds{5});
  const steady_time slowed = start + seconds{5};
  budget.slow_down(slowed, seconds{20});
  EXPECT_DOUBLE_EQ(budget.calls_per_second(slowed), 50);
  EXPECT_DOUBLE_EQ(budget.calls_per_second(slowed + seconds{10}), 75);
  EXPECT_DOUBLE_EQ(budget.calls_per_second(slowed + seconds{20}), 100);
  EXPECT_DOUBLE_EQ(budget.calls_per_second(), 100);

  std::vector<double> per_second;
  for (int second = 0; second < 22; ++second) {
    per_second.push_back(
        static_cast<double>(saturate(budget, slowed + seconds{second}, slowed + seconds{second + 1}).size()));
  }
  EXPECT_NEAR(per_second[0], 51, 2);
  EXPECT_NEAR(per_second[10], 76, 2);
  EXPECT_NEAR(per_second[21], 99, 2);
}

TEST(call_budget, slow_down_again_halves_what_is_in_force_and_stops_at_a_sixty_fourth) {
  call_budget budget{carrier_kind::telnyx, 64};
  budget.slow_down(start, seconds{10});
  budget.slow_down(start, seconds{10});
  EXPECT_DOUBLE_EQ(budget.calls_per_second(start), 16);
  for (int i = 0; i < 20; ++i) budget.slow_down(start, seconds{10});
  EXPECT_DOUBLE_EQ(budget.calls_per_second(start), 1);
}

TEST(call_budget, hold_lets_nothing_start_before_its_end) {
  call_budget budget{carrier_kind::telnyx, 30};
  const steady_time end = start + seconds{5};
  budget.hold(end);
  budget.hold(start + seconds{1});  // shorter: changes nothing
  EXPECT_EQ(budget.take(start), end);
  EXPECT_EQ(budget.take(end - microseconds{1}), end);
  EXPECT_EQ(budget.take(end), end);
}

TEST(call_budget, remembered_starts_count_until_their_window_has_passed_in_whatever_order_they_are_told) {
  call_budget budget{carrier_kind::telnyx, 30};
  for (int i = 0; i < 149; ++i) budget.remember(start - seconds{i % 2 == 0 ? 4 : 1}, start);
  ASSERT_EQ(budget.take(start), start) << "149 of 150 are remembered";
  const steady_time next = budget.take(start + milliseconds{100});
  EXPECT_GE(next, start + seconds{1});
  EXPECT_LE(next, start + milliseconds{1'040}) << "by then those of four seconds ago have left";
  EXPECT_EQ(budget.take(next), next);
}

TEST(call_budget, a_remembered_start_leaves_with_its_window_and_not_before) {
  for (const limit& each : {limit{carrier_kind::twilio, 100}, limit{carrier_kind::telnyx, 100}}) {
    const auto remembered_all_at = [&](steady_time at) {
      auto budget = std::make_unique<call_budget>(each.kind, each.rate);
      for (std::size_t i = 0; i < each.starts(); ++i) budget->remember(at, start);
      return budget->take(start);
    };
    const microseconds kept = each.window() + each.window() / 1'000 * 8;  // the guard and a bucket are within
    EXPECT_GT(remembered_all_at(start - each.window()), start);
    EXPECT_EQ(remembered_all_at(start - kept), start);
    EXPECT_GE(remembered_all_at(start), start + each.window());
    EXPECT_LE(remembered_all_at(start + seconds{3}), start + kept) << "of the future: made now";
  }
}

TEST(call_budget, a_remembered_start_keeps_its_spacing_to_the_next) {
  call_budget budget{carrier_kind::twilio, 10};
  budget.remember(start - milliseconds{40}, start);
  budget.remember(start - milliseconds{400}, start);  // told later, made earlier
  const steady_time next = budget.take(start);
  EXPECT_GE(next, start + milliseconds{60});
  EXPECT_LE(next, start + milliseconds{62});
  call_budget slow{carrier_kind::twilio, 0.1};
  slow.remember(start - seconds{6}, start);
  EXPECT_GE(slow.take(start), start + seconds{4}) << "one start in any ten seconds";
}

// The last process worked to the limit until it died; the next one knows only when each call was decided.
TEST(call_budget, two_processes_one_after_the_other_keep_the_limit) {
  random_source random{3};
  for (const limit& each : {limit{carrier_kind::twilio, 300}, limit{carrier_kind::telnyx, 30}}) {
    for (int i = 0; i < 100; ++i) {
      const steady_time died = start + seconds{8} + microseconds{random.below(1'000'000)};
      call_budget first{each.kind, each.rate};
      auto starts = saturate(first, start, died);
      const steady_time began = died + microseconds{random.below(500'000)};
      call_budget second{each.kind, each.rate};
      for (const steady_time at : starts) second.remember(at + milliseconds{random.below(3'000)}, began);
      const auto after = saturate(second, began, began + seconds{10});
      ASSERT_FALSE(after.empty());
      EXPECT_LT(after.front(), began + milliseconds{4'500});
      starts.insert(starts.end(), after.begin(), after.end());
      ASSERT_LE(most_within(starts, each.window()), each.starts());
    }
  }
}

TEST(call_budget, a_lowered_limit_counts_what_has_started) {
  call_budget budget{carrier_kind::twilio, 10};
  const auto before = saturate(budget, start, start + seconds{1});
  ASSERT_GE(before.size(), 9u);
  budget.set_limit(2);
  EXPECT_DOUBLE_EQ(budget.calls_per_second(), 2);
  // Two in any second now: the last but one of the ten has to leave first.
  const steady_time next = budget.take(start + seconds{1});
  EXPECT_GE(next, before[before.size() - 2] + seconds{1});
}

TEST(call_budget, a_raised_limit_does_not_wait_out_the_old_spacing) {
  call_budget budget{carrier_kind::twilio, 0.01};
  ASSERT_EQ(budget.take(start), start);
  budget.set_limit(10);
  EXPECT_LE(budget.take(start + microseconds{1}), start + milliseconds{110});
}

TEST(call_budget, two_threads_share_one_limit) {
  call_budget budget{carrier_kind::twilio, 1'000};
  std::atomic<std::int64_t> clock{start.time_since_epoch().count()};
  std::vector<steady_time> taken[2];
  const auto sender = [&](std::vector<steady_time>& mine) {
    for (int i = 0; i < 60'000; ++i) {
      const steady_time now{microseconds{clock.fetch_add(25) + 25}};
      if (budget.take(now) != now) continue;
      if (i % 50 == 0) {
        budget.give_back(now);
      } else {
        mine.push_back(now);
      }
    }
  };
  {
    std::jthread other{sender, std::ref(taken[1])};
    sender(taken[0]);
  }
  std::vector<steady_time> all = taken[0];
  all.insert(all.end(), taken[1].begin(), taken[1].end());
  // 120,000 readings 25 us apart are 3 s. A thread may stand still between its reading and its start, so the log's time
  // can run ahead of a start's own stamp; the total tells.
  EXPECT_LE(all.size(), 3'020u);
  EXPECT_GE(all.size(), 2'850u);
}

}  // namespace
}  // namespace dialer::carriers
