// How a number's health decides what it may be shown on, is written down, and comes back.

#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using callerid::health;
using carriers::answer_class;
using carriers::call_phase;
using carriers::reaction;

const e164 caller_id = e164::from_digits(stage::caller_id_digits);
const e164 second = e164::from_digits(stage::caller_id_digits + 1);

class caller_id_health : public testing::Test, protected stage {
 protected:
  void begin(std::uint64_t contacts_at_hand) {
    for (std::uint64_t line = 1; line <= contacts_at_hand; ++line) add_contact(line);
    config().campaigns[0].concurrent_calls_max = 1;
    start();
  }
  void add_second_number() {
    config().numbers.push_back(config().numbers[0]);
    config().numbers[1].id = phone_number_id{id128{5, 2}};
    config().numbers[1].number = second;
    config().assignments.push_back(config().assignments[0]);
    config().assignments[1].number = config().numbers[1].id;
  }
  void ends(disposition how, bool signal) {
    const attempt_id attempt = last().attempt;
    accept(attempt, "CA" + std::to_string(attempt.value));
    carriers::call_report end;
    end.call_ref = "CA" + std::to_string(attempt.value);
    end.phase = call_phase::ended;
    end.if_answered = end.if_unanswered = how;
    end.caller_id_signal = signal;
    tell(call_reported{attempt, end});
    wait(250ms);
  }
  callerid::health_record record_of(health state, utc_time since) {
    callerid::health_record record;
    record.number = caller_id;
    record.state = state;
    record.since = since;
    record.counted_from = since;
    record.why = "the test says so";
    return record;
  }
  campaign_view campaign() const { return machine->view(now).campaigns[0]; }
  reason blocked() const { return campaign().blocked; }
  /// Both numbers' last hours: the first was answered as the second until then, and is not any more.
  void add_history_with_a_drop() {
    for (int i = 0; i < 4000; ++i) {
      past_attempt past{number(200 + static_cast<std::uint64_t>(i) % 90), i % 2 == 0 ? caller_id : second,
                        now.utc - 20h + i * 15s, false};
      const bool dropped = i % 2 == 0 && i > 3600;
      past.campaign = config().campaigns[0].id;
      past.ended_as = i % (dropped ? 16 : 4) < 2 ? disposition::answered : disposition::no_answer;
      past.ended_at = past.at + 1min;
      found.history.push_back(past);
    }
  }
};

TEST_F(caller_id_health, a_number_the_carrier_restricts_rests_and_the_other_is_shown) {
  add_second_number();
  begin(5);
  ASSERT_EQ(last().from, caller_id);
  answer(last().attempt, answer_class::rejected, reaction::rest_caller_id, 403);
  EXPECT_EQ(outcomes.back().why, reason::caller_id_resting) << "the contact is not to blame";
  EXPECT_FALSE(outcomes.back().ended_as);
  ASSERT_EQ(number_health.size(), 1U) << "written with the outcome";
  EXPECT_EQ(number_health[0].number, caller_id);
  EXPECT_EQ(number_health[0].state, health::resting);
  for (int i = 0; i < 4; ++i) {
    wait(250ms);
    EXPECT_EQ(last().from, second);
    ends(disposition::no_answer, false);
  }
}

TEST_F(caller_id_health, all_numbers_rest_and_dial_again_when_the_rest_is_over) {
  callerid::health_record resting = record_of(health::resting, now.utc - 1h);
  resting.until = now.utc + 90s;
  config().number_health.push_back(resting);
  begin(2);
  EXPECT_TRUE(sends.empty());
  EXPECT_EQ(blocked(), reason::caller_id_resting);
  EXPECT_EQ(campaign().next_at, resting.until);
  wait(89s);
  EXPECT_TRUE(sends.empty());
  wait(20s);
  EXPECT_EQ(sends.size(), 1U);
  EXPECT_FALSE(campaign().next_at);
  ASSERT_FALSE(number_health.empty()) << "what time ended is written too";
  EXPECT_EQ(number_health.back().state, health::watch);
}

TEST_F(caller_id_health, refusals_for_reputation_are_counted_from_reports) {
  begin(6);
  for (int i = 0; i < 4; ++i) ends(disposition::rejected, true);
  ASSERT_EQ(number_health.size(), 2U);
  EXPECT_EQ(number_health[0].state, health::watch);
  EXPECT_EQ(number_health[1].state, health::resting);
  wait(2s);
  EXPECT_EQ(sends.size(), 4U) << "it was the only number";
  EXPECT_EQ(blocked(), reason::caller_id_resting);
}

