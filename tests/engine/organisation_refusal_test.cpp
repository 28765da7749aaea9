// What each refusal of a create costs: the contact, the caller ID, the account, or nobody.

#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::answer_class;
using carriers::call_phase;
using carriers::reaction;

class refusals : public testing::Test, protected stage {
 protected:
  void begin(int contacts_at_hand = 1) {
    for (int line = 1; line <= contacts_at_hand; ++line) add_contact(static_cast<std::uint64_t>(line));
    start();
  }
  void expect_no_attempt_lost() const {
    ASSERT_FALSE(waits.empty());
    EXPECT_EQ(waits.back().contact.attempts, 0);
    EXPECT_FALSE(outcomes.back().contact_done);
    EXPECT_FALSE(outcomes.back().ended_as);
  }
};

TEST_F(refusals, a_number_that_does_not_exist_is_done) {
  begin();
  answer(last().attempt, answer_class::rejected, reaction::fail_number, 400, disposition::invalid_number);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::rejected);
  EXPECT_EQ(outcomes.back().ended_as, disposition::invalid_number);
  EXPECT_TRUE(outcomes.back().contact_done);
}

TEST_F(refusals, a_call_failed_here_follows_the_retry_rule_of_its_disposition) {
  begin();
  answer(last().attempt, answer_class::rejected, reaction::fail_here, 400, disposition::failed);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].contact.attempts, 1);
  EXPECT_EQ(waits[0].contact.due_at, now.utc + 5min);
}

TEST_F(refusals, what_is_refused_for_now_costs_no_attempt_and_is_tried_again) {
  begin();
  answer(last().attempt, answer_class::rejected, reaction::retry, 403, disposition::failed, true);
  expect_no_attempt_lost();
  wait(11s);
  EXPECT_EQ(sends.size(), 2U);
  EXPECT_EQ(last().attempt_number, 1);
}

TEST_F(refusals, a_throttled_rate_slows_the_account_and_costs_no_attempt) {
  begin();
  answer(last().attempt, answer_class::not_sent, reaction::throttle_rate, 429);
  EXPECT_EQ(slowdowns.size(), 1U);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::not_sent);
  expect_no_attempt_lost();
  wait(3s);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(refusals, a_full_account_shows_its_ceiling_and_is_tried_beyond_it_half_a_minute_later) {
  begin(10);
  ASSERT_EQ(sends.size(), 10U);
  for (std::size_t i = 0; i < 9; ++i) accept(sends[i].attempt, "CA" + std::to_string(i));
  answer(sends[9].attempt, answer_class::not_sent, reaction::throttle_concurrency, 429);
  expect_no_attempt_lost();
  wait(29s);
  EXPECT_EQ(sends.size(), 10U) << "nine calls are up, and a tenth was refused";
  wait(2s);
  EXPECT_EQ(sends.size(), 11U);
}

TEST_F(refusals, a_refused_caller_id_is_shown_no_more_until_the_account_is_changed) {
  begin(1);
  answer(last().attempt, answer_class::rejected, reaction::caller_id);
  expect_no_attempt_lost();
  EXPECT_EQ(outcomes.back().why, reason::caller_id_withdrawn);
  wait(30s);
  EXPECT_EQ(sends.size(), 1U);
  change([](auto& config) { config.accounts[0].name = "put right"; });
  wait(2s);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(refusals, a_stopped_account_dials_again_after_a_good_probe) {
  begin(2);
  ASSERT_EQ(sends.size(), 2U);
  answer(sends[0].attempt, answer_class::rejected, reaction::stop_account, 401);
  expect_no_attempt_lost();
  accept(sends[1].attempt, "CA2");
  wait(9s);
  EXPECT_TRUE(asked<probe_account>().empty());
  wait(2s);
  ASSERT_EQ(asked<probe_account>().size(), 1U);
  tell(account_probed{config().accounts[0].id, false});
  wait(11s);
  ASSERT_EQ(asked<probe_account>().size(), 2U);
  EXPECT_EQ(sends.size(), 2U);
  tell(account_probed{config().accounts[0].id, true});
  wait(1s);
  EXPECT_EQ(sends.size(), 3U);
}

TEST_F(refusals, an_open_circuit_is_probed_though_doubts_and_conversations_last) {
  begin(13);
  ASSERT_EQ(sends.size(), 13U);
  accept(sends[0].attempt, "CA0");
  report(sends[0].attempt, "CA0", call_phase::answered);
  for (std::size_t i = 1; i < 13; ++i) {
    answer(sends[i].attempt, answer_class::unknown, reaction::reconcile, 500, disposition::failed, true);
  }
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::account_circuit_open);
  add_contact(14);
  add_contact(15);
  change([](auto&) {});
  wait(3s);
  EXPECT_EQ(sends.size(), 14U) << "one at a time";
  accept(sends[13].attempt, "CA13");
  wait(1s);
  EXPECT_EQ(sends.size(), 15U);
}

