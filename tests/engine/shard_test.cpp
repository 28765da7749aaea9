// A shard on its own thread, with a ledger in memory and a carrier on the loopback.

#include "engine/shard.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/engine/loopback.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using test::server_connection;
using test::tls_test_server;

/// Commits everything and keeps it.
class kept_ledger : public ledger {
 public:
  explicit kept_ledger(event_sink& answers) : answers_{answers} {}

  void commit(decision_batch&& batch) override {
    answers_.answer(batch.owner, decisions_committed{batch.number, decisions_end});
    for (intent& each : batch.intents) intents.add(std::move(each));
  }
  void commit(outcome_batch&& batch) override {
    answers_.answer(batch.owner, outcomes_committed{batch.number, commit_result::committed});
    for (outcome& each : batch.outcomes) outcomes.add(std::move(each));
  }
  void load(contact_request&& request) override {
    if (loads_held) return loads.add(std::move(request));
    contacts_loaded loaded;
    loaded.page = {request.campaign, request.lane, {}, true, {}};
    for (const campaigns::contact& each : contacts) {
      if (each.id > request.after && loaded.page.contacts.size() < request.count) loaded.page.contacts.push_back(each);
    }
    answers_.answer(request.owner, std::move(loaded));
  }
  void load_changes(const ownership&, const change_request&) override {}
  void confirm_applied(const ownership&, std::uint64_t) override {}
  void note_oldest_open(const ownership&, attempt_id) override {}

  std::vector<campaigns::contact> contacts;  ///< before the adoption
  bool loads_held = false;                   ///< before the adoption: left for the test to answer
  std::atomic<commit_result> decisions_end = commit_result::committed;
  seen_things<contact_request> loads;
  seen_things<intent> intents;
  seen_things<outcome> outcomes;

 private:
  event_sink& answers_;
};

class Shard : public testing::Test, public event_sink {
 protected:
  Shard() : ledger_{*this} {
    found_ = {};
    found_.owner = {stage_.config().id, 1, 1};
    found_.snapshot = stage_.config();
    shard_ = std::make_unique<shard>(clock_, ledger_, *this, [this](organisation_id id) { lost_.add(std::move(id)); });
  }
  void TearDown() override { shard_->stop(); }
  void post(const organisation_id& to, event&& what) override { shard_->post(to, std::move(what)); }
  void answer(const ownership& asked_by, event&& what) override { shard_->answer(asked_by, std::move(what)); }

  void add_contact(std::uint64_t line) { ledger_.contacts.push_back(stage_.add_contact(line)); }
  std::shared_ptr<send_queue> queue_of(const carriers::account& account) {
    found_.snapshot.accounts = {account};
    return std::make_shared<send_queue>(account);
  }
  void adopt(std::vector<call_reported> reports, std::vector<std::shared_ptr<send_queue>> queues) {
    shard_->adopt({}, found_, std::move(reports), std::move(queues));
  }
  /// An attempt the carrier has taken as CA1, open at the take-over.
  attempt_id add_open_attempt() {
    intent open;
    open.attempt = attempt_id{77};
    open.campaign = found_.snapshot.campaigns[0].id;
    open.contact = contact_id{9};
    open.to = stage::number(9);
    open.from = e164::from_digits(stage::caller_id_digits);
    open.integration = found_.snapshot.accounts[0].id;
    open.decided_at = clock_.now().utc;
    found_.open.push_back({open, outcome_kind::accepted, "CA1"});
    return open.attempt;
  }
  static call_reported ended(attempt_id attempt, const std::string& call_ref) {
    call_reported told{attempt, {}};
    told.report.call_ref = call_ref;
    told.report.phase = carriers::call_phase::ended;
    told.report.if_answered = told.report.if_unanswered = disposition::answered;
    return told;
  }
  bool was_written(outcome_kind kind, std::size_t count = 1) {
    return ledger_.outcomes.wait_until([&](const auto& all) {
      return std::ranges::count(all, kind, &outcome::kind) >= static_cast<std::ptrdiff_t>(count);
    });
  }

  machine_clock clock_;
  stage stage_;
  recovery found_;
  kept_ledger ledger_;
  seen_things<organisation_id> lost_;
  std::unique_ptr<shard> shard_;
};

TEST_F(Shard, ThreadThatIsStuck_DoesNotTurn) {
  const auto comes_round = [this] {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!shard_->turns() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return std::chrono::steady_clock::now() < end;
  };
  EXPECT_TRUE(shard_->turns());
  EXPECT_TRUE(comes_round());
  std::promise<void> stuck, leave;
  shard_->drain([&] {
    stuck.set_value();
    leave.get_future().wait();
  });
  stuck.get_future().wait();
  (void)shard_->turns();  // what was asked before may have been answered before
  EXPECT_FALSE(shard_->turns());
  leave.set_value();
  EXPECT_TRUE(comes_round());
}

/// Takes every call.
class taking_carrier {
 public:
  explicit taking_carrier(int first) : next{first} {}
  std::atomic<int> next;
  std::atomic<int> requests = 0;
  seen_things<int> closed;
  tls_test_server server{[this](server_connection& c) {
    while (!c.read_request().empty()) {
      ++requests;
      c.write(created(next++));
    }
    closed.add(1);
  }};
};

