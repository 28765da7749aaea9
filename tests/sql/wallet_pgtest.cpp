// Money is conserved: at every commit, whoever moves it at once, and whoever is killed while moving it.
#include "sql/wallet.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <barrier>
#include <functional>
#include <map>
#include <thread>

#include "model/random.hpp"
#include "sql/tenant.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using enum transfer_outcome;
using account = wallet_account;

constexpr int threads = 16;

money dollars(std::int64_t cents) {
  return {cents, "USD"};
}

transfer make_transfer(account from, account to, std::string name, money amount) {
  static std::atomic<std::uint64_t> last = 0;
  transfer one;
  one.id = wallet_transfer_id{make_id128(test::morning, static_cast<std::uint64_t>(getpid()), ++last)};
  one.name = std::move(name);
  one.from = from;
  one.to = to;
  one.amount = std::move(amount);
  return one;
}
transfer pay_in(std::string name, money amount) {
  return make_transfer(account::paid_in, account::balance, std::move(name), std::move(amount));
}
transfer buy(std::string name, money amount) {
  return make_transfer(account::balance, account::purchases, std::move(name), std::move(amount));
}
transfer refund(std::string name, money amount) {
  return make_transfer(account::purchases, account::balance, std::move(name), std::move(amount));
}
transfer rent(std::string name, money amount) {
  return make_transfer(account::balance, account::rent, std::move(name), std::move(amount));
}

struct place {
  organisation_id organisation;
  workspace_id workspace;
};

transfer_outcome move_alone(session& on, const place& where, const transfer& what) {
  transaction tx{on};
  const transfer_outcome outcome = move_money(tx, where.organisation, where.workspace, what);
  tx.commit();
  return outcome;
}

// What holds of a wallet at every commit, as one snapshot shows it; empty, or what does not hold.
std::string imbalance(session& on, const place& where) {
  transaction tx{on, transaction::mode::snapshot};
  const params wallet = params{}.uuid(where.organisation).uuid(where.workspace);
  const result transfers = tx.run(
      "SELECT count(*) FROM (SELECT FROM wallet_entry WHERE org_id = $1 AND workspace_id = $2 GROUP BY position "
      "HAVING sum(amount) <> 0 OR count(*) <> 2 OR count(DISTINCT name) <> 1 OR count(DISTINCT id) <> 1) t",
      wallet);
  if (transfers.integer(0, 0) != 0) return "a transfer's entries do not sum to zero";
  const result sums = tx.run(
      "SELECT w.balance, w.transfers, coalesce(sum(amount) FILTER (WHERE account = 1), 0)::bigint, "
      "coalesce(-sum(amount) FILTER (WHERE account = 2), 0)::bigint, "
      "coalesce(sum(amount) FILTER (WHERE account IN (3, 4)), 0)::bigint, coalesce(max(e.position), 0), "
      "count(DISTINCT e.position) FROM wallet w LEFT JOIN wallet_entry e USING (org_id, workspace_id) "
      "WHERE w.org_id = $1 AND w.workspace_id = $2 GROUP BY w.balance, w.transfers",
      wallet);
  if (sums.rows() == 0) return {};
  if (sums.integer(0, 0) != sums.integer(0, 2)) return "the balance is not the sum of its entries";
  if (sums.integer(0, 3) != sums.integer(0, 4) + sums.integer(0, 0)) return "money in is not money out and balance";
  if (sums.integer(0, 5) != sums.integer(0, 1) || sums.integer(0, 6) != sums.integer(0, 1))
    return "positions have gaps";
  const result low = tx.run(
      "SELECT coalesce(min(so_far), 0)::bigint FROM (SELECT sum(amount) OVER (ORDER BY position) AS so_far "
      "FROM wallet_entry WHERE org_id = $1 AND workspace_id = $2 AND account = 1) t",
      wallet);
  if (low.integer(0, 0) < 0) return "the balance was below zero";
  return {};
}

// `act` with a session of its own on each of the threads, all let off at once. Rethrows what one of them threw.
void all_at_once(const std::string& database, const std::function<void(session&, int)>& act) {
  std::barrier start{threads};
  std::vector<std::thread> running;
  std::vector<std::exception_ptr> thrown(threads);
  for (int n = 0; n < threads; ++n) {
    running.emplace_back([&, n] {
      try {
        session on = test::connect(database);
        on.connect();
        start.arrive_and_wait();
        act(on, n);
      } catch (...) {
        thrown[static_cast<std::size_t>(n)] = std::current_exception();
      }
    });
  }
  for (std::thread& one : running) one.join();
  for (const std::exception_ptr& one : thrown) {
    if (one) std::rethrow_exception(one);
  }
}

