// What a new owner of an organisation finds in the ledger.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/number_health.hpp"
#include "tests/sql/ledger_stage.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using engine::commit_result;
using engine::outcome_kind;
using test::intent_for;
using test::morning;
using test::outcome_of;

TEST_F(Ledger, TakeOver_ReadsEverythingPeopleSetUp) {
  const engine::organisation_snapshot& all = recovered_.snapshot;
  EXPECT_EQ(all.generation, org_.generation());
  ASSERT_EQ(all.campaigns.size(), 1U);
  campaigns::settings expected;
  expected.id = org_.campaign;
  expected.workspace = org_.workspace;
  expected.agent = org_.agent;
  expected.name = "Spring";
  expected.state = campaigns::campaign_state::running;
  expected.version = 1;
  EXPECT_EQ(all.campaigns[0], expected);
  ASSERT_EQ(all.accounts.size(), 1U);
  EXPECT_EQ(all.accounts[0].secret, "secret of env:TWILIO_TOKEN");
  EXPECT_EQ(all.accounts[0].secondary_secret, "");
  ASSERT_EQ(all.agents.size(), 1U);
  EXPECT_EQ(all.agents[0],
            (engine::agent_record{org_.agent, org_.workspace, "Ann", true, "https://agent.example.com/answer", 0}));
  ASSERT_EQ(all.assignments.size(), 1U);
  EXPECT_EQ(all.assignments[0].number, org_.number);
  EXPECT_EQ(all.assignments[0].workspace, org_.workspace);
  ASSERT_EQ(all.lanes.size(), 1U);
  EXPECT_EQ(all.lanes[0].where.zones, std::vector<std::string>{"America/New_York"});
}

TEST_F(Ledger, TakeOver_KnowsOpenAttemptsHistoryAndLastIds) {
  const auto ended = intent_for(org_, 100, 1), accepted = intent_for(org_, 101, 2), silent = intent_for(org_, 102, 3),
             never_sent = intent_for(org_, 103, 4);
  auto old = intent_for(org_, 104, 5);
  old.decided_at = morning - std::chrono::days{7};
  auto closed = outcome_of(ended, outcome_kind::ended, true);
  closed.duration_s = 17;
  ASSERT_EQ(ledger_.commit(decide({ended, accepted, silent, never_sent, old})), commit_result::committed);
  ASSERT_EQ(ledger_.commit(report({outcome_of(ended, outcome_kind::accepted, false), closed,
                                   outcome_of(accepted, outcome_kind::in_doubt, false),
                                   outcome_of(never_sent, outcome_kind::not_sent, true)})),
            commit_result::committed)
      << ledger_.last_error();
  auto adopted = outcome_of(accepted, outcome_kind::adopted, false);
  adopted.call_ref = "CAfound";
  adopted.at -= 6min;  // a clock that was set back
  ASSERT_EQ(ledger_.commit(report({adopted})), commit_result::committed);

  const engine::recovery all = ledger_.take_over(org_.id, 7, morning + 1s);
  ASSERT_EQ(all.open.size(), 3U);
  EXPECT_EQ(all.open[0].what.attempt, test::attempt_of(101));
  EXPECT_EQ(all.open[0].last_kind, outcome_kind::adopted);
  EXPECT_EQ(all.open[0].call_ref, "CAfound");
  EXPECT_EQ(all.open[0].what.to, test::number_of(2));
  EXPECT_EQ(all.open[1].what.attempt, test::attempt_of(102));
  EXPECT_FALSE(all.open[1].last_kind);
  ASSERT_EQ(all.history.size(), 3U) << "the one never sent and the one seven days old are left out";
  EXPECT_FALSE(all.history[0].open);
  EXPECT_EQ(all.history[0].campaign, org_.campaign);
  EXPECT_EQ(all.history[0].ended_as, closed.ended_as);
  EXPECT_EQ(all.history[0].duration_s, 17U);
  EXPECT_EQ(all.history[0].ended_at, closed.at);
  EXPECT_TRUE(all.history[1].open);
  EXPECT_EQ(all.last_attempt, test::attempt_of(104).value);
  const engine::recovery again = ledger_.take_over(org_.id, 7, morning + 1s);
  EXPECT_EQ(again.open.size(), 3U) << "the low-water mark must not hide open attempts";
}

