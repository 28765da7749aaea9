// Doubts as the organisation sees them: which calls it may take for its own, and what it does with those that are not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::answer_class;
using carriers::call_phase;
using carriers::reaction;

class doubts : public testing::Test, protected stage {
 protected:
  doubts() {
    for (retry_rule& rule : config().campaigns[0].retry) rule = {5s, 6};
    config().campaigns[0].attempts_per_number_24h = 6;
    config().campaigns[0].redial_absent = true;
  }

  carriers::listed_call listed(const intent& of, const std::string& ref, utc_time created) {
    carriers::listed_call call;
    call.report.call_ref = ref;
    call.report.phase = call_phase::ringing;
    call.to = of.to;
    call.from = of.from;
    call.created_at = created;
    return call;
  }
  void show(const intent& of, std::vector<carriers::listed_call> calls) {
    tell(looked_up{of.attempt, {true, std::move(calls), {}, {}}});
  }
  // Waits until the carrier has been asked of the attempt once more.
  void wait_for_look(const intent& of) {
    const std::size_t before = asked<look_up>().size();
    for (int i = 0; i < 4000 && asked<look_up>().size() == before; ++i) wait(250ms);
    ASSERT_FALSE(asked<look_up>().empty());
    EXPECT_EQ(asked<look_up>().back().attempt, of.attempt);
  }
};

TEST_F(doubts, an_unknown_answer_is_never_sent_again_and_never_closed_without_the_carriers_word) {
  add_contact(1);
  start();
  answer(last().attempt, answer_class::unknown, reaction::reconcile, 500);
  wait(299s);
  EXPECT_EQ(sends.size(), 1U);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].kind, outcome_kind::in_doubt);
  EXPECT_EQ(machine->open_attempts(), 1U);
}

TEST_F(doubts, a_call_of_another_pair_or_from_long_before_is_not_taken) {
  add_contact(1);
  start();
  const intent sent = last();
  answer(sent.attempt, answer_class::unknown, reaction::reconcile, 500);
  wait_for_look(sent);
  auto other_to = listed(sent, "CA1", sent.decided_at);
  other_to.to = number(2);
  auto other_from = listed(sent, "CA2", sent.decided_at);
  other_from.from = e164::from_digits(caller_id_digits + 1);
  show(sent, {other_to, other_from, listed(sent, "CA3", sent.decided_at - options.doubts.clock_skew - 1us)});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::in_doubt);
  wait_for_look(sent);
  show(sent, {listed(sent, "CA4", sent.decided_at - options.doubts.clock_skew)});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::adopted);
  EXPECT_EQ(outcomes.back().call_ref, "CA4");
}

TEST_F(doubts, a_call_with_this_attempts_token_is_its_call_whatever_else_is_not_said) {
  add_contact(1);
  start();
  const intent sent = last();
  answer(sent.attempt, answer_class::unknown, reaction::reconcile, 500);
  wait_for_look(sent);
  carriers::listed_call active;
  active.report.call_ref = "v3:1";
  active.report.phase = call_phase::initiated;
  active.token = "verified by the sender";
  show(sent, {active});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::adopted);
  EXPECT_EQ(outcomes.back().call_ref, "v3:1");
}

TEST_F(doubts, a_carrier_whose_clock_is_behind_ours_lists_the_call_as_older_than_its_intent) {
  add_contact(1);
  start();
  const intent sent = last();
  answer(sent.attempt, answer_class::unknown, reaction::reconcile, 500);
  wait_for_look(sent);
  const auto look = [&](utc_time created) {
    tell(looked_up{sent.attempt, {true, {listed(sent, "CA1", created)}, {}, now.utc - 5min}});
  };
  look(sent.decided_at - 5min - options.doubts.clock_skew - 1us);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::in_doubt);
  wait_for_look(sent);
  EXPECT_EQ(asked<look_up>().back().sent_not_before, sent.decided_at - 5min - options.doubts.clock_skew);
  look(sent.decided_at - 5min - options.doubts.clock_skew);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::adopted);
}

// The reference of the newest call outlives the two minutes of the one before it.
TEST_F(doubts, the_call_of_an_attempt_closed_a_moment_ago_is_not_taken_though_an_older_ones_time_is_up) {
  add_contact(1);
  config().campaigns[0].retry[static_cast<std::size_t>(disposition::busy)] = {100s, 6};
  config().campaigns[0].retry[static_cast<std::size_t>(disposition::no_answer)] = {10s, 6};
  start();
  const intent first = last();
  accept(first.attempt, "CA1");
  report(first.attempt, "CA1", call_phase::ended, disposition::busy);
  wait(105s);
  const intent second = last();
  ASSERT_NE(second.attempt, first.attempt);
  accept(second.attempt, "CA2");
  report(second.attempt, "CA2", call_phase::ended, disposition::no_answer);
  wait(20s);  // the first reference is forgotten by now
  const intent third = last();
  ASSERT_NE(third.attempt, second.attempt);
  answer(third.attempt, answer_class::unknown, reaction::reconcile, 500);
  wait_for_look(third);
  show(third, {listed(third, "CA2", second.decided_at)});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::in_doubt);
  wait_for_look(third);
  show(third, {listed(third, "CA2", second.decided_at), listed(third, "CA3", third.decided_at)});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::adopted);
  EXPECT_EQ(outcomes.back().call_ref, "CA3");
}

TEST_F(doubts, after_a_take_over_a_call_that_the_ledger_knows_is_not_taken) {
  const intent open = add_open({}, {});
  found.known_calls.push_back({open.to, "CA1"});
  start();
  EXPECT_EQ(outcomes.back().kind, outcome_kind::in_doubt);
  wait_for_look(open);
  show(open, {listed(open, "CA1", open.decided_at - 20s)});
  EXPECT_EQ(outcomes.back().kind, outcome_kind::in_doubt);
}

