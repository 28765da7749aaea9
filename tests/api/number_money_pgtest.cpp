// What numbers cost: never more than the wallet covers, and each cent accounted for.
#include <algorithm>
#include <set>
#include <thread>

#include "model/random.hpp"
#include "sql/number_rents.hpp"
#include "tests/api/number_market_stage.hpp"

namespace dialer::api {
namespace {

TEST_F(NumberMarket, NotCovered_AsksTheCarrierForNothing) {
  us_.house.on.run("UPDATE number_price SET purchase = 2001 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  const rest_reply refused = buy(named());
  EXPECT_EQ(refused.status, 402) << refused.text;
  EXPECT_EQ(refused.code(), "rule");
  EXPECT_EQ(text(refused, "rule"), "S7");
  EXPECT_THAT(carrier().asked, testing::IsEmpty());
  us_.house.on.run("DELETE FROM number_price WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  EXPECT_EQ(text(buy(named()), "rule"), "S7") << "no price";
  EXPECT_THAT(carrier().asked, testing::IsEmpty());
  const std::string may_not = us_.add_key(house_.keys, 7);
  const rest_reply forbidden = house_.ask("POST", "/v1/phone-numbers/purchase", may_not, named());
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(text(forbidden, "rule"), "S7");
  EXPECT_EQ(balance(), balance_at_first);
}

TEST_F(NumberMarket, LastOfTheWallet_IsSpentOnce) {
  us_.house.on.run("UPDATE number_price SET purchase = 1500 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  std::vector<int> statuses(3);
  {
    std::vector<std::jthread> buyers;
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      buyers.emplace_back([&, i] { statuses[i] = buy(named("+1415555014" + std::to_string(i))).status; });
    }
  }
  EXPECT_EQ(std::ranges::count(statuses, 201), 1);
  EXPECT_EQ(std::ranges::count(statuses, 402), 2);
  EXPECT_EQ(balance(), balance_at_first - 1500);
  EXPECT_EQ(carrier().holds.size(), 1U);
}

// What can happen to money and numbers, in any order: whatever befalls requests and engines, in the end each number
// that the carrier sold is held and was paid for, and no other.
TEST_F(NumberMarket, RandomOperations_LoseNeitherMoneyNorNumbers) {
  carrier().offers.clear();
  for (int i = 100; i < 200; ++i) carrier().offers.push_back("+14155550" + std::to_string(i));
  random_source random{1};
  std::int64_t in = balance_at_first;
  std::vector<std::string> ours;
  int refused = 0;
  for (int n = 0; n < 600; ++n) {
    constexpr std::array befalls{mishap::none,     mishap::none,        mishap::answer_lost, mishap::request_lost,
                                 mishap::not_sent, mishap::died_before, mishap::died_after};
    carrier().next = {befalls.at(random.below(befalls.size()))};
    switch (random.below(5)) {
      case 0:
      case 1: {
        const rest_reply made = buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}");
        if (made.status < 300) ours.push_back(text(made, "id"));
        refused += made.status == 402 ? 1 : 0;
        break;
      }
      case 2: {
        if (ours.empty()) break;
        const std::string gone = ours[random.below(ours.size())];
        if (ask("DELETE", "/v1/phone-numbers/" + gone).status < 300) std::erase(ours, gone);
        break;
      }
      case 3: {
        sql::transfer paid;
        paid.id = wallet_transfer_id{sql::test::make_test_id()};
        paid.name = "top-up random " + std::to_string(n);
        paid.from = sql::wallet_account::paid_in;
        paid.to = sql::wallet_account::balance;
        paid.amount = {static_cast<std::int64_t>(random.below(400)) + 1, "USD"};
        sql::transaction tx{us_.house.on};
        ASSERT_EQ(sql::move_money(tx, us_.house.id, us_.house.workspace, paid), sql::transfer_outcome::done);
        tx.commit();
        in += paid.amount.minor;
        break;
      }
      default: {
        time_passes(std::chrono::hours{random.below(240)});
        for (const phone_number_id due :
             sql::read_due_rents(us_.house.on, us_.house.id, house_.time.now().utc, 1'000)) {
          sql::transaction tx{us_.house.on};
          sql::charge_rent(tx, us_.house.id, due, house_.time.now().utc, wallet_transfer_id{sql::test::make_test_id()});
          tx.commit();
        }
      }
    }
    // What was sold back is for sale again.
    for (int i = 100; i < 200; ++i) {
      const std::string number = "+14155550" + std::to_string(i);
      const bool held =
          std::ranges::any_of(carrier().holds, [&](const auto& one) { return one.second.number == number; });
      if (!held && std::ranges::find(carrier().offers, number) == carrier().offers.end()) {
        carrier().offers.push_back(number);
      }
    }
  }
  carrier().next.clear();
  for (int i = 0; i < 20 && orders() > 0; ++i) time_passes(std::chrono::hours{1});
  ASSERT_EQ(orders(), 0U);
  const auto sum = [&](const char* of) {
    return us_.house.on
        .run("SELECT coalesce(sum(amount), 0)::bigint FROM wallet_entry WHERE org_id = $1 AND account = " +
                 std::string(of),
             sql::params{}.uuid(us_.house.id))
        .integer(0, 0);
  };
  EXPECT_EQ(-sum("2"), in);
  EXPECT_EQ(in, sum("3") + sum("4") + balance()) << "money in is money out and balance";
  EXPECT_GT(sum("4"), 0) << "no rent was due";
  EXPECT_GT(refused, 0) << "the wallet was never empty";
  EXPECT_EQ(sum("3"), price * carrier().sold) << "charged for what was sold";
  std::multiset<std::string> here;
  for (const auto& one : sql::read_number_records(us_.house.on, us_.house.id)) {
    if (one.platform && one.status == callerid::number_status::active) here.insert(one.number.text());
  }
  std::multiset<std::string> there;
  for (const auto& [sid, one] : carrier().holds) there.insert(one.number);
  EXPECT_EQ(here, there);
  EXPECT_GT(carrier().sold, 50);
  house_.warnings.clear();
}

}  // namespace
}  // namespace dialer::api
