#include "sql/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sql/number_health.hpp"
#include "sql/opt_outs.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using engine::commit_result;
using engine::outcome_kind;
using test::intent_for;
using test::morning;
using test::outcome_of;
using test::wait_after;

class Ledger : public testing::Test {
 protected:
  void SetUp() override {
    org_.import(1, 30);
    recovered_ = ledger_.take_over(org_.id, 7, morning);
  }

  engine::decision_batch decide(std::vector<engine::intent> intents) {
    engine::decision_batch batch;
    batch.number = ++batch_;
    batch.owner = recovered_.owner;
    batch.generation = recovered_.snapshot.generation;
    batch.intents = std::move(intents);
    return batch;
  }
  engine::outcome_batch report(std::vector<engine::outcome> outcomes, std::vector<engine::contact_wait> waits = {}) {
    engine::outcome_batch batch;
    batch.number = ++batch_;
    batch.owner = recovered_.owner;
    batch.outcomes = std::move(outcomes);
    batch.waits = std::move(waits);
    return batch;
  }
  std::int64_t count(std::string_view table) {
    return org_.on.run("SELECT count(*) FROM " + std::string(table) + " WHERE org_id = $1", params{}.uuid(org_.id))
        .integer(0, 0);
  }
  engine::contact_request lane_zero(std::uint32_t count) const {
    engine::contact_request request;
    request.organisation = org_.id;
    request.campaign = org_.campaign;
    request.now = morning;
    request.count = count;
    return request;
  }
  static std::vector<std::uint64_t> ids(const engine::contact_page& page) {
    std::vector<std::uint64_t> found;
    for (const auto& one : page.contacts) found.push_back(one.id.value);
    return found;
  }

  test::small_organisation org_;
  postgres_ledger ledger_{org_.for_ledger()};
  engine::recovery recovered_;
  std::uint64_t batch_ = 0;
};

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

TEST_F(Ledger, IntentsUnderTheCurrentGeneration_AreDurable) {
  EXPECT_EQ(ledger_.commit(decide({intent_for(org_, 100, 1), intent_for(org_, 101, 2)})), commit_result::committed)
      << ledger_.last_error();
  EXPECT_EQ(count("intent"), 2);
}

TEST_F(Ledger, OptOutBeforeTheIntent_MakesItStale) {
  const std::array numbers{test::number_of(1)};
  add_opt_outs(org_.on, org_.id, numbers, "api");
  EXPECT_EQ(ledger_.commit(decide({intent_for(org_, 100, 1)})), commit_result::stale_generation);
  EXPECT_EQ(count("intent"), 0);
  const engine::change_set changes = ledger_.changes_since(org_.id, {recovered_.snapshot.generation});
  ASSERT_EQ(changes.opt_outs.size(), 1U);
  EXPECT_EQ(changes.opt_outs[0].number, test::number_of(1));
  recovered_.snapshot.generation = changes.generation;
  EXPECT_EQ(ledger_.commit(decide({intent_for(org_, 100, 2)})), commit_result::committed);
}

// Both orders of the race, made certain: whoever has the owner row first, the other waits for it.
TEST_F(Ledger, OptOutInFlight_HoldsTheIntentUntilItIsDecidedThenMakesItStale) {
  session other = test::connect(org_.database);
  std::atomic<bool> answered = false;
  commit_result seen = commit_result::unknown;
  std::thread dialing;
  {
    transaction opting_out{other};
    opting_out.run("UPDATE org_owner SET generation = generation + 1 WHERE org_id = $1", params{}.uuid(org_.id));
    dialing = std::thread{[&] {
      seen = ledger_.commit(decide({intent_for(org_, 100, 1)}));
      answered = true;
    }};
    const auto waiting = [&] {
      return org_.on
                 .run(
                     "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE "
                     "'dialer-ledger-%'")
                 .integer(0, 0) != 0;
    };
    while (!waiting() && !answered) std::this_thread::yield();
    EXPECT_FALSE(answered) << "the intent did not wait for the opt-out";
    opting_out.commit();
  }
  dialing.join();
  EXPECT_EQ(seen, commit_result::stale_generation);
}

TEST_F(Ledger, IntentInFlight_HoldsTheOptOut) {
  session dialing = test::connect(org_.database);
  transaction intent_first{dialing};
  intent_first.run("SELECT generation FROM org_owner WHERE org_id = $1 FOR SHARE", params{}.uuid(org_.id));
  session impatient = test::connect(org_.database);
  impatient.run("SET lock_timeout = '50ms'");
  const std::array numbers{test::number_of(1)};
  EXPECT_THROW(add_opt_outs(impatient, org_.id, numbers, "api"), sql_error);
}

