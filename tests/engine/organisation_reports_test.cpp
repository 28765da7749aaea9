// What the carrier says of calls that are up: late, twice, in any order, or not at all.

#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::call_phase;

class reports : public testing::Test, protected stage {
 protected:
  void call_is_up() {
    add_contact(1);
    start();
    accept(last().attempt, "CA1");
    report(last().attempt, "CA1", call_phase::initiated);
  }
  // As Telnyx says it: cleared, and nothing else.
  carriers::call_report cleared() const {
    carriers::call_report told;
    told.call_ref = "CA1";
    told.phase = call_phase::ended;
    told.maybe_answered = true;
    return told;
  }
  static carriers::call_report abandoned() {
    carriers::call_report told;
    told.call_ref = "CA1";
    told.phase = call_phase::answered;
    told.abandoned = true;
    return told;
  }
};

TEST_F(reports, an_end_that_overtakes_its_answered_waits_for_it) {
  call_is_up();
  tell(call_reported{last().attempt, cleared()});
  EXPECT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(machine->open_attempts(), 1U);
  wait(9s);
  report(last().attempt, "CA1", call_phase::answered);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[1].ended_as, disposition::answered);
  const campaign_counters counted = machine->view(now).campaigns.at(0).counters;
  EXPECT_EQ(counted.intents, 1U);
  EXPECT_EQ(counted.answered, 1U);
  EXPECT_EQ(counted.dispositions[static_cast<std::size_t>(disposition::answered)], 1U);
  EXPECT_TRUE(outcomes[1].answered);
  EXPECT_EQ(machine->open_attempts(), 0U);
}

// Whoever answered spoke to nobody: not their answer, and not their number's fault.
TEST_F(reports, an_answered_call_that_no_agent_took_ends_as_failed) {
  call_is_up();
  report(last().attempt, "CA1", call_phase::answered);
  tell(call_reported{last().attempt, abandoned()});
  EXPECT_EQ(machine->open_attempts(), 1U) << "it is up until its end is told";
  tell(call_reported{last().attempt, cleared()});
  EXPECT_EQ(outcomes.back().ended_as, disposition::failed);
  EXPECT_TRUE(outcomes.back().answered) << "it was, for every limit that counts answers";
  EXPECT_EQ(machine->open_attempts(), 0U);
}

TEST_F(reports, an_end_that_overtakes_word_of_the_missing_agent_is_a_failure_too) {
  call_is_up();
  tell(call_reported{last().attempt, cleared()});
  tell(call_reported{last().attempt, abandoned()});
  EXPECT_EQ(outcomes.back().ended_as, disposition::failed);
}

TEST_F(reports, an_end_whose_answered_was_lost_is_asked_for) {
  call_is_up();
  tell(call_reported{last().attempt, cleared()});
  tell(call_reported{last().attempt, cleared()});
  ASSERT_EQ(asked<fetch_call>().size(), 1U);
  carriers::call_report told = cleared();
  told.maybe_answered = false;
  told.if_unanswered = disposition::answered;
  tell(call_fetched{last().attempt, told});
  EXPECT_EQ(outcomes.back().ended_as, disposition::answered);
}

TEST_F(reports, an_end_of_which_nobody_says_more_was_no_answer) {
  call_is_up();
  tell(call_reported{last().attempt, cleared()});
  for (std::size_t asks = 1; asks <= 3; ++asks) {
    ASSERT_EQ(asked<fetch_call>().size(), asks);
    tell(call_fetched{last().attempt, {}});
    wait(3s);
  }
  wait(750ms);
  EXPECT_EQ(outcomes.size(), 1U);
  wait(250ms);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[1].ended_as, disposition::no_answer);
}

TEST_F(reports, an_end_after_answered_is_believed_at_once) {
  call_is_up();
  report(last().attempt, "CA1", call_phase::answered);
  tell(call_reported{last().attempt, cleared()});
  EXPECT_EQ(outcomes.back().ended_as, disposition::answered);
  EXPECT_TRUE(asked<fetch_call>().empty());
}

TEST_F(reports, an_unsure_end_before_the_answer_to_the_create_and_after_a_doubt_is_no_less_unsure) {
  add_contact(1);
  start();
  tell(call_reported{last().attempt, cleared()});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::accepted);
  EXPECT_EQ(outcomes.back().call_ref, "CA1");
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::answered);
  EXPECT_EQ(outcomes.back().ended_as, disposition::answered);

  add_contact(2);
  change([](auto&) {});
  wait(1s);
  ASSERT_EQ(sends.size(), 2U);
  answer(last().attempt, carriers::answer_class::unknown, carriers::reaction::reconcile, 500);
  tell(call_reported{last().attempt, cleared()});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::adopted);
  report(last().attempt, "CA1", call_phase::answered);
  EXPECT_EQ(outcomes.back().ended_as, disposition::answered);
}

