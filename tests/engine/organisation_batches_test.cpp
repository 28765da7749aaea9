// How much goes into one commit: outcomes wait for each other, an account takes new decisions in quarters of its
// reserve.

#include <gtest/gtest.h>

#include <set>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

class batches : public testing::Test, protected stage {
 protected:
  batches() { options.outcome_delay = 10ms; }
  void begin(std::size_t at_hand) {
    for (std::uint64_t line = 1; line <= at_hand; ++line) add_contact(line);
    start();
    ASSERT_FALSE(sends.empty());
  }
  void accept_call(std::size_t which) { accept(sends[which].attempt, "CA" + std::to_string(which)); }
};

TEST_F(batches, outcomes_wait_so_long_for_others) {
  begin(2);
  accept_call(0);
  wait(9999us);
  accept_call(1);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_LE(machine->next_tick(), now.steady + 1us);
  wait(1us);
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(batches, a_full_batch_of_outcomes_does_not_wait) {
  options.batch_max = 3;
  begin(3);
  accept_call(0);
  accept_call(1);
  EXPECT_TRUE(outcomes.empty());
  accept_call(2);
  EXPECT_EQ(outcomes.size(), 3U);
}

TEST_F(batches, outcomes_that_came_later_wait_as_long_as_the_first_did) {
  begin(2);
  accept_call(0);
  wait(10ms);
  ASSERT_EQ(outcomes.size(), 1U);
  accept_call(1);
  wait(9999us);
  EXPECT_EQ(outcomes.size(), 1U);
  wait(1us);
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(batches, outcomes_that_waited_for_a_commit_leave_with_its_end) {
  begin(2);
  ledger_answers = false;
  accept_call(0);
  wait(10ms);
  ASSERT_EQ(outcomes.size(), 1U);
  accept_call(1);
  wait(10ms);
  EXPECT_EQ(outcomes.size(), 1U);
  EXPECT_GT(machine->next_tick(), now.steady);
  answer_batches();
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(batches, draining_waits_for_no_other_outcome) {
  begin(1);
  accept_call(0);
  tell(drain_requested{});
  EXPECT_EQ(outcomes.size(), 1U);
  EXPECT_TRUE(machine->drained());
}

TEST_F(batches, an_account_takes_decisions_when_a_quarter_of_its_reserve_is_gone) {
  config().accounts[0].calls_per_second = 400;
  options.reserve = 100ms;
  senders_take = false;
  begin(60);
  ASSERT_EQ(sends.size(), 40U);
  tell(sends_taken{sends[0].integration, 9});
  EXPECT_EQ(sends.size(), 40U);
  tell(sends_taken{sends[0].integration, 1});
  EXPECT_EQ(sends.size(), 50U);
}

TEST_F(batches, the_reserve_of_a_slow_account_is_one_call_and_comes_back_when_it_is_taken) {
  config().accounts[0].calls_per_second = 1;
  senders_take = false;
  begin(2);
  ASSERT_EQ(sends.size(), 1U);
  tell(sends_taken{sends[0].integration, 1});
  EXPECT_EQ(sends.size(), 2U);
}

// The ledger never commits a number that it has declared failed.
TEST_F(batches, outcomes_that_failed_go_out_again_under_a_new_number) {
  begin(1);
  outcomes_end = commit_result::failed;
  accept_call(0);
  wait(1s);
  ASSERT_GE(outcome_batches.size(), 3U);
  EXPECT_EQ(std::set(outcome_batches.begin(), outcome_batches.end()).size(), outcome_batches.size());
  EXPECT_TRUE(outcomes.empty());
  outcomes_end = commit_result::committed;
  wait(1s);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].attempt, sends[0].attempt);
}

TEST_F(batches, outcomes_of_an_owner_that_lost_its_organisation_are_due_no_more) {
  config().accounts[0].calls_per_second = 1;
  senders_take = false;
  begin(2);
  accept_call(0);
  ASSERT_LE(machine->next_tick(), now.steady + 10ms);
  decisions_end = commit_result::not_owner;
  tell(sends_taken{sends[0].integration, 1});
  EXPECT_GT(machine->next_tick(), now.steady + 10ms);
  EXPECT_TRUE(outcomes.empty());
}

}  // namespace
}  // namespace dialer::engine
