// Changes while calls are on their way: what is taken back, what comes to its end, and when the change is confirmed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::call_phase;
using testing::ElementsAre;

class changes : public testing::Test, protected stage {
 protected:
  void pause() {
    change([](auto& config) { config.campaigns[0].state = campaigns::campaign_state::paused; });
  }
  void opt_out(e164 who) {
    change([](auto&) {}, {{who, true}});
  }
  void veto_answered(attempt_id id, reason why) {
    create_answered told{id, {}, why};
    told.answer.what = carriers::answer_class::not_sent;
    told.answer.react = carriers::reaction::none;
    tell(std::move(told));
  }
};

TEST_F(changes, an_opt_out_of_a_contact_not_yet_decided_ends_it_undialed) {
  ledger_answers = false;
  start();
  opt_out(number(1));
  ledger_answers = true;
  add_contact(1);
  change([](auto&) {});
  wait(1s);
  EXPECT_TRUE(sends.empty());
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why, reason::opted_out);
}

TEST_F(changes, an_opt_out_takes_back_a_request_not_yet_written_and_is_confirmed_once_that_is_certain) {
  add_contact(1);
  start();
  confirmed.clear();
  opt_out(number(1));
  ASSERT_EQ(vetoes.size(), 1U);
  EXPECT_EQ(vetoes[0].why, reason::opted_out);
  wait(1s);
  EXPECT_TRUE(confirmed.empty());
  veto_answered(last().attempt, reason::opted_out);
  EXPECT_THAT(confirmed, ElementsAre(2));
  wait(5s);
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why, reason::opted_out);
}

TEST_F(changes, a_country_no_longer_allowed_takes_back_a_request_not_yet_written_and_ends_the_rest_undialed) {
  add_contact(1);
  start();
  ASSERT_EQ(sends.size(), 1U);
  change([](auto& config) { config.allowed_countries = {"GB"}; });
  ASSERT_EQ(vetoes.size(), 1U);
  EXPECT_EQ(vetoes[0].why, reason::country_not_allowed);
  veto_answered(last().attempt, reason::country_not_allowed);
  wait(5s);
  EXPECT_EQ(sends.size(), 1U);
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why, reason::country_not_allowed);
}

TEST_F(changes, a_campaign_calls_its_own_country_when_none_is_allowed_by_name) {
  add_contact(1);
  config().campaigns[0].default_country = "GB";
  start();
  EXPECT_TRUE(sends.empty());
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why, reason::country_not_allowed);
}

TEST_F(changes, an_opt_out_ends_a_call_that_rings) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::ringing);
  confirmed.clear();
  opt_out(number(1));
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(confirmed.empty());
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::failed});
  wait(3s);
  EXPECT_EQ(asked<cancel_call>().size(), 2U);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::done});
  EXPECT_THAT(confirmed, ElementsAre(2));
}

TEST_F(changes, an_opt_out_that_came_while_nobody_owned_the_organisation_ends_its_call) {
  intent open;
  open.attempt = attempt_id{77};
  open.campaign = config().campaigns[0].id;
  open.contact = contact_id{9};
  open.to = number(1);
  open.from = e164::from_digits(caller_id_digits);
  open.integration = config().accounts[0].id;
  open.decided_at = now.utc - 5s;
  found.open.push_back({open, outcome_kind::accepted, "CA1"});
  found.opt_outs.push_back({number(1), true});
  start();
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(confirmed.empty());
  tell(call_canceled{open.attempt, "CA1", carriers::cancel_result::done});
  EXPECT_THAT(confirmed, ElementsAre(1));
}

TEST_F(changes, what_was_found_at_the_take_over_is_confirmed_without_another_change) {
  start();
  EXPECT_THAT(confirmed, ElementsAre(1));
}

TEST_F(changes, a_pause_lets_a_ringing_call_come_to_its_end) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::ringing);
  confirmed.clear();
  pause();
  EXPECT_TRUE(asked<cancel_call>().empty());
  EXPECT_THAT(confirmed, ElementsAre(2));
}

TEST_F(changes, a_call_queued_at_the_carrier_is_taken_back_by_a_pause_and_costs_no_attempt) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  pause();
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::done});
  report(last().attempt, "CA1", call_phase::ended, disposition::canceled);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].contact.attempts, 0);
  change([](auto& config) { config.campaigns[0].state = campaigns::campaign_state::running; });
  wait(11s);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(changes, a_call_found_after_a_doubt_that_talks_already_is_not_cut_by_a_pause) {
  add_contact(1);
  start();
  answer(last().attempt, carriers::answer_class::unknown, carriers::reaction::reconcile, 500);
  pause();
  report(last().attempt, "CA1", call_phase::answered, disposition::answered);
  EXPECT_TRUE(asked<cancel_call>().empty());
  EXPECT_EQ(confirmed.back(), 2U);
}

TEST_F(changes, what_is_being_decided_goes_back_and_is_decided_under_the_new_generation) {
  ledger_answers = false;
  options.batch_max = 1;
  add_contact(1);
  add_contact(2);
  start();
  ASSERT_EQ(decisions.size(), 1U);  // the second contact waits in the batch being filled
  ledger_answers = true;
  decisions_end = commit_result::committed;
  change([](auto&) {}, {{number(2), true}});
  answer_batches();
  wait(1s);
  for (const decision_batch& batch : decisions) {
    for (const intent& each : batch.intents) EXPECT_NE(each.to, number(2));
  }
  ASSERT_EQ(ends.size(), 1U);
}

TEST_F(changes, a_stale_batch_sends_nothing_and_loses_nobody) {
  decisions_end = commit_result::stale_generation;
  ledger_answers = false;
  add_contact(1);
  add_contact(2);
  start();
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].intents.size(), 2U);
  decisions_end = commit_result::committed;
  ledger_answers = true;
  answer_batches();
  wait(1s);
  EXPECT_EQ(sends.size(), 2U);
  EXPECT_EQ(counters().stale_batches, 1U);
  EXPECT_EQ(decisions.back().intents.size(), 2U);
}

TEST_F(changes, a_drain_decides_nothing_more_and_is_over_when_every_request_is_answered) {
  add_contact(1);
  start();
  tell(drain_requested{});
  EXPECT_FALSE(machine->drained());
  add_contact(2);
  change([](auto&) {});
  wait(2s);
  EXPECT_EQ(sends.size(), 1U);
  accept(last().attempt, "CA1");
  EXPECT_TRUE(machine->drained());
}

}  // namespace
}  // namespace dialer::engine