TEST_F(Ledger, MarkOfOpenAttempts_MovesForwardUnderItsOwnerOnly) {
  const auto mark = [&] {
    return org_.on.run("SELECT open_from FROM org_owner WHERE org_id = $1", params{}.uuid(org_.id)).number(0, 0);
  };
  ledger_.note_oldest_open(recovered_.owner, attempt_id{50});
  EXPECT_EQ(mark(), 50U);
  ledger_.note_oldest_open(recovered_.owner, attempt_id{49});
  EXPECT_EQ(mark(), 50U);
  const engine::ownership next = ledger_.take_over(org_.id, 8, morning).owner;
  ledger_.note_oldest_open(recovered_.owner, attempt_id{60});
  EXPECT_EQ(mark(), 50U) << "it was replaced";
  ledger_.note_oldest_open(next, attempt_id{60});
  EXPECT_EQ(mark(), 60U);
}

// The attempt at the mark is still found, the one below is not looked for.
TEST_F(Ledger, TakeOver_LooksForOpenAttemptsFromTheMarkOn) {
  const auto below = intent_for(org_, 100, 1), at = intent_for(org_, 101, 2);
  ASSERT_EQ(ledger_.commit(decide({below, at})), commit_result::committed);
  ledger_.note_oldest_open(recovered_.owner, at.attempt);
  const auto open = ledger_.take_over(org_.id, 7, morning).open;
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].what.attempt, at.attempt);
}

TEST_F(Ledger, TakeOver_KnowsTheStartsOfTheLast15Seconds) {
  std::vector<engine::intent> all;
  for (std::uint64_t i = 0; i < 5; ++i) all.push_back(intent_for(org_, 100 + i, 1 + i));
  all.push_back(intent_for(org_, 0, 6));
  const auto &open = all[0], &ended = all[1], &vetoed = all[2], &throttled = all[3], &just_within = all[4];
  auto& too_old = all[5];
  const utc_time now = just_within.decided_at + 15s - 1us;
  too_old.decided_at = now - 15s;
  // An identifier is as old as its decision.
  for (engine::intent& each : all)
    each.attempt.value += id_sequence{0}.next(each.decided_at) - test::attempt_of(0).value;
  ASSERT_EQ(ledger_.commit(decide(all)), commit_result::committed);
  auto never_written = outcome_of(vetoed, outcome_kind::not_sent, true);
  never_written.why = reason::opted_out;
  auto refused = outcome_of(throttled, outcome_kind::not_sent, true);
  refused.why = reason::account_throttled;
  ASSERT_EQ(ledger_.commit(report({outcome_of(ended, outcome_kind::ended, true), never_written, refused})),
            commit_result::committed)
      << ledger_.last_error();

  const auto starts = ledger_.take_over(org_.id, 7, now).starts;
  ASSERT_EQ(starts.size(), 4U) << "all but the one never written and the one that is 15 s old";
  for (const engine::past_start& each : starts) {
    EXPECT_EQ(each.integration, org_.integration);
    EXPECT_EQ(each.decided_at, open.decided_at);
  }
  EXPECT_EQ(ledger_.take_over(org_.id, 7, now + 1us).starts.size(), 0U);
}