TEST_F(refusals, a_probe_that_fails_or_is_never_sent_makes_room_for_the_next) {
  begin(10);
  ASSERT_EQ(sends.size(), 10U);
  for (const send_call& each : sends) {
    tell(create_answered{each.attempt, {.what = answer_class::unknown, .circuit = true}, reason::none});
  }
  for (std::uint64_t line = 11; line <= 14; ++line) add_contact(line);
  change([](auto&) {});
  wait(3s);
  ASSERT_EQ(sends.size(), 11U);
  answer(sends[10].attempt, answer_class::not_sent, reaction::retry, 0, disposition::failed, true);
  wait(5s);
  EXPECT_EQ(sends.size(), 12U);
  report(sends[11].attempt, "CA11", call_phase::ringing);
  wait(1s);
  EXPECT_EQ(sends.size(), 13U) << "the probe's callback overtook its answer";
}

TEST_F(refusals, four_config_errors_in_a_row_go_on_and_the_fifth_stops_the_account) {
  begin(6);
  ASSERT_EQ(sends.size(), 6U);
  for (std::size_t i = 0; i < 4; ++i) answer(sends[i].attempt, answer_class::rejected, reaction::config);
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::none);
  answer(sends[4].attempt, answer_class::rejected, reaction::config);
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::account_stopped);
}

TEST_F(refusals, freezing_a_stopped_account_and_lifting_it_does_not_start_it) {
  begin(6);
  for (std::size_t i = 0; i < 5; ++i) answer(sends[i].attempt, answer_class::rejected, reaction::config);
  ASSERT_EQ(machine->view(now).accounts[0].blocked, reason::account_stopped);
  change([](auto& config) { config.accounts[0].frozen = true; });
  change([](auto& config) { config.accounts[0].frozen = false; });
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::account_stopped);
  change([](auto& config) { config.accounts[0].account_sid = "another"; });
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::none);
}

TEST_F(refusals, config_errors_among_good_answers_stop_the_account_when_they_are_a_quarter_of_them) {
  options.reserve = 1s;
  begin(30);
  ASSERT_EQ(sends.size(), 30U);
  std::size_t next = 0;
  const auto good = [&](int count) {
    for (; count > 0; --count, ++next) accept(sends[next].attempt, "CA" + std::to_string(next));
  };
  const auto misunderstood = [&] { answer(sends[next++].attempt, answer_class::rejected, reaction::config); };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::none) << i;
    good(4);
    misunderstood();
  }
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::none) << "the first one is one of the last twenty no more";
  misunderstood();
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::account_stopped);
}

TEST_F(refusals, a_request_that_cannot_be_read_fails_alone_among_good_answers) {
  begin(11);
  ASSERT_EQ(sends.size(), 11U);
  answer(sends[0].attempt, answer_class::rejected, reaction::config, 422);
  expect_no_attempt_lost();  // as yet nobody knows whose fault it is
  for (std::size_t i = 1; i < 11; ++i) accept(sends[i].attempt, "CA" + std::to_string(i));
  wait(5min);
  ASSERT_EQ(sends.size(), 12U);
  create_answered told{sends[11].attempt, {}, {}};
  told.answer.what = answer_class::rejected;
  told.answer.react = reaction::config;
  told.answer.carrier_code = "21201";
  told.answer.detail = "what the carrier said";
  tell(std::move(told));
  EXPECT_EQ(outcomes.back().ended_as, disposition::failed);
  EXPECT_EQ(outcomes.back().detail, "what the carrier said");
  EXPECT_EQ(waits.back().contact.attempts, 1);
}