class Wallet : public testing::Test {
 protected:
  transfer_outcome move(const transfer& what) { return move_alone(org_.on, where(), what); }
  place where() const { return {org_.id, org_.workspace}; }
  std::optional<money> balance() { return read_wallet(org_.on, org_.id, org_.workspace); }
  std::vector<wallet_entry> entries(const wallet_entry_filter& which = {}) {
    return read_wallet_entries(org_.on, org_.id, org_.workspace, which);
  }

  test::small_organisation org_;
};

TEST_F(Wallet, FirstPayment_MakesIt) {
  EXPECT_FALSE(balance());
  EXPECT_EQ(move(buy("purchase a", dollars(1))), no_wallet);
  EXPECT_EQ(move(pay_in("top-up 1", dollars(2500))), done);
  EXPECT_EQ(balance(), dollars(2500));
  EXPECT_EQ(imbalance(org_.on, where()), "");
}

TEST_F(Wallet, Debit_IsCoveredToTheLastCentAndNoFurther) {
  move(pay_in("top-up 1", dollars(100)));
  EXPECT_EQ(move(buy("purchase a", dollars(101))), insufficient);
  EXPECT_EQ(balance(), dollars(100));
  EXPECT_EQ(move(buy("purchase a", dollars(100))), done) << "a debit that was not covered has not used its name up";
  EXPECT_EQ(balance(), dollars(0));
  EXPECT_EQ(move(rent("rent a 1", dollars(1))), insufficient);
  EXPECT_EQ(imbalance(org_.on, where()), "");
}

TEST_F(Wallet, SameNameTwice_MovesMoneyOnce) {
  move(pay_in("top-up 1", dollars(100)));
  EXPECT_EQ(move(pay_in("top-up 1", dollars(100))), done_before);
  EXPECT_EQ(move(pay_in("top-up 1", dollars(99))), done_otherwise);
  EXPECT_EQ(move(buy("top-up 1", dollars(100))), done_otherwise);
  EXPECT_EQ(balance(), dollars(100));
  EXPECT_EQ(move(buy("purchase a", dollars(100))), done);
  EXPECT_EQ(move(buy("purchase a", dollars(100))), done_before) << "whatever the balance is by now";
}

TEST_F(Wallet, OtherCurrency_MovesNothing) {
  move(pay_in("top-up 1", dollars(100)));
  EXPECT_EQ(move(pay_in("top-up 2", {100, "EUR"})), no_wallet);
  EXPECT_EQ(move(buy("purchase a", {100, "EUR"})), no_wallet);
  EXPECT_EQ(balance(), dollars(100));
}

TEST_F(Wallet, NothingToMove_IsDoneAndLeavesNoEntry) {
  EXPECT_EQ(move(buy("purchase a", dollars(0))), done) << "a free number needs no wallet";
  EXPECT_TRUE(entries().empty());
}

TEST_F(Wallet, TransferThatIsNone_Throws) {
  EXPECT_THROW(move(buy("purchase a", dollars(-1))), std::invalid_argument);
  EXPECT_THROW(move(make_transfer(account::purchases, account::rent, "x", dollars(1))), std::invalid_argument);
  EXPECT_THROW(move(make_transfer(account::balance, account::balance, "x", dollars(1))), std::invalid_argument);
}

TEST_F(Wallet, RolledBackTransfer_NeverHappened) {
  move(pay_in("top-up 1", dollars(100)));
  {
    transaction tx{org_.on};
    EXPECT_EQ(move_money(tx, org_.id, org_.workspace, buy("purchase a", dollars(60))), done);
  }
  EXPECT_EQ(balance(), dollars(100));
  EXPECT_EQ(entries().size(), 1U);
}

