// The ledger's threads: what comes back to the organisation, and what its caller is told.
#include "sql/ledger_worker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <set>

#include "carriers/call_report_text.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;

class LedgerWorker : public testing::Test, protected engine::event_sink {
 protected:
  void post(const organisation_id& to, engine::event&& what) override {
    const std::lock_guard lock{mutex_};
    EXPECT_EQ(to, org_.id);
    posted_.push_back(std::move(what));
  }
  void answer(const engine::ownership& asked_by, engine::event&& what) override {
    const std::lock_guard lock{mutex_};
    answered_.emplace_back(asked_by.epoch, std::move(what));
  }
  static carriers::callback ringing() {
    carriers::callback what;
    what.event_key = "CA1 ringing 1";
    what.report.call_ref = "CA1";
    what.report.phase = carriers::call_phase::ringing;
    return what;
  }
  bool store(ledger_worker& worker, carriers::callback what) const {
    const auto stored = std::make_shared<std::promise<bool>>();
    worker.store(org_.id, test::attempt_of(1), std::move(what), [stored](bool well) { stored->set_value(well); });
    return stored->get_future().get();
  }

  test::small_organisation org_;
  std::mutex mutex_;
  std::vector<engine::event> posted_;
  std::vector<std::pair<std::uint64_t, engine::event>> answered_;  // with the epoch that asked
};

// The first time it was stored nobody could be told so: its commit's answer was lost, and the carrier sends it again.
TEST_F(LedgerWorker, CallbackThatFindsItselfStored_ReachesTheOrganisationAllTheSame) {
  postgres_ledger{org_.for_ledger()}.append_events(
      {{org_.id, {test::attempt_of(1), ringing().event_key, carriers::serialize_report(ringing().report)}}});
  ledger_worker worker{org_.for_ledger(), *this};
  EXPECT_TRUE(store(worker, ringing()));
  const std::lock_guard lock{mutex_};
  ASSERT_EQ(posted_.size(), 1U);
  const auto* report = std::get_if<engine::call_reported>(&posted_.front());
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->attempt, test::attempt_of(1));
  EXPECT_EQ(report->report.call_ref, "CA1");
}

TEST_F(LedgerWorker, CallbackThatIsNotStored_IsNotToldToTheOrganisation) {
  ledger_options nowhere = org_.for_ledger();
  nowhere.connection.target = "host=/nonexistent dbname=x";
  ledger_worker worker{nowhere, *this};
  EXPECT_FALSE(store(worker, ringing()));
  EXPECT_FALSE(worker.healthy());
  const std::lock_guard lock{mutex_};
  EXPECT_TRUE(posted_.empty());
}

TEST_F(LedgerWorker, Answers_NameTheOwnerThatAsked) {
  engine::ownership owner = postgres_ledger{org_.for_ledger()}.take_over(org_.id, 7, test::morning).owner;
  {
    ledger_worker worker{org_.for_ledger(), *this};
    engine::contact_request request;
    request.owner = owner;
    request.owner.epoch += 1;
    request.campaign = org_.campaign;
    request.count = 1;
    worker.load(engine::contact_request{request});
    worker.load_changes(owner, {});
    engine::decision_batch decisions;
    decisions.number = 1;
    decisions.owner = request.owner;
    worker.commit(std::move(decisions));
    engine::outcome_batch outcomes;
    outcomes.number = 2;
    outcomes.owner = request.owner;
    worker.commit(std::move(outcomes));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (std::size_t seen = 0; seen < 4 && std::chrono::steady_clock::now() < end;) {
      const std::lock_guard lock{mutex_};
      seen = answered_.size();
    }
  }
  std::multiset<std::uint64_t> epochs;
  for (const auto& [epoch, what] : answered_) epochs.insert(epoch);
  EXPECT_EQ(epochs, (std::multiset<std::uint64_t>{owner.epoch, owner.epoch + 1, owner.epoch + 1, owner.epoch + 1}));
  EXPECT_TRUE(posted_.empty());
}

}  // namespace
}  // namespace dialer::sql
