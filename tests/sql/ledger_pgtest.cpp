#include "sql/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sql/opt_outs.hpp"
#include "tests/sql/ledger_stage.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using engine::commit_result;
using engine::outcome_kind;
using test::intent_for;
using test::morning;
using test::outcome_of;
using test::wait_after;

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
