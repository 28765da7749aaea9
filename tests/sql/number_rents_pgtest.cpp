#include "sql/number_rents.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "model/months.hpp"
#include "model/random.hpp"
#include "sql/tenant.hpp"
#include "sql/wallet.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using enum rent_outcome;

constexpr utc_time bought = std::chrono::sys_days{std::chrono::January / 31 / 2027} + 10h;
constexpr utc_time second_month = std::chrono::sys_days{std::chrono::February / 28 / 2027} + 10h;
constexpr utc_time third_month = std::chrono::sys_days{std::chrono::March / 31 / 2027} + 10h;

class NumberRents : public testing::Test {
 protected:
  NumberRents() {
    org_.on.run("UPDATE phone_number SET monthly_cost = 115, currency = 'USD' WHERE org_id = $1",
                params{}.uuid(org_.id));
    transaction tx{org_.on};
    start_rent(tx, org_.id, org_.number, bought);
    tx.commit();
  }
  void pay_in(std::int64_t cents, utc_time now = bought) {
    transfer one;
    one.id = wallet_transfer_id{test::make_test_id()};
    one.name = "top-up " + one.id.text();
    one.from = wallet_account::paid_in;
    one.to = wallet_account::balance;
    one.amount = {cents, "USD"};
    transaction tx{org_.on};
    retry_unpaid_rents(tx, org_.id, org_.workspace, now);
    move_money(tx, org_.id, org_.workspace, one);
    tx.commit();
  }
  rent_charge charge(session& on, utc_time now) {
    transaction tx{on};
    const rent_charge made =
        charge_rent(tx, org_.id, org_.number, now, wallet_transfer_id{make_id128(now, random_(), random_())});
    tx.commit();
    return made;
  }
  rent_outcome charge(utc_time now) { return charge(org_.on, now).outcome; }
  bool due(utc_time now) { return !read_due_rents(org_.on, org_.id, now, 10).empty(); }
  std::vector<unpaid_rent> owing() { return read_unpaid_rents(org_.on, org_.id, org_.workspace, 10); }
  std::int64_t balance() { return read_wallet(org_.on, org_.id, org_.workspace).value_or(money{-1, ""}).minor; }

  test::small_organisation org_;
  random_source random_{1};
};

TEST_F(NumberRents, Month_IsChargedWhenItBegins) {
  pay_in(1000);
  EXPECT_FALSE(due(second_month - 1us));
  EXPECT_EQ(charge(second_month - 1us), not_due);
  EXPECT_TRUE(due(second_month));
  EXPECT_EQ(charge(second_month), charged);
  EXPECT_EQ(balance(), 885);
  EXPECT_FALSE(due(third_month - 1us)) << "the 31st again, not the 28th";
  EXPECT_EQ(charge(third_month - 1us), not_due);
  EXPECT_EQ(charge(third_month), charged);
  const auto entries = read_wallet_entries(org_.on, org_.id, org_.workspace, {.number = org_.number});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].name, "rent " + org_.number.text() + " 1");
  EXPECT_EQ(entries[1].note, "2027-02-28 to 2027-03-31");
  EXPECT_EQ(entries[1].other, wallet_account::rent);
  EXPECT_EQ(entries[0].name, "rent " + org_.number.text() + " 2");
}

TEST_F(NumberRents, MissedMonths_AreCaughtUpEachOnce) {
  pay_in(1000);
  const utc_time later = months_after(bought, 4) + 1h;
  int months = 0;
  while (charge(later) == charged) ++months;
  EXPECT_EQ(months, 4);
  EXPECT_EQ(balance(), 1000 - 4 * 115);
  EXPECT_EQ(charge(months_after(bought, 5)), charged) << "and then goes on in its rhythm";
}

