// Ceilings at one below, at, and one above.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::call_phase;

class limits : public testing::Test, protected stage {
 protected:
  void begin(std::size_t at_hand) {
    for (std::uint64_t line = 1; line <= at_hand; ++line) add_contact(line);
    start();
    wait(1s);
  }
  void end_call(std::size_t which) {
    accept(sends[which].attempt, "CA" + std::to_string(which));
    report(sends[which].attempt, "CA" + std::to_string(which), call_phase::ended, disposition::answered);
  }
  reason blocked() const { return machine->view(now).campaigns[0].blocked; }
  // Whatever the limit: three may be up, a fourth is not, and one that ends makes room for one.
  void expect_three_at_once(reason why) {
    begin(5);
    EXPECT_EQ(sends.size(), 3U);
    EXPECT_EQ(blocked(), why);
    end_call(0);
    wait(1s);
    EXPECT_EQ(sends.size(), 4U);
    EXPECT_EQ(machine->open_attempts(), 3U);
  }
};

TEST_F(limits, fewer_contacts_than_the_ceiling_all_go_out) {
  config().accounts[0].concurrent_calls_max = 3;
  begin(2);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(limits, an_accounts_ceiling_holds) {
  config().accounts[0].concurrent_calls_max = 3;
  expect_three_at_once(reason::account_concurrency);
}

TEST_F(limits, a_campaigns_ceiling_holds) {
  config().campaigns[0].concurrent_calls_max = 3;
  expect_three_at_once(reason::campaign_concurrency);
}

TEST_F(limits, an_agents_ceiling_holds) {
  config().agents[0].concurrent_calls_max = 3;
  expect_three_at_once(reason::agent_concurrency);
}

TEST_F(limits, the_view_tells_how_many_calls_an_agent_is_on) {
  begin(2);
  ASSERT_EQ(machine->view(now).agents.size(), 1U);
  EXPECT_EQ(machine->view(now).agents[0].id, config().agents[0].id);
  EXPECT_EQ(machine->view(now).agents[0].live, 2U);
  end_call(0);
  end_call(1);
  wait(1s);
  EXPECT_TRUE(machine->view(now).agents.empty());
}

TEST_F(limits, a_caller_ids_ceiling_holds) {
  config().numbers[0].concurrent_calls_max = 3;
  expect_three_at_once(reason::caller_id_caps);
}

class two_accounts : public limits {
 protected:
  two_accounts() {
    auto& is = config();
    carriers::account second = is.accounts[0];
    second.id = integration_id{id128{4, 2}};
    is.accounts.push_back(second);
    callerid::phone_number shown = is.numbers[0];
    shown.id = phone_number_id{id128{5, 2}};
    shown.integration = second.id;
    shown.number = e164::from_digits(caller_id_digits + 1);
    is.numbers.push_back(shown);
    is.assignments.push_back({shown.id, is.agents[0].id, shown.workspace});
    is.numbers[0].calls_per_hour_max = 1;
  }
  std::size_t sent_by(std::size_t account) const {
    return static_cast<std::size_t>(std::ranges::count(sends, id_of(account), &send_call::integration));
  }
  static integration_id id_of(std::size_t account) { return integration_id{id128{4, account + 1}}; }
};

TEST_F(two_accounts, one_whose_numbers_are_used_up_does_not_hold_the_other) {
  begin(25);
  EXPECT_EQ(sent_by(0), 1U);
  EXPECT_EQ(sent_by(1), 24U);
}

TEST_F(two_accounts, a_fixed_number_is_shown_on_its_account_alone_and_within_its_caps) {
  config().campaigns[0].caller_id = campaigns::caller_id_policy::fixed;
  config().campaigns[0].caller_id_number = config().numbers[1].number;
  config().numbers[1].calls_per_hour_max = 4;
  begin(25);
  EXPECT_EQ(sent_by(0), 0U) << "its number is another";
  EXPECT_EQ(sent_by(1), 4U);
}

TEST_F(two_accounts, one_that_comes_back_is_seen_within_a_second_though_the_others_numbers_are_used_up) {
  config().accounts[1].concurrent_calls_max = 1;
  begin(5);
  EXPECT_EQ(sends.size(), 2U);
  const auto busy = std::ranges::find(sends, id_of(1), &send_call::integration);
  ASSERT_NE(busy, sends.end());
  end_call(static_cast<std::size_t>(busy - sends.begin()));
  wait(1s);
  EXPECT_EQ(sent_by(1), 2U);
}

TEST_F(limits, a_call_outlives_the_withdrawal_of_its_caller_id_and_still_frees_its_line) {
  config().numbers[0].concurrent_calls_max = 1;
  begin(2);
  accept(sends[0].attempt, "CA0");
  report(sends[0].attempt, "CA0", call_phase::answered, disposition::answered);
  change([](auto& is) { is.numbers[0].outbound_enabled = false; });
  report(sends[0].attempt, "CA0", call_phase::ended, disposition::answered);
  change([](auto& is) { is.numbers[0].outbound_enabled = true; });
  wait(2s);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(limits, a_doubt_holds_its_line) {
  config().accounts[0].concurrent_calls_max = 1;
  begin(2);
  answer(sends[0].attempt, carriers::answer_class::unknown, carriers::reaction::reconcile, 500);
  wait(200s);
  EXPECT_EQ(sends.size(), 1U);
}

TEST_F(limits, no_more_is_decided_ahead_than_the_reserve_at_the_accounts_pace) {
  config().accounts[0].calls_per_second = 30;
  options.reserve = 100ms;
  ledger_answers = false;
  for (std::uint64_t line = 1; line <= 20; ++line) add_contact(line);
  start();
  wait(500ms);
  std::size_t decided = 0;
  for (const decision_batch& batch : decisions) decided += batch.intents.size();
  EXPECT_EQ(decided, 3U);
}

TEST_F(limits, contacts_of_an_urgent_lane_go_before_those_at_hand_and_through_the_same_gate) {
  config().accounts[0].calls_per_second = 1;
  senders_take = false;
  for (std::uint64_t line = 1; line <= 9; ++line) add_contact(line);
  start();
  for (const std::uint64_t line : {91U, 92U, 93U}) add_contact(line).lane = 1;
  opt_out({{number(91), true}});
  change([](auto& config) {
    config.lanes.push_back({config.campaigns[0].id, 1, config.lanes[0].where, contact_id{}, true});
  });
  for (int n = 0; n < 3; ++n) tell(sends_taken{sends[0].integration, 1});
  std::vector<e164> called;
  for (const send_call& each : sends) called.push_back(each.permit.to());
  // The first was on its way before they came.
  EXPECT_EQ(called, (std::vector{number(1), number(92), number(93), number(2)}));
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why, reason::opted_out);
}

TEST_F(limits, a_number_in_flight_is_waited_for_even_when_the_call_fills_its_cap) {
  config().campaigns[0].attempts_per_number_24h = 1;
  add_contact(1);
  add_contact(1);
  start();
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].why, reason::number_in_flight);
  // The first is never sent after all: the second is not put off for a day.
  answer(sends[0].attempt, carriers::answer_class::rejected, carriers::reaction::retry, 403);
  wait(61s);
  EXPECT_EQ(waits.back().why, reason::number_in_flight);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(limits, a_number_at_its_cap_is_put_off_until_the_cap_frees) {
  config().campaigns[0].attempts_per_number_24h = 1;
  found.history.push_back({number(1), e164::from_digits(caller_id_digits), now.utc - 3h, false});
  add_contact(1);
  start();
  EXPECT_TRUE(sends.empty());
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].why, reason::attempt_cap_24h);
  EXPECT_EQ(waits[0].contact.due_at, now.utc + 21h);
}

}  // namespace
}  // namespace dialer::engine