TEST_F(reports, no_such_call_a_moment_after_it_was_taken_is_not_believed) {
  call_is_up();
  for (int i = 0; i < 3; ++i) tell(call_fetched{last().attempt, carriers::no_such_call()});
  wait(299s);
  tell(call_fetched{last().attempt, carriers::no_such_call()});
  EXPECT_EQ(machine->open_attempts(), 1U);
  report(last().attempt, "CA1", call_phase::ended, disposition::answered);
  EXPECT_EQ(outcomes.back().ended_as, disposition::answered);
}

TEST_F(reports, no_such_call_is_believed_five_minutes_after_the_decision_when_said_twice_in_a_row) {
  call_is_up();
  tell(call_fetched{last().attempt, carriers::no_such_call()});
  report(last().attempt, "CA1", call_phase::answered);
  wait(300s);
  tell(call_fetched{last().attempt, carriers::no_such_call()});
  tell(call_fetched{last().attempt, {}});
  EXPECT_EQ(machine->open_attempts(), 1U);
  tell(call_fetched{last().attempt, carriers::no_such_call()});
  EXPECT_EQ(machine->open_attempts(), 0U);
  EXPECT_EQ(outcomes.back().ended_as, disposition::unknown);
}

TEST_F(reports, a_poll_after_a_take_over_that_finds_no_such_call_is_repeated) {
  const intent open = add_open(outcome_kind::accepted, "CA1");
  start();
  wait(5s);
  for (std::size_t polls = 1; polls < 10; ++polls) {
    ASSERT_EQ(asked<fetch_call>().size(), polls);
    tell(call_fetched{open.attempt, carriers::no_such_call()});
    EXPECT_EQ(machine->open_attempts(), 1U) << polls;
    wait(30s);
  }
}

// The window closes at 21:00, nine hours after the stage's noon; for a call that has yet to ring, five seconds before.
class queued_calls : public reports {
 protected:
  void until_the_window_closes_in(std::chrono::microseconds left) {
    const auto skip = 9h - 5s - left;
    now.steady += skip;
    now.utc += skip;
  }
  void call_is_queued(std::chrono::milliseconds queue_time) {
    add_contact(1);
    start();
    accept(last().attempt, "CA1", queue_time);
  }
};

TEST_F(queued_calls, one_that_the_carrier_will_start_after_the_window_closed_is_taken_back_at_once) {
  until_the_window_closes_in(60s);
  call_is_queued(60s);
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(asked<cancel_call>()[0].ringing_only);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::done});
  report(last().attempt, "CA1", call_phase::ended, disposition::canceled);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].contact.attempts, 0) << "a queue of the carrier costs no attempt";
}

TEST_F(queued_calls, one_that_is_still_queued_when_the_window_closes_is_taken_back_then_and_again_if_that_fails) {
  until_the_window_closes_in(60s);
  call_is_queued(59s);
  wait(59750ms);
  EXPECT_TRUE(asked<cancel_call>().empty());
  wait(250ms);
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::failed});
  wait(2s);
  EXPECT_EQ(asked<cancel_call>().size(), 2U);
}

TEST_F(queued_calls, one_that_has_begun_to_ring_comes_to_its_end_after_the_window) {
  until_the_window_closes_in(60s);
  call_is_queued(1s);
  report(last().attempt, "CA1", call_phase::initiated);
  wait(120s);
  EXPECT_TRUE(asked<cancel_call>().empty());
}

TEST_F(queued_calls, hours_that_a_person_shortens_meanwhile_hold_for_them_too) {
  call_is_queued(10s);
  wait(1s);
  change([](auto& config) {
    for (auto& day : config.campaigns[0].window) day = {11 * 60, 12 * 60};
  });
  EXPECT_EQ(asked<cancel_call>().size(), 1U);
}

TEST_F(queued_calls, one_found_queued_after_a_doubt_or_a_take_over_in_a_closed_window_is_taken_back) {
  until_the_window_closes_in(10s);
  add_contact(1);
  start();
  answer(last().attempt, carriers::answer_class::unknown, carriers::reaction::reconcile, 500);
  wait(15s);
  EXPECT_TRUE(asked<cancel_call>().empty());
  report(last().attempt, "CA1", call_phase::queued);
  EXPECT_EQ(asked<cancel_call>().size(), 1U);
}

TEST_F(queued_calls, a_carrier_that_queues_nothing_is_not_asked_to_hang_up) {
  config().accounts[0].kind = carriers::carrier_kind::telnyx;
  until_the_window_closes_in(10s);
  call_is_queued(0s);
  wait(60s);
  EXPECT_TRUE(asked<cancel_call>().empty());
}

}  // namespace
}  // namespace dialer::engine