TEST_F(Wallet, Entries_AreReadNewestFirstInPagesAndByNumber) {
  move(pay_in("top-up 1", dollars(1000)));
  transfer bought = buy("purchase a", dollars(115));
  bought.number = org_.number;
  bought.note = "a number";
  move(bought);
  move(refund("refund a", dollars(115)));
  const auto newest = entries({.count = 2});
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].name, "refund a");
  EXPECT_EQ(newest[0].amount, dollars(115));
  EXPECT_EQ(newest[0].other, account::purchases);
  EXPECT_EQ(newest[1].id, bought.id);
  EXPECT_EQ(newest[1].amount, dollars(-115));
  EXPECT_EQ(newest[1].number, org_.number);
  EXPECT_EQ(newest[1].note, "a number");
  EXPECT_LE(newest[1].at, newest[0].at);
  move(pay_in("top-up 2", dollars(1)));
  const auto rest = entries({.before = newest[1].position, .count = 2});
  ASSERT_EQ(rest.size(), 1U) << "what came meanwhile moves no page";
  EXPECT_EQ(rest[0].name, "top-up 1");
  EXPECT_EQ(rest[0].other, account::paid_in);
  const auto of_number = entries({.number = org_.number});
  ASSERT_EQ(of_number.size(), 1U);
  EXPECT_EQ(of_number[0].name, "purchase a");
}

TEST_F(Wallet, UnderTheApisRole_MovesMoneyOfItsOrganisationOnly) {
  connect_options options = org_.connection();
  options.role = tenant_role;
  session tenant{options};
  const test::small_organisation other{org_.database, "Other"};
  const acting_for acting{tenant, org_.id};
  EXPECT_EQ(move_alone(tenant, where(), pay_in("top-up 1", dollars(100))), done);
  EXPECT_EQ(move_alone(tenant, where(), buy("purchase a", dollars(40))), done);
  EXPECT_EQ(read_wallet(tenant, org_.id, org_.workspace), dollars(60));
  EXPECT_THROW(move_alone(tenant, {other.id, other.workspace}, pay_in("top-up 1", dollars(100))), sql_error);
}

TEST_F(Wallet, ThousandTriesForTheLastOfIt_ExactlyOneWins) {
  move(pay_in("top-up 1", dollars(115)));
  std::atomic<int> tries = 0;
  std::map<transfer_outcome, std::atomic<int>> seen;
  for (const auto outcome : {done, done_before, done_otherwise, insufficient, no_wallet}) seen[outcome] = 0;
  all_at_once(org_.database, [&](session& on, int) {
    for (int n = tries++; n < 1000; n = tries++) {
      ++seen.at(move_alone(on, where(), buy("purchase " + std::to_string(n), dollars(115))));
    }
  });
  EXPECT_EQ(seen[done], 1);
  EXPECT_EQ(seen[insufficient], 999);
  EXPECT_EQ(balance(), dollars(0));
  EXPECT_EQ(imbalance(org_.on, where()), "");
}

TEST_F(Wallet, ThousandTriesUnderOneName_MoveMoneyOnce) {
  std::atomic<int> tries = 0;
  std::atomic<int> first = 0;
  std::atomic<int> repeated = 0;
  all_at_once(org_.database, [&](session& on, int) {
    while (tries++ < 1000) {
      const transfer_outcome outcome = move_alone(on, where(), pay_in("top-up 1", dollars(5)));
      first += outcome == done;
      repeated += outcome == done_before;
    }
  });
  EXPECT_EQ(first, 1);
  EXPECT_EQ(repeated, 999);
  EXPECT_EQ(balance(), dollars(5));
}

// One of what can happen to a wallet, under a name out of so many that repeats are common.
transfer random_operation(random_source& random) {
  const std::string number = std::to_string(random.below(1500));
  switch (random.below(4)) {
    case 0: return pay_in("top-up " + number, dollars(static_cast<std::int64_t>(1 + random.below(500))));
    case 1: return buy("purchase " + number, dollars(115));
    case 2: return refund("refund " + number, dollars(115));
    default: return rent("rent " + number + " " + std::to_string(random.below(3)), dollars(100));
  }
}

bool may_happen(session& on, const place& where, const transfer& what) {
  if (what.from != account::purchases) return true;
  // Only what was bought is refunded.
  return on.run("SELECT 1 FROM wallet_entry WHERE org_id = $1 AND workspace_id = $2 AND name = $3",
                params{}
                    .uuid(where.organisation)
                    .uuid(where.workspace)
                    .text("purchase " + what.name.substr(std::string_view{"refund "}.size())))
             .rows() != 0;
}

