// Changes while calls are on their way: what is taken back, what comes to its end, and when the change is confirmed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/compliance/list_for_test.hpp"
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
  void opt_out(e164 who) { stage::opt_out({{who, true}}); }
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

TEST_F(changes, a_pause_takes_back_every_request_not_yet_written) {
  constexpr std::size_t calls = 99;  // more than are looked at together
  for (std::uint64_t line = 1; line <= calls; ++line) add_contact(line);
  start();
  wait(30s);
  ASSERT_EQ(sends.size(), calls);
  pause();
  std::set<attempt_id> taken_back;
  for (const veto_send& veto : vetoes) taken_back.insert(veto.attempt);
  EXPECT_EQ(taken_back.size(), calls);
}

std::shared_ptr<const compliance::do_not_call_list> list_of(const char* registry_text) {
  return compliance::list_for_test(registry_text, std::chrono::sys_days{std::chrono::year{2026} / 11 / 17}, "1");
}

TEST_F(changes, a_new_national_list_takes_back_a_request_not_yet_written_and_ends_whom_it_names) {
  add_contact(1);
  start();
  confirmed.clear();
  change([](auto& config) { config.rules.national = {list_of("212,5550101\n")}; });
  ASSERT_EQ(vetoes.size(), 1U);
  EXPECT_EQ(vetoes[0].why, reason::national_do_not_call);
  EXPECT_TRUE(confirmed.empty());
  veto_answered(last().attempt, reason::national_do_not_call);
  EXPECT_THAT(confirmed, ElementsAre(2));
  wait(5s);
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why, reason::national_do_not_call);
}

TEST_F(changes, a_fresh_list_reopens_what_a_stale_one_had_shut) {
  config().rules.national = {list_of("212,5550155\n")};
  now.utc += 24h * 40;
  add_contact(1);
  start();
  wait(1s);
  EXPECT_TRUE(sends.empty());
  change([](auto& config) { config.rules.national.clear(); });
  wait(61s);
  EXPECT_EQ(sends.size(), 1U);
}

TEST_F(changes, changes_that_could_not_be_loaded_are_asked_for_again_after_a_pause) {
  start();
  const auto asked_at = [&](std::chrono::milliseconds later, event what) {
    now.steady += later;
    effects out;
    machine->step(std::move(what), now, out);
    machine->step(tick{}, now, out);
    return out.load_changes.has_value();
  };
  EXPECT_TRUE(asked_at(0ms, changes_announced{}));
  EXPECT_FALSE(asked_at(0ms, changes_loaded{false, {}}));
  EXPECT_FALSE(asked_at(499ms, tick{}));
  EXPECT_TRUE(asked_at(1ms, tick{}));
}

TEST_F(changes, what_is_announced_while_changes_are_on_their_way_is_asked_for_after_them) {
  start();
  const auto asked_at = [&](event what) {
    effects out;
    machine->step(std::move(what), now, out);
    machine->step(tick{}, now, out);
    return out.load_changes;
  };
  ASSERT_TRUE(asked_at(changes_announced{}));
  EXPECT_FALSE(asked_at(changes_announced{.settings = true}));
  EXPECT_FALSE(asked_at(changes_announced{}));
  const auto again = asked_at(changes_loaded{true, {2, nullptr, {}}});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->above, 2U);
  EXPECT_EQ(again->settings_version, 0U);
  EXPECT_FALSE(asked_at(changes_loaded{false, {}}));
  now.steady += 500ms;
  const auto after_failure = asked_at(tick{});
  ASSERT_TRUE(after_failure);
  EXPECT_EQ(after_failure->settings_version, 0U);
  EXPECT_FALSE(asked_at(changes_loaded{true, {2, snapshot(), {}}}));
}

TEST_F(changes, an_account_that_cannot_be_used_is_not_dialed_over_and_says_so) {
  add_contact(1);
  config().accounts[0].unusable = "its secret cannot be read";
  start();
  wait(1s);
  EXPECT_TRUE(decisions.empty());
  EXPECT_EQ(machine->view(now).campaigns.at(0).blocked, reason::account_unusable);
  change([](auto& config) { config.accounts[0].unusable.clear(); });
  ASSERT_EQ(sends.size(), 1U);
  change([](auto& config) { config.accounts[0].unusable = "its secret is gone"; });
  ASSERT_EQ(vetoes.size(), 1U);
  EXPECT_EQ(vetoes[0].why, reason::account_unusable);
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

TEST_F(changes, a_slow_campaign_makes_its_first_call_at_once) {
  now.steady = steady_time{1s};
  config().campaigns[0].calls_per_second_max = 0.001;
  add_contact(1);
  start();
  EXPECT_EQ(sends.size(), 1U);
}

TEST_F(changes, a_faster_pace_counts_from_the_last_call) {
  config().campaigns[0].calls_per_second_max = 0.001;
  for (std::uint64_t line = 1; line <= 4; ++line) add_contact(line);
  start();
  wait(2s);
  const std::size_t at_the_slow_pace = sends.size();
  EXPECT_LT(at_the_slow_pace, 4U);
  change([](auto& config) { config.campaigns[0].calls_per_second_max = 10; });
  wait(2s);
  EXPECT_EQ(sends.size(), 4U);
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

TEST_F(changes, an_opt_out_is_not_confirmed_by_a_carrier_that_does_not_know_the_call_yet) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  confirmed.clear();
  opt_out(number(1));
  for (std::size_t cancels = 1; cancels <= 3; ++cancels) {
    EXPECT_EQ(asked<cancel_call>().size(), cancels);
    tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::unknown_call});
    EXPECT_TRUE(confirmed.empty());
    wait(3s);
  }
  wait(291s);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::unknown_call});
  EXPECT_THAT(confirmed, ElementsAre(2));
}