TEST_F(NumberRents, UncoveredMonth_IsKnownTriedDailyAndChargedOnce) {
  pay_in(114);
  EXPECT_EQ(charge(second_month + 5min), unpaid);
  EXPECT_EQ(balance(), 114);
  ASSERT_EQ(owing().size(), 1U);
  EXPECT_EQ(owing()[0].id, org_.number);
  EXPECT_EQ(owing()[0].number.text(), "+12125550199");
  EXPECT_EQ(owing()[0].amount, (money{115, "USD"}));
  EXPECT_EQ(owing()[0].since, second_month + 5min);
  EXPECT_EQ(count_unpaid_rents(org_.on, org_.id), 1U);
  EXPECT_FALSE(due(second_month + 5min + rent_retry - 1us));
  EXPECT_EQ(charge(second_month + 5min + rent_retry), still_unpaid);
  EXPECT_EQ(owing()[0].since, second_month + 5min);
  pay_in(1, second_month + 25h);
  EXPECT_EQ(charge(second_month + 25h), charged) << "money that came in is asked for at once";
  EXPECT_TRUE(owing().empty());
  EXPECT_EQ(balance(), 0);
  EXPECT_FALSE(due(third_month - 1us)) << "however late it was paid";
  EXPECT_TRUE(due(third_month));
}

TEST_F(NumberRents, SeveralMonthsOwed_AreUnpaidUntilTheLastIsPaid) {
  const utc_time later = third_month + 1h;
  EXPECT_EQ(charge(later), unpaid) << "no wallet at all";
  pay_in(115, later + 1h);
  EXPECT_EQ(charge(later + 1h), charged);
  EXPECT_EQ(charge(later + 1h), still_unpaid);
  EXPECT_EQ(owing().at(0).since, later);
  pay_in(115, later + 2h);
  EXPECT_EQ(charge(later + 2h), charged);
  EXPECT_TRUE(owing().empty());
}

TEST_F(NumberRents, ReleasedNumber_IsChargedNoMore) {
  pay_in(1000);
  transaction tx{org_.on};
  stop_rent(tx, org_.id, org_.number);
  tx.commit();
  EXPECT_FALSE(due(third_month));
  EXPECT_EQ(charge(third_month), not_due);
  EXPECT_EQ(balance(), 1000);
}

TEST_F(NumberRents, StartedTwice_KeepsItsRhythm) {
  pay_in(1000);
  EXPECT_EQ(charge(second_month), charged);
  transaction tx{org_.on};
  start_rent(tx, org_.id, org_.number, bought + 1h);
  tx.commit();
  EXPECT_EQ(charge(third_month - 1us), not_due);
  EXPECT_EQ(charge(third_month), charged);
}

TEST_F(NumberRents, FreeNumber_IsChargedNothing) {
  org_.on.run("UPDATE phone_number SET monthly_cost = 0 WHERE org_id = $1", params{}.uuid(org_.id));
  EXPECT_EQ(charge(second_month), charged);
  EXPECT_EQ(charge(second_month), not_due);
  EXPECT_EQ(balance(), -1) << "there is no wallet";
}

TEST_F(NumberRents, ManyAtOnce_ChargeAMonthOnce) {
  pay_in(10'000);
  constexpr int engines = 8;
  for (int month = 1; month <= 20; ++month) {
    std::barrier start{engines};
    std::atomic<int> times = 0;
    std::vector<std::thread> running;
    for (int n = 0; n < engines; ++n) {
      running.emplace_back([&, n] {
        session on = test::connect(org_.database);
        on.connect();
        start.arrive_and_wait();
        transaction tx{on};
        const auto id =
            wallet_transfer_id{make_id128(bought, static_cast<std::uint64_t>(month), static_cast<std::uint64_t>(n))};
        times += charge_rent(tx, org_.id, org_.number, months_after(bought, month), id).outcome == charged;
        tx.commit();
      });
    }
    for (std::thread& one : running) one.join();
    ASSERT_EQ(times, 1) << "month " << month;
    ASSERT_EQ(balance(), 10'000 - 115 * month);
  }
}

TEST_F(NumberRents, UnderTheApisRole_StartsAndStops) {
  connect_options options = org_.connection();
  options.role = tenant_role;
  session tenant{options};
  const acting_for acting{tenant, org_.id};
  {
    transaction tx{tenant};
    stop_rent(tx, org_.id, org_.number);
    start_rent(tx, org_.id, org_.number, bought);
    tx.commit();
  }
  EXPECT_TRUE(due(second_month));
  EXPECT_TRUE(read_unpaid_rents(tenant, org_.id, org_.workspace, 10).empty());
}

}  // namespace
}  // namespace dialer::sql
