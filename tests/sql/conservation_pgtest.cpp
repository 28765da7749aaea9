// A12: at every commit each contact is exactly one of fresh, open, waiting, done. Random operations through the ledger
// against a reference model of a few lines, with take-overs in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "model/random.hpp"
#include "sql/campaign_report.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using engine::commit_result;
using engine::outcome_kind;
using test::morning;

constexpr std::uint64_t contact_count = 60;
constexpr unsigned lane_count = 3;

// What one contact should be.
struct expected_contact {
  contact_stage stage = contact_stage::fresh;
  engine::intent last;
  std::uint64_t attempts = 0;
  std::optional<disposition> ended_as;
  reason why = reason::none;
};

class conservation_run {
 public:
  explicit conservation_run(std::uint64_t seed) : random_{seed} {
    org_.import(1, contact_count, lane_count);
    take_over();
    for (const auto& lane : recovered_.snapshot.lanes) lanes_[lane.lane] = lane.where.zones.at(0);
  }

  void step() {
    switch (random_.below(8)) {
      case 0: take_over(); break;
      case 1:
      case 2:
      case 3: decide(); break;
      default: report(); break;
    }
    check();
  }

 private:
  void take_over() {
    recovered_ = ledger_.take_over(org_.id, random_.below(9), morning + 1h);
    std::size_t open = 0;
    for (const auto& [id, contact] : model_) open += contact.stage == contact_stage::open;
    ASSERT_EQ(recovered_.open.size(), open);
  }

  campaigns::lane_number lane_of(std::uint64_t contact) const {
    const std::string place = test::place_of(static_cast<unsigned>(contact % lane_count));
    for (const auto& [lane, zone] : lanes_) {
      if (place.find(zone) != std::string::npos) return lane;
    }
    throw std::logic_error("no lane");
  }

  void decide() {
    engine::decision_batch batch;
    batch.number = ++number_;
    batch.owner = recovered_.owner;
    batch.generation = recovered_.snapshot.generation;
    for (std::uint64_t id = 1; id <= contact_count; ++id) {
      expected_contact& contact = model_[id];
      const bool waiting = contact.stage == contact_stage::waiting;
      if ((contact.stage != contact_stage::fresh && !waiting) || !random_.chance(0.1)) continue;
      engine::intent one = test::intent_for(org_, ++attempt_, id);
      one.lane = lane_of(id);
      one.from_wait = waiting;
      one.attempt_number = static_cast<std::uint16_t>(contact.attempts + 1);
      const auto roll = random_.below(5);
      if (roll < 3) {
        batch.intents.push_back(one);
        contact = {contact_stage::open, one, contact.attempts + 1, std::nullopt, reason::none};
      } else if (roll == 3) {
        batch.ends.push_back({org_.campaign, one.contact, one.lane, waiting, reason::opted_out, morning});
        contact.stage = contact_stage::done;
        contact.why = reason::opted_out;
      } else {
        batch.waits.push_back(
            test::wait_after(one, morning + std::chrono::seconds{static_cast<long>(random_.below(100))}));
        batch.waits.back().why = reason::attempt_cap_24h;
        if (waiting) batch.waits_gone.push_back(one.contact);
        contact.stage = contact_stage::waiting;
        contact.why = reason::attempt_cap_24h;
      }
    }
    for (const auto& [lane, zone] : lanes_) {
      // The cursor follows the contacts that are no longer fresh.
      std::uint64_t through = 0;
      for (std::uint64_t id = 1; id <= contact_count; ++id) {
        if (lane_of(id) != lane) continue;
        if (model_[id].stage == contact_stage::fresh) break;
        through = id;
      }
      if (through != 0) batch.cursors.push_back({org_.campaign, lane, contact_id{through}});
    }
    ASSERT_EQ(ledger_.commit(batch), commit_result::committed) << ledger_.last_error();
  }