TEST_F(Ledger, TakeOver_KnowsWhatWasClosedAsAbsentInTheLast24Hours) {
  const auto ended = intent_for(org_, 100, 1), absent = intent_for(org_, 101, 2), late = intent_for(org_, 102, 3),
             later_absent = intent_for(org_, 103, 4);
  ASSERT_EQ(ledger_.commit(decide({ended, absent, late, later_absent})), commit_result::committed);
  const auto closed = [](const engine::intent& what, outcome_kind kind, utc_time at) {
    auto row = outcome_of(what, kind, true);
    row.at = at;
    return row;
  };
  const utc_time at = morning + 6min;
  ASSERT_EQ(ledger_.commit(
                report({closed(ended, outcome_kind::ended, at), closed(later_absent, outcome_kind::absent, at + 1us),
                        closed(absent, outcome_kind::absent, at), closed(late, outcome_kind::absent, at),
                        closed(late, outcome_kind::late, at + 1s)})),
            commit_result::committed)
      << ledger_.last_error();
  const auto found = ledger_.take_over(org_.id, 7, at + 24h - 1us).absent;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].attempt, absent.attempt);
  EXPECT_EQ(found[0].campaign, org_.campaign);
  EXPECT_EQ(found[0].contact, absent.contact);
  EXPECT_EQ(found[0].integration, org_.integration);
  EXPECT_EQ(found[0].to, absent.to);
  EXPECT_EQ(found[0].closed_at, at);
  EXPECT_EQ(found[1].attempt, later_absent.attempt) << "in the order of their closes";
  EXPECT_EQ(ledger_.take_over(org_.id, 7, at + 24h).absent.size(), 1U);
}

TEST_F(Ledger, HealthOfNumbers_IsWrittenWithTheOutcomesAndReadBack) {
  callerid::health_record watch;
  watch.number = test::number_of(9);
  watch.state = callerid::health::watch;
  watch.since = morning;
  watch.counted_from = morning - 1h;
  watch.why = "refusals: 2 of 2 calls, it's said";
  engine::outcome_batch first = report({});
  first.numbers = {watch};
  ASSERT_EQ(ledger_.commit(first), commit_result::committed) << ledger_.last_error();
  callerid::health_record rest = watch;
  rest.state = callerid::health::resting;
  rest.since = morning + 1us;
  rest.until = morning + 50h;
  rest.warm_up_from = morning - 200h;
  rest.rests = 2;
  rest.ratio = 0.875;
  engine::outcome_batch second = report({});
  second.numbers = {rest};
  ASSERT_EQ(ledger_.commit(second), commit_result::committed) << ledger_.last_error();

  const engine::recovery all = ledger_.take_over(org_.id, 7, morning + 1s);
  EXPECT_THAT(all.snapshot.number_health, testing::ElementsAre(rest));
  EXPECT_THAT(read_health_history(org_.on, org_.id, rest.number), testing::ElementsAre(rest, watch));
}

TEST_F(Ledger, ColdNumber_BeginsFreshAndAPersonEndsItsRest) {
  const e164 number = test::number_of(9);
  {
    transaction tx{org_.on};
    begin_warm_up(tx, org_.id, number, morning);
    tx.commit();
  }
  const auto newest = [&] { return read_number_health(org_.on, org_.id).at(0); };
  EXPECT_EQ(newest().state, callerid::health::fresh);
  EXPECT_EQ(newest().warm_up_from, morning);
  {
    transaction tx{org_.on};
    begin_warm_up(tx, org_.id, number, morning);
    tx.commit();
  }
  EXPECT_EQ(newest().since, morning + 1us) << "no two are of one instant";
  const std::uint64_t before = org_.generation();
  {
    transaction tx{org_.on};
    end_rest(tx, org_.id, number, morning + 1h, "remediated");
    tx.commit();
  }
  EXPECT_EQ(newest().state, callerid::health::healthy);
  EXPECT_EQ(newest().why, "remediated");
  EXPECT_EQ(newest().warm_up_from, morning);
  EXPECT_GT(org_.generation(), before) << "the owner hears of it";
}

}  // namespace
}  // namespace dialer::sql