TEST_F(Wallet, TenThousandRandomOperations_ConserveMoney) {
  constexpr int operations = 10'000;
  const place second{org_.id, [&] {
                       transaction tx{org_.on};
                       const auto made = configuration{tx, test::make_test_id}.workspace(org_.id, {{}, "Second", 1}).id;
                       tx.commit();
                       return made;
                     }()};
  const std::array places{where(), second};
  std::array<std::array<std::atomic<std::int64_t>, 5>, 2> into{};  // what each account got, by what was answered
  std::atomic<int> begun = 0;
  std::atomic<int> happened = 0;
  all_at_once(org_.database, [&](session& on, int thread) {
    random_source random{static_cast<std::uint64_t>(thread)};
    while (begun++ < operations) {
      const std::size_t at = random.below(2);
      const transfer what = random_operation(random);
      if (!may_happen(on, places[at], what) || move_alone(on, places[at], what) != done) continue;
      into[at][static_cast<std::size_t>(what.from)] -= what.amount.minor;
      into[at][static_cast<std::size_t>(what.to)] += what.amount.minor;
      ++happened;
    }
  });
  EXPECT_GT(happened, operations / 10);
  for (std::size_t at = 0; at < 2; ++at) {
    EXPECT_EQ(imbalance(org_.on, places[at]), "");
    const result sums = org_.on.run(
        "SELECT account, sum(amount)::bigint FROM wallet_entry WHERE org_id = $1 AND workspace_id = $2 "
        "GROUP BY account",
        params{}.uuid(org_.id).uuid(places[at].workspace));
    EXPECT_EQ(sums.rows(), 4) << "some kind of transfer never happened";
    for (int i = 0; i < sums.rows(); ++i) {
      EXPECT_EQ(sums.integer(i, 1), into[at][static_cast<std::size_t>(sums.integer(i, 0))]);
    }
  }
}

// A process of its own that moves money at random and says, after each commit, what was done.
class mover {
 public:
  mover(const std::string& database, const place& where, std::uint64_t seed) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      run(database, where, seed, ends[1]);
      _exit(1);
    }
    close(ends[1]);
    told_ = ends[0];
  }
  ~mover() {
    kill();
    close(told_);
  }
  mover(const mover&) = delete;
  mover& operator=(const mover&) = delete;

  /// The next transfer that it says was done; nothing: it is dead and all was heard.
  std::optional<std::string> next() {
    std::array<char, 64> line{};  // of one size, and so written and read whole
    return read(told_, line.data(), line.size()) == std::ssize(line) ? std::optional{std::string(line.data())}
                                                                     : std::nullopt;
  }
  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << status;
  }

 private:
  static void run(const std::string& database, const place& where, std::uint64_t seed, int tell) {
    try {
      session on = test::connect(database);
      random_source random{seed};
      for (;;) {
        const transfer what = random_operation(random);
        if (!may_happen(on, where, what) || move_alone(on, where, what) != done) continue;
        std::array<char, 64> line{};
        what.name.copy(line.data(), line.size() - 1);
        if (write(tell, line.data(), line.size()) != std::ssize(line)) return;
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "mover: %s\n", error.what());
    }
  }

  pid_t pid_ = 0;
  int told_ = -1;
};

TEST_F(Wallet, ProcessKilledFiftyTimes_LosesAndInventsNothing) {
  move(pay_in("top-up first", dollars(100'000)));
  random_source random{1};
  std::uint64_t acknowledged = 1;
  std::uint64_t in_ledger = 0;
  for (std::uint64_t round = 1; round <= 50; ++round) {
    mover moving{org_.database, where(), round};
    std::vector<std::string> names;
    for (auto left = random.below(30); left > 0; --left) {
      auto name = moving.next();
      ASSERT_TRUE(name);
      names.push_back(std::move(*name));
    }
    // It goes on meanwhile, so that the kill falls anywhere in a transfer, not only where one was told.
    for (auto trips = random.below(30); trips > 0; --trips) (void)balance();
    moving.kill();
    while (auto name = moving.next()) names.push_back(std::move(*name));
    ASSERT_EQ(imbalance(org_.on, where()), "") << "after kill " << round;
    for (const std::string& name : names) {
      const result rows =
          org_.on.run("SELECT count(*) FROM wallet_entry WHERE org_id = $1 AND workspace_id = $2 AND name = $3",
                      params{}.uuid(org_.id).uuid(org_.workspace).text(name));
      ASSERT_EQ(rows.integer(0, 0), 2) << name;
    }
    acknowledged += names.size();
    in_ledger = entries({.count = 1}).at(0).position;
    ASSERT_GE(in_ledger, acknowledged);
    // Each kill can have hidden one answer of a commit.
    ASSERT_LE(in_ledger, acknowledged + round);
  }
  EXPECT_GT(acknowledged, 300U);
}

}  // namespace
}  // namespace dialer::sql