TEST_F(Shard, StoredReportsOfATakeOver_CloseTheirAttemptsWithoutAskingTheCarrier) {
  const attempt_id open = add_open_attempt();
  adopt({ended(open, "CA1")}, {});
  EXPECT_TRUE(was_written(outcome_kind::ended));
}

TEST_F(Shard, EventsPostedAfterTheAdoption_ReachTheOrganisation) {
  const attempt_id open = add_open_attempt();
  adopt({}, {});
  shard_->post(found_.owner.organisation, ended(open, "CA1"));
  EXPECT_TRUE(was_written(outcome_kind::ended));
}

TEST_F(Shard, CallWithoutAQueue_GivesItsPlaceInTheReserveBack) {
  found_.snapshot.accounts[0].calls_per_second = 10;  // a reserve of one
  add_contact(1);
  add_contact(2);
  adopt({}, {});
  EXPECT_TRUE(ledger_.intents.wait_for(2));
  EXPECT_TRUE(was_written(outcome_kind::not_sent, 2));
}

TEST_F(Shard, QuestionWithoutAQueue_IsAnsweredAsOneThatFailed) {
  found_.snapshot.campaigns[0].state = campaigns::campaign_state::paused;
  const attempt_id open = add_open_attempt();
  adopt({},
        {});  // before the pause takes the call back, the carrier is asked how far it is: again until there is a way
  const tls_test_server::script silent = [](server_connection& c) { c.wait_for_peer(); };
  tls_test_server server{silent};
  const auto queue = queue_of(account_at(server));
  shard_->add_queue(found_.owner.organisation, queue);
  question_ticket asked;
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (!queue->questions.try_dequeue(asked) && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  const auto* fetch = std::get_if<fetch_call>(&asked.what);
  ASSERT_NE(fetch, nullptr);
  EXPECT_EQ(fetch->attempt, open);
}

TEST_F(Shard, OrganisationOfAnotherEpoch_IsReportedLostAndGone) {
  add_contact(1);
  ledger_.decisions_end = commit_result::not_owner;
  adopt({}, {});
  ASSERT_TRUE(lost_.wait_for(1));
  EXPECT_EQ(lost_.all().front(), found_.owner.organisation);
}

// This process lost the organisation and took it over again: what the first owner asked may be answered only now, with
// contacts that have been called since.
TEST_F(Shard, AnswerToAnEarlierOwner_IsDropped) {
  add_contact(1);
  add_contact(2);
  ledger_.loads_held = true;
  found_.owner.epoch = 2;
  adopt({}, {});
  ASSERT_TRUE(ledger_.loads.wait_for(1));
  const contact_request asked = ledger_.loads.all().front();
  EXPECT_EQ(asked.owner.epoch, 2U);
  ownership earlier = asked.owner;
  earlier.epoch = 1;
  answer(earlier, contacts_loaded{true, {asked.campaign, asked.lane, ledger_.contacts, true, {}}});
  answer(asked.owner, contacts_loaded{true, {asked.campaign, asked.lane, {ledger_.contacts[1]}, true, {}}});
  ASSERT_TRUE(ledger_.intents.wait_for(1));
  for (const intent& each : ledger_.intents.all()) EXPECT_EQ(each.contact, ledger_.contacts[1].id);
}

TEST_F(Shard, AccountThatCannotBeUsed_IsItsBringersTrouble) {
  taking_carrier carrier{1};
  carriers::account account = account_at(carrier.server);
  account.ca_file = "/nowhere/ca.pem";
  EXPECT_THROW(shard_->add_account(queue_of(account), {}, 1), std::runtime_error);
  // The shard lives on.
  const attempt_id open = add_open_attempt();
  adopt({ended(open, "CA1")}, {});
  EXPECT_TRUE(was_written(outcome_kind::ended));
}

TEST_F(Shard, AccountThatMoved_IsDialedOverConnectionsToTheNewPlace) {
  taking_carrier before{1}, after{1000};
  carriers::account account = account_at(before.server);
  account.concurrent_calls_max = 1;
  const auto queue = queue_of(account);
  shard_->add_account(queue, {}, 1);
  add_contact(1);
  add_contact(2);
  adopt({}, {queue});
  ASSERT_TRUE(was_written(outcome_kind::accepted));
  const outcome first = ledger_.outcomes.all().front();
  account = account_at(after.server);
  account.concurrent_calls_max = 1;
  queue->set_account(account);
  shard_->add_account(queue, {}, 1);
  EXPECT_TRUE(before.closed.wait_for(1)) << "the old connections stay open";
  shard_->post(found_.owner.organisation, ended(first.attempt, first.call_ref));
  EXPECT_TRUE(was_written(outcome_kind::accepted, 2));
  EXPECT_EQ(before.requests, 1);
  EXPECT_EQ(after.requests, 1);
}

TEST_F(Shard, AccountThatLeft_IsSentNothingMore) {
  taking_carrier carrier{1};
  const auto queue = queue_of(account_at(carrier.server));
  shard_->add_account(queue, {}, 1);
  add_contact(1);
  adopt({}, {queue});
  ASSERT_TRUE(was_written(outcome_kind::accepted));
  shard_->remove_account(queue);
  EXPECT_TRUE(carrier.closed.wait_for(1));
  queue->wake_all();
  EXPECT_EQ(carrier.requests, 1);
}

}  // namespace
}  // namespace dialer::engine
