#include "engine/send_queue.hpp"

#include <gtest/gtest.h>

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

constexpr integration_id ours{id128{4, 1}};
constexpr integration_id another{id128{4, 2}};
constexpr auto send_within = 3000ms;
// The wall clock and the steady one have nothing in common but this instant.
constexpr instant now{steady_time{1000s}, utc_time{std::chrono::microseconds{1'790'000'000'000'000}}};

// When an account with one start a second may begin, after one call decided so long before the take-over.
std::chrono::microseconds wait_after_one_decided(std::chrono::microseconds before, integration_id account = ours) {
  carriers::call_budget budget{carriers::carrier_kind::twilio, 1};
  remember_starts(budget, ours, {{account, now.utc - before}}, send_within, now);
  return budget.take(now.steady) - now.steady;
}

TEST(remember_starts, a_call_may_have_left_as_late_as_it_was_allowed_to) {
  EXPECT_EQ(wait_after_one_decided(4s + 10ms), 0us);
  EXPECT_GT(wait_after_one_decided(4s), 0us) << "it may have left one second ago";
  EXPECT_LE(wait_after_one_decided(4s), 10ms);
  EXPECT_GE(wait_after_one_decided(3s), 1s);
}

TEST(remember_starts, none_left_after_the_take_over) {
  for (const auto before : {3s, 1s, 0s, -30s}) {  // ... which a wall clock that was set back makes look so
    EXPECT_GE(wait_after_one_decided(before), 1s);
    EXPECT_LE(wait_after_one_decided(before), 1010ms);
  }
}

TEST(remember_starts, each_account_counts_its_own) {
  EXPECT_EQ(wait_after_one_decided(1s, another), 0us);
}

// An owner that worked to the limit and died: its last calls are undecided between sent and not sent.
TEST(remember_starts, the_next_owner_of_a_busy_account_dials_within_five_seconds) {
  const auto wait = [](carriers::carrier_kind kind, int rate) {
    std::vector<past_start> starts;
    for (int i = 0; i < 15 * rate; ++i) starts.push_back({ours, now.utc - i * 1'000'000us / rate});
    carriers::call_budget budget{kind, static_cast<double>(rate)};
    remember_starts(budget, ours, starts, send_within, now);
    return budget.take(now.steady) - now.steady;
  };
  EXPECT_GE(wait(carriers::carrier_kind::twilio, 300), 1s);
  EXPECT_LE(wait(carriers::carrier_kind::twilio, 300), 1010ms);
  EXPECT_GE(wait(carriers::carrier_kind::telnyx, 30), 3s);
  EXPECT_LE(wait(carriers::carrier_kind::telnyx, 30), 3100ms);
}

}  // namespace
}  // namespace dialer::engine