TEST_F(Ledger, FrozenOrganisation_CommitsNoIntentEvenAtTheRightGeneration) {
  org_.on.run("UPDATE org_owner SET frozen = true WHERE org_id = $1", params{}.uuid(org_.id));
  EXPECT_EQ(ledger_.commit(decide({intent_for(org_, 100, 1)})), commit_result::stale_generation);
  EXPECT_EQ(ledger_.commit(decide({})), commit_result::committed);
}

TEST_F(Ledger, OldEpoch_CommitsNothingAfterATakeOver) {
  postgres_ledger next{org_.for_ledger()};
  const auto recovered = next.take_over(org_.id, 8, morning);
  EXPECT_GT(recovered.owner.epoch, recovered_.owner.epoch);
  EXPECT_EQ(ledger_.commit(decide({intent_for(org_, 100, 1)})), commit_result::not_owner);
  EXPECT_EQ(ledger_.commit(report({outcome_of(intent_for(org_, 100, 1), outcome_kind::ended, true)})),
            commit_result::not_owner);
  EXPECT_FALSE(ledger_.confirm_applied(recovered_.owner, 99));
  EXPECT_EQ(count("intent") + count("outcome"), 0);
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

TEST_F(Ledger, Contacts_ComeWaitingFirstByDueTimeThenFreshById) {
  const auto first = intent_for(org_, 100, 1), second = intent_for(org_, 101, 2), third = intent_for(org_, 102, 3);
  ASSERT_EQ(ledger_.commit(decide({first, second, third})), commit_result::committed);
  ASSERT_EQ(ledger_.commit(report(
                {outcome_of(first, outcome_kind::ended, false), outcome_of(second, outcome_kind::ended, false),
                 outcome_of(third, outcome_kind::ended, false)},
                {wait_after(first, morning), wait_after(second, morning - 1s), wait_after(third, morning + 1us)})),
            commit_result::committed)
      << ledger_.last_error();
  engine::contact_request request = lane_zero(4);
  request.after = contact_id{3};
  const engine::contact_page page = ledger_.load(request);
  EXPECT_EQ(ids(page), (std::vector<std::uint64_t>{2, 1, 4, 5}));
  EXPECT_FALSE(page.contacts[0].fresh);
  EXPECT_EQ(page.contacts[0].last_caller_id, e164::from_digits(12125550199));
  EXPECT_EQ(page.contacts[0].attempts, 1);
  EXPECT_TRUE(page.contacts[2].fresh);
  EXPECT_EQ(page.next_due, morning + 1us);
  EXPECT_FALSE(page.fresh_exhausted);

  request.wait_after = morning - 1s;
  request.wait_after_id = contact_id{2};
  request.count = 1;
  EXPECT_EQ(ids(ledger_.load(request)), (std::vector<std::uint64_t>{1})) << "paging goes on after (due, id)";
  request.count = 100;
  EXPECT_TRUE(ledger_.load(request).fresh_exhausted);
}

TEST_F(Ledger, WaitingContact_CanBeTakenOnce) {
  const auto first = intent_for(org_, 100, 1);
  ASSERT_EQ(ledger_.commit(decide({first})), commit_result::committed);
  ASSERT_EQ(ledger_.commit(report({outcome_of(first, outcome_kind::ended, false)}, {wait_after(first, morning)})),
            commit_result::committed);
  auto again = intent_for(org_, 101, 1);
  again.from_wait = true;
  EXPECT_EQ(ledger_.commit(decide({again})), commit_result::committed);
  EXPECT_EQ(count("contact_wait"), 0);
  again.attempt = test::attempt_of(102);
  EXPECT_EQ(ledger_.commit(decide({again})), commit_result::failed);
  EXPECT_THAT(ledger_.last_error(), testing::HasSubstr("1 waiting contacts were to go, 0 were there"));
  EXPECT_EQ(count("intent"), 2);
}

TEST_F(Ledger, Cursors_MoveForwardOnly) {
  for (const std::uint64_t through : {10U, 5U}) {
    engine::decision_batch batch = decide({});
    batch.cursors.push_back({org_.campaign, 0, contact_id{through}});
    ASSERT_EQ(ledger_.commit(batch), commit_result::committed) << ledger_.last_error();
  }
  EXPECT_EQ(ledger_.changes_since(org_.id, {0}).snapshot->lanes[0].through.value, 10U);
}

TEST_F(Ledger, ForeignBytesInAnOutcome_DoNotSinkTheBatch) {
  const auto what = intent_for(org_, 100, 1);
  ASSERT_EQ(ledger_.commit(decide({what})), commit_result::committed);
  auto outcome = outcome_of(what, outcome_kind::rejected, true);
  outcome.detail = std::string("bad \xFF\xC3 byte and NUL ") + '\0' + std::string(600, 'x');
  ASSERT_EQ(ledger_.commit(report({outcome})), commit_result::committed) << ledger_.last_error();
  const result row = org_.on.run("SELECT detail FROM outcome WHERE org_id = $1", params{}.uuid(org_.id));
  EXPECT_EQ(row.text(0, 0).substr(0, 24), "bad ?? byte and NUL ?xxx");
  EXPECT_EQ(row.text(0, 0).size(), 512U);
}

TEST_F(Ledger, Callbacks_AreStoredOnce) {
  const auto one = [&](std::uint64_t attempt, const char* key) {
    return received_event{org_.id, {attempt_id{attempt}, key, "{}"}};
  };
  ledger_.append_events({one(2, "b"), one(1, "a"), one(2, "b"), one(2, "\xFF")});
  ledger_.append_events({one(1, "a"), one(1, "c")});
  ledger_.append_events({});
  EXPECT_EQ(ledger_.events_of(org_.id, {attempt_id{1}}).size(), 2U);
  EXPECT_EQ(ledger_.events_of(org_.id, {attempt_id{2}}).size(), 2U);
}

TEST_F(Ledger, OptOutAcknowledgement_WaitsForTheOwnersWord) {
  const std::array numbers{test::number_of(1)};
  const std::uint64_t generation = add_opt_outs(org_.on, org_.id, numbers, "api");
  EXPECT_FALSE(wait_applied(org_.on, org_.id, generation, 0ms));
  EXPECT_TRUE(ledger_.confirm_applied(recovered_.owner, generation - 1));
  EXPECT_FALSE(wait_applied(org_.on, org_.id, generation, 0ms));
  EXPECT_TRUE(ledger_.confirm_applied(recovered_.owner, generation));
  EXPECT_TRUE(wait_applied(org_.on, org_.id, generation, 0ms));
}

TEST_F(Ledger, OptOutAlone_BringsNoSettings_AndWhateverElseChangedBringsThemAll) {
  const std::array numbers{test::number_of(1), test::number_of(2)};
  const engine::organisation_snapshot& known = recovered_.snapshot;
  const std::uint64_t added = add_opt_outs(org_.on, org_.id, std::span{numbers}.first(1), "api");
  const engine::change_set alone = ledger_.changes_since(org_.id, {known.generation, known.settings_version});
  EXPECT_EQ(alone.generation, added);
  EXPECT_FALSE(alone.snapshot);
  EXPECT_EQ(alone.opt_outs.size(), 1U);
  EXPECT_TRUE(ledger_.changes_since(org_.id, {added, 0}).snapshot);

  // By who knows nothing of versions, too.
  org_.on.run("UPDATE org_owner SET generation = generation + 1 WHERE org_id = $1", params{}.uuid(org_.id));
  const std::uint64_t last = add_opt_outs(org_.on, org_.id, std::span{numbers}.last(1), "api");
  const engine::change_set both = ledger_.changes_since(org_.id, {added, known.settings_version});
  EXPECT_EQ(both.generation, last);
  ASSERT_TRUE(both.snapshot);
  EXPECT_EQ(both.snapshot->generation, last);
  EXPECT_EQ(both.opt_outs.size(), 1U);
  EXPECT_FALSE(ledger_.changes_since(org_.id, {last, both.snapshot->settings_version}).snapshot);
}

TEST_F(Ledger, WithdrawnOptOut_ArrivesAsAChangeAndIsGoneFromTheNextTakeOver) {
  const std::array numbers{test::number_of(1), test::number_of(2)};
  const std::uint64_t added = add_opt_outs(org_.on, org_.id, numbers, "file");
  withdraw_opt_outs(org_.on, org_.id, std::span{numbers}.first(1), "api");
  const auto changes = ledger_.changes_since(org_.id, {added}).opt_outs;
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes[0].opted_out);
  const auto all = ledger_.take_over(org_.id, 7, morning).opt_outs;
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].number, numbers[1]);
}

}  // namespace
}  // namespace dialer::sql