TEST_F(changes, an_opt_out_that_came_while_nobody_owned_the_organisation_ends_its_call) {
  const intent open = add_open(outcome_kind::accepted, "CA1");
  found.opt_outs.push_back({number(1), true});
  start();
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(confirmed.empty());
  tell(call_canceled{open.attempt, "CA1", carriers::cancel_result::done});
  EXPECT_THAT(confirmed, ElementsAre(1));
}

class taken_over : public changes {
 protected:
  taken_over() {
    open = add_open(outcome_kind::accepted, "CA1", 60s);
    config().campaigns[0].state = campaigns::campaign_state::paused;
  }
  void fetched(call_phase phase, disposition how = disposition::no_answer) {
    carriers::call_report told;
    told.call_ref = "CA1";
    told.phase = phase;
    told.if_answered = told.if_unanswered = how;
    tell(call_fetched{open.attempt, told});
  }
  intent open;
};

TEST_F(taken_over, a_paused_campaigns_call_that_talks_is_not_hung_up_on) {
  start();
  wait(5s);
  EXPECT_TRUE(asked<cancel_call>().empty());
  ASSERT_EQ(asked<fetch_call>().size(), 1U);
  EXPECT_TRUE(confirmed.empty());
  fetched(call_phase::answered);
  EXPECT_TRUE(asked<cancel_call>().empty());
  EXPECT_THAT(confirmed, ElementsAre(1));
}

TEST_F(taken_over, a_paused_campaigns_call_that_the_carrier_still_holds_is_taken_back_unless_it_is_answered_meanwhile) {
  start();
  wait(5s);
  fetched(call_phase::queued);
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(asked<cancel_call>()[0].ringing_only);
  EXPECT_TRUE(confirmed.empty());
  tell(call_canceled{open.attempt, "CA1", carriers::cancel_result::done});
  EXPECT_THAT(confirmed, ElementsAre(1));
}

TEST_F(taken_over, what_the_life_before_took_back_costs_no_attempt) {
  start();
  report(open.attempt, "CA1", call_phase::ended, disposition::canceled);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].contact.attempts, 0);
}

TEST_F(changes, a_pause_hangs_up_on_nobody_where_the_carrier_queues_nothing) {
  config().accounts[0].kind = carriers::carrier_kind::telnyx;
  add_contact(1);
  start();
  accept(last().attempt, "v3:1");
  pause();
  EXPECT_TRUE(asked<cancel_call>().empty()) << "its callbacks may be lost, and a hang-up ends an answered call, too";
  EXPECT_EQ(confirmed.back(), 2U);
  opt_out(number(1));
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_FALSE(asked<cancel_call>()[0].ringing_only);
}

TEST_F(changes, an_opt_out_after_a_pause_ends_the_call_that_the_pause_left_alone) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  pause();
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(asked<cancel_call>()[0].ringing_only);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::already_ended});
  opt_out(number(1));
  ASSERT_EQ(asked<cancel_call>().size(), 2U);
  EXPECT_FALSE(asked<cancel_call>()[1].ringing_only);
}

TEST_F(changes, a_failed_cancel_is_repeated_though_a_report_comes_in_between) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  opt_out(number(1));
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::failed});
  report(last().attempt, "CA1", call_phase::answered, disposition::answered);
  ASSERT_EQ(asked<cancel_call>().size(), 2U);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::failed});
  wait(3s);
  EXPECT_EQ(asked<cancel_call>().size(), 3U);
}

TEST_F(changes, a_cancel_that_is_never_answered_or_does_nothing_is_repeated) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::ringing);
  opt_out(number(1));
  wait(61s);
  EXPECT_EQ(asked<cancel_call>().size(), 2U);
  tell(call_canceled{last().attempt, "CA1", carriers::cancel_result::done});
  wait(31s);
  EXPECT_EQ(asked<cancel_call>().size(), 3U);
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