TEST_F(refusals, a_destination_the_account_does_not_take_is_put_back_and_its_like_are_not_tried_for_half_an_hour) {
  begin(1);
  answer(last().attempt, answer_class::rejected, reaction::close_prefix, 400, disposition::blocked);
  expect_no_attempt_lost();
  EXPECT_EQ(outcomes.back().why, reason::carrier_refuses_destination);
  add_contact(2);
  add_contact(3).number = e164::from_digits(14155550123);
  change([](auto&) {});
  wait(1s);
  ASSERT_EQ(sends.size(), 2U) << "another area code is";
  EXPECT_EQ(last().to, e164::from_digits(14155550123));
  wait(29min);
  EXPECT_EQ(sends.size(), 2U);
  EXPECT_EQ(waits.back().why, reason::carrier_refuses_destination);
  wait(11min);
  EXPECT_EQ(sends.size(), 4U);
  EXPECT_EQ(last().attempt_number, 1);
}

TEST_F(refusals, a_destination_one_account_does_not_take_is_tried_through_the_other) {
  auto& is = config();
  carriers::account other = is.accounts[0];
  other.id = integration_id{id128{4, 2}};
  is.accounts.push_back(other);
  callerid::phone_number shown = is.numbers[0];
  shown.id = phone_number_id{id128{5, 2}};
  shown.integration = other.id;
  shown.number = e164::from_digits(caller_id_digits + 1);
  is.numbers.push_back(shown);
  is.assignments.push_back({shown.id, is.agents[0].id, shown.workspace});
  begin();
  answer(last().attempt, answer_class::rejected, reaction::close_prefix, 400, disposition::blocked);
  wait(11s);
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_NE(sends[0].integration, sends[1].integration);
  answer(last().attempt, answer_class::rejected, reaction::close_prefix, 400, disposition::blocked);
  wait(29min);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(refusals, five_area_codes_refused_in_a_row_are_the_accounts_fault) {
  for (std::uint64_t code = 0; code < 5; ++code) {
    add_contact(1).number = e164::from_digits(12125550123 + code * 10'000'000);
  }
  start();
  ASSERT_EQ(sends.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::none) << i;
    answer(sends[i].attempt, answer_class::rejected, reaction::close_prefix, 400, disposition::blocked);
  }
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::account_stopped);
}

TEST_F(refusals, a_call_taken_and_then_refused_for_the_accounts_sake_costs_no_attempt) {
  begin();
  config().campaigns[0].attempts_per_number_24h = 1;
  const auto refuse = [&](reaction react) {
    accept(last().attempt, "CA" + std::to_string(sends.size()));
    call_reported told{last().attempt, {}};
    told.report.call_ref = "CA" + std::to_string(sends.size());
    told.report.phase = call_phase::ended;
    told.report.if_unanswered = disposition::failed;
    told.report.react = react;
    tell(std::move(told));
  };
  refuse(reaction::stop_account);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::ended);
  expect_no_attempt_lost();
  EXPECT_EQ(machine->view(now).accounts[0].blocked, reason::account_stopped);
  wait(11s);
  tell(account_probed{config().accounts[0].id, true});
  wait(11s);
  ASSERT_EQ(sends.size(), 2U);
  refuse(reaction::caller_id);
  expect_no_attempt_lost();
  wait(30s);
  EXPECT_EQ(sends.size(), 2U) << "the only number is out of rotation";
  change([](auto& is) { is.accounts[0].name = "put right"; });
  wait(2s);
  ASSERT_EQ(sends.size(), 3U);
  report(last().attempt, "CA3", call_phase::answered);
  refuse(reaction::stop_account);
  EXPECT_EQ(outcomes.back().ended_as, disposition::answered) << "it was answered, whatever came after";
}

TEST_F(refusals, a_callback_that_overtakes_the_answer_is_believed_and_the_answer_changes_nothing) {
  begin();
  const attempt_id id = last().attempt;
  report(id, "CA1", call_phase::ringing);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::accepted);
  accept(id, "CA1");
  report(id, "CA1", call_phase::ended, disposition::busy);
  report(id, "CA1", call_phase::ended, disposition::busy);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[1].ended_as, disposition::busy);
}

TEST_F(refusals, a_second_call_for_one_attempt_is_ended_and_not_mixed_up_with_the_first) {
  begin();
  const attempt_id id = last().attempt;
  accept(id, "CA1");
  report(id, "CA2", call_phase::ringing);
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_EQ(asked<cancel_call>()[0].call_ref, "CA2");
  EXPECT_EQ(counters().double_dials, 1U);
  report(id, "CA2", call_phase::ended, disposition::canceled);
  EXPECT_EQ(machine->open_attempts(), 1U);
}

}  // namespace
}  // namespace dialer::engine