  void report() {
    engine::outcome_batch batch;
    batch.number = ++number_;
    batch.owner = recovered_.owner;
    for (auto& [id, contact] : model_) {
      if (contact.stage != contact_stage::open || !random_.chance(0.4)) continue;
      const bool done = random_.chance(0.5);
      const auto kind = std::array{outcome_kind::ended, outcome_kind::rejected, outcome_kind::absent}[random_.below(3)];
      batch.outcomes.push_back(test::outcome_of(contact.last, kind, done));
      contact.ended_as = batch.outcomes.back().ended_as;
      contact.stage = done ? contact_stage::done : contact_stage::waiting;
      if (done) continue;
      contact.why = reason::retry_delay;
      batch.waits.push_back(test::wait_after(contact.last, morning + 1s));
    }
    ASSERT_EQ(ledger_.commit(batch), commit_result::committed) << ledger_.last_error();
  }

  void check() {
    const campaign_status status = read_status(org_.on, org_.id, org_.campaign);
    ASSERT_EQ(status.misplaced, 0U);
    ASSERT_EQ(status.contacts, contact_count);
    std::array<std::uint64_t, 4> expected{};
    for (std::uint64_t id = 1; id <= contact_count; ++id) ++expected.at(static_cast<std::size_t>(model_[id].stage));
    ASSERT_EQ(status.by_stage, expected);
    std::uint64_t waiting = 0;
    for (const auto& one : status.waiting) waiting += one.contacts;
    ASSERT_EQ(waiting, expected.at(static_cast<std::size_t>(contact_stage::waiting)));
    export_contacts(org_.on, org_.id, org_.campaign, [&](const contact_row& row) {
      const expected_contact& contact = model_.at(row.contact.value);
      EXPECT_EQ(row.stage, contact.stage) << row.row;
      EXPECT_EQ(row.attempts, contact.attempts);
      EXPECT_EQ(row.ended_as, contact.ended_as);
      EXPECT_EQ(row.why, contact.why);
    });
  }

  random_source random_;
  test::small_organisation org_;
  postgres_ledger ledger_{org_.for_ledger()};
  engine::recovery recovered_;
  std::map<campaigns::lane_number, std::string> lanes_;
  std::map<std::uint64_t, expected_contact> model_;
  std::uint64_t number_ = 0;
  std::uint64_t attempt_ = 0;
};

TEST(Conservation, EveryContactIsInExactlyOneStage_AfterRandomOperations) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    conservation_run run{seed};
    for (int i = 0; i < 40 && !testing::Test::HasFailure(); ++i) run.step();
  }
}

TEST(Conservation, LostContact_IsReportedAsMisplaced) {
  test::small_organisation org;
  org.import(1, 3);
  org.on.run("UPDATE lane SET through = 2 WHERE org_id = $1", params{}.uuid(org.id));
  EXPECT_EQ(read_status(org.on, org.id, org.campaign).misplaced, 2U);
}

TEST(Explain, Contact_IsFoundByIdAndByNumberWithItsAttempts) {
  test::small_organisation org;
  org.import(1, 3);
  postgres_ledger ledger{org.for_ledger()};
  const engine::recovery recovered = ledger.take_over(org.id, 1, morning);
  const auto what = test::intent_for(org, 1, 2);
  engine::decision_batch decision;
  decision.number = 1;
  decision.owner = recovered.owner;
  decision.generation = recovered.snapshot.generation;
  decision.intents = {what};
  ASSERT_EQ(ledger.commit(decision), commit_result::committed);
  engine::outcome_batch outcomes;
  outcomes.number = 1;
  outcomes.owner = recovered.owner;
  outcomes.outcomes = {test::outcome_of(what, outcome_kind::accepted, false),
                       test::outcome_of(what, outcome_kind::ended, true)};
  ASSERT_EQ(ledger.commit(outcomes), commit_result::committed);
  const auto facts = find_contact(org.on, org.id, org.campaign, test::number_of(2));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->state.stage, contact_stage::done);
  EXPECT_EQ(facts->state.ended_as, disposition::answered);
  EXPECT_EQ(facts->last_caller_id, what.from);
  ASSERT_EQ(facts->attempts.size(), 1U);
  ASSERT_EQ(facts->attempts[0].outcomes.size(), 2U);
  EXPECT_EQ(facts->attempts[0].outcomes[1].kind, outcome_kind::ended);
  EXPECT_FALSE(find_contact(org.on, org.id, org.campaign, contact_id{4}));
}

}  // namespace
}  // namespace dialer::sql