// Its call may still be taken for that of the next attempt, and nobody handed its reference on.
TEST_F(doubts, after_a_take_over_a_number_called_lately_rests_for_two_minutes) {
  found.history.push_back({number(1), e164::from_digits(caller_id_digits), now.utc - 30s, false});
  add_contact(1);
  add_contact(2);
  start();
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_EQ(last().to, number(2));
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].why, reason::number_in_flight);
  wait(89s);
  EXPECT_EQ(sends.size(), 1U);
  wait(60s);
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_EQ(last().to, number(1));
}

TEST_F(doubts, a_campaign_account_and_agent_that_are_gone_keep_their_open_attempt_to_its_end) {
  intent open = add_open(outcome_kind::accepted, "CA1");
  open.campaign = campaign_id{id128{6, 99}};
  open.from = e164::from_digits(caller_id_digits + 50);
  open.integration = integration_id{id128{4, 99}};
  found.open.back().what = open;
  config().agents[0].concurrent_calls_max = 1;
  add_contact(2);
  start();
  EXPECT_EQ(sends.size(), 1U) << "the stranger's call fills a line of an agent that is not its own";
  report(open.attempt, "CA1", call_phase::ended, disposition::answered);
  ASSERT_FALSE(outcomes.empty());
  EXPECT_EQ(outcomes.back().attempt, open.attempt);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::ended);
}

TEST_F(doubts, a_campaign_whose_agent_is_not_in_the_snapshot_does_not_dial) {
  config().campaigns[0].agent = agent_id{id128{3, 99}};
  add_contact(1);
  start();
  wait(1s);
  EXPECT_TRUE(decisions.empty());
  EXPECT_EQ(machine->view(now).campaigns[0].blocked, reason::agent_not_published);
}

TEST_F(doubts, a_call_that_turns_up_after_it_was_declared_absent_is_written_and_ended_until_the_carrier_agrees) {
  add_contact(1);
  start();
  const intent sent = last();
  answer(sent.attempt, answer_class::unknown, reaction::reconcile, 500);
  for (int look = 0; look < 10 && machine->open_attempts() != 0; ++look) {
    wait_for_look(sent);
    show(sent, {});
  }
  EXPECT_EQ(outcomes.back().kind, outcome_kind::absent);
  EXPECT_GE(waits.back().contact.due_at, now.utc + 29min);
  report(sent.attempt, "CA1", call_phase::ringing);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::late);
  EXPECT_EQ(counters().double_dials, 1U);
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  tell(call_canceled{sent.attempt, "CA1", carriers::cancel_result::failed});
  wait(1s);
  EXPECT_EQ(asked<cancel_call>().size(), 2U);
  tell(call_canceled{sent.attempt, "CA1", carriers::cancel_result::unknown_call});
  wait(1s);
  EXPECT_EQ(asked<cancel_call>().size(), 3U) << "calls are known only some time after they began";
  tell(call_canceled{sent.attempt, "CA1", carriers::cancel_result::done});
  wait(5s);
  EXPECT_EQ(asked<cancel_call>().size(), 3U);
}

TEST_F(doubts, after_a_take_over_a_call_that_turns_up_after_all_is_written_once_and_ended) {
  found.absent.push_back({attempt_id{77}, config().campaigns[0].id, contact_id{9}, config().accounts[0].id, number(1),
                          now.utc - 24h + 1s});
  start();
  report(attempt_id{77}, "CA1", call_phase::ringing);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].kind, outcome_kind::late);
  EXPECT_EQ(outcomes[0].attempt, attempt_id{77});
  EXPECT_EQ(outcomes[0].campaign, config().campaigns[0].id);
  EXPECT_EQ(outcomes[0].contact, contact_id{9});
  EXPECT_EQ(outcomes[0].call_ref, "CA1");
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_EQ(asked<cancel_call>()[0].integration, config().accounts[0].id);
  EXPECT_EQ(counters().double_dials, 1U);
  report(attempt_id{77}, "CA1", call_phase::ended);
  EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(doubts, a_day_after_its_close_an_absent_attempt_is_forgotten_though_a_take_over_came_between) {
  found.absent.push_back({attempt_id{77}, config().campaigns[0].id, contact_id{9}, config().accounts[0].id, number(1),
                          now.utc - 24h + 1s});
  start();
  wait(1500ms);
  report(attempt_id{77}, "CA1", call_phase::ringing);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(doubts, the_answer_that_comes_after_all_ends_the_doubt) {
  add_contact(1);
  start();
  const intent sent = last();
  answer(sent.attempt, answer_class::unknown, reaction::reconcile, 0);
  accept(sent.attempt, "CA1");
  EXPECT_EQ(outcomes.back().kind, outcome_kind::adopted);
  report(sent.attempt, "CA1", call_phase::ended, disposition::answered);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::ended);
}

TEST_F(doubts, while_the_carrier_answers_nothing_one_question_is_out) {
  add_contact(1);
  start();
  answer(last().attempt, carriers::answer_class::unknown, carriers::reaction::reconcile, 500);
  wait(1h);
  ASSERT_EQ(asked<look_up>().size(), 1U);
  tell(looked_up{last().attempt, {}});
  wait(10min);
  EXPECT_EQ(asked<look_up>().size(), 2U);
}

TEST_F(doubts, a_call_whose_end_is_not_told_is_asked_for_once_until_it_is_answered) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  wait(1h);
  ASSERT_EQ(asked<fetch_call>().size(), 1U);
  tell(call_fetched{last().attempt, std::nullopt});
  wait(10min);
  EXPECT_EQ(asked<fetch_call>().size(), 2U);
}

}  // namespace
}  // namespace dialer::engine