TEST_F(caller_id_health, a_fresh_number_makes_its_few_calls_a_day) {
  config().number_health.push_back(record_of(health::fresh, now.utc));
  begin(15);
  for (int i = 0; i < 10; ++i) ends(disposition::no_answer, false);
  wait(2min);
  EXPECT_EQ(sends.size(), 10U);
  EXPECT_EQ(blocked(), reason::caller_id_caps);
}

TEST_F(caller_id_health, a_person_lets_a_resting_number_go_on) {
  begin(5);
  answer(last().attempt, answer_class::rejected, reaction::rest_caller_id, 403);
  wait(2s);
  ASSERT_EQ(sends.size(), 1U);
  change([&](auto& config) { config.number_health.push_back(record_of(health::healthy, now.utc)); });
  wait(2s);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_F(caller_id_health, an_older_record_does_not_undo_what_was_decided_since) {
  begin(5);
  answer(last().attempt, answer_class::rejected, reaction::rest_caller_id, 403);
  change([&](auto& config) { config.number_health.push_back(record_of(health::healthy, now.utc - 1h)); });
  wait(2s);
  EXPECT_EQ(sends.size(), 1U);
}

TEST_F(caller_id_health, calls_before_the_start_are_evidence_after_it) {
  add_second_number();
  add_history_with_a_drop();
  begin(80);
  for (int i = 0; i < 60 && number_health.empty(); ++i) ends(disposition::no_answer, false);
  ASSERT_FALSE(number_health.empty());
  EXPECT_EQ(number_health[0].number, caller_id);
}

TEST_F(caller_id_health, of_many_calls_before_the_start_the_newest_are_counted) {
  add_second_number();
  add_history_with_a_drop();
  options.recount_max = 150;
  begin(80);
  for (int i = 0; i < 60; ++i) ends(disposition::no_answer, false);
  EXPECT_TRUE(number_health.empty()) << "too few answers to know what is usual";
}

TEST_F(caller_id_health, of_two_accounts_resting_numbers_the_first_to_come_back_is_waited_for) {
  add_second_number();
  config().accounts.push_back(config().accounts[0]);
  config().accounts[1].id = integration_id{id128{4, 2}};
  config().numbers[1].integration = config().accounts[1].id;
  for (const auto& [number, length] : {std::pair{second, 50h}, std::pair{caller_id, 49h}}) {
    callerid::health_record resting = record_of(health::resting, now.utc);
    resting.number = number;
    resting.until = now.utc + length;
    config().number_health.push_back(resting);
  }
  const utc_time first = now.utc + 49h;
  begin(2);
  EXPECT_EQ(blocked(), reason::caller_id_resting);
  EXPECT_EQ(campaign().next_at, first);
}

TEST_F(caller_id_health, a_number_let_go_on_in_its_warm_up_has_its_caps_when_that_is_over) {
  callerid::health_record let_go = record_of(health::healthy, now.utc - 20 * 24h);
  let_go.warm_up_from = now.utc - 21 * 24h + 1h;
  config().number_health.push_back(let_go);
  begin(40);
  for (int i = 0; i < 30; ++i) ends(disposition::no_answer, false);
  wait(1min);
  EXPECT_EQ(sends.size(), 30U) << "its last week of warming up";
  wait(1h);
  EXPECT_EQ(sends.size(), 31U);
  ASSERT_EQ(number_health.size(), 1U);
  EXPECT_EQ(number_health[0].why, "warmed up");
}

TEST_F(caller_id_health, a_number_bought_meanwhile_warms_up) {
  begin(40);
  for (int i = 0; i < 2; ++i) ends(disposition::no_answer, false);
  change([&](auto& config) {
    add_second_number();
    callerid::health_record bought = record_of(health::fresh, now.utc);
    bought.number = second;
    config.number_health.push_back(bought);
  });
  for (int i = 0; i < 30; ++i) ends(disposition::no_answer, false);
  std::map<e164, int> shown;
  for (const decision_batch& batch : decisions) {
    for (const intent& each : batch.intents) ++shown[each.from];
  }
  EXPECT_EQ(shown[second], 10);
}

}  // namespace
}  // namespace dialer::engine
