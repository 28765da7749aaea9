// A workspace's wallet over REST, and the rent that is charged to it as time goes by.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "api/instants.hpp"
#include "api/rent_collector.hpp"
#include "model/months.hpp"
#include "sql/number_rents.hpp"
#include "sql/wallet.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using test::rest_house;
using test::rest_reply;
using test::tenant;

void pay_in(tenant& to, const std::string& reference, std::int64_t cents) {
  sql::transfer paid;
  paid.id = wallet_transfer_id{sql::test::make_test_id()};
  paid.name = "top-up " + reference;
  paid.from = sql::wallet_account::paid_in;
  paid.to = sql::wallet_account::balance;
  paid.amount = {cents, "USD"};
  sql::transaction tx{to.house.on};
  ASSERT_EQ(sql::move_money(tx, to.house.id, to.house.workspace, paid), sql::transfer_outcome::done);
  tx.commit();
}

void rent_out(tenant& to, std::int64_t monthly, utc_time since) {
  to.house.on.run("UPDATE phone_number SET monthly_cost = $2, currency = 'USD' WHERE org_id = $1",
                  sql::params{}.uuid(to.house.id).int8(monthly));
  sql::transaction tx{to.house.on};
  sql::start_rent(tx, to.house.id, to.house.number, since);
  tx.commit();
}

class WalletResource : public testing::Test {
 protected:
  std::string of_workspace() const { return "workspace_id=" + house_.first.house.workspace.text(); }
  rest_reply entries(const std::string& more = "") {
    return house_.ask("GET", "/v1/wallet/entries?" + of_workspace() + more, house_.first.key);
  }
  rest_house house_;
};

TEST_F(WalletResource, Balance_IsThatOfTheWorkspaceAsked) {
  const rest_reply reply = house_.ask("GET", "/v1/wallet?" + of_workspace(), house_.first.key);
  EXPECT_EQ(boost::json::serialize(reply.body), R"({"workspace_id":")" + house_.first.house.workspace.text() +
                                                    R"(","balance":2000,"currency":"USD","unpaid_rents":[]})");
  const rest_reply empty =
      house_.ask("GET", "/v1/wallet?workspace_id=" + house_.first.other_workspace.text(), house_.first.key);
  EXPECT_EQ(boost::json::serialize(empty.body), R"({"workspace_id":")" + house_.first.other_workspace.text() +
                                                    R"(","balance":0,"currency":null,"unpaid_rents":[]})");
}

TEST_F(WalletResource, ConfinedKey_NeedsNoWorkspaceAndSeesNoOther) {
  const std::string confined = house_.first.add_key(house_.keys, 15, house_.first.house.workspace);
  const rest_reply own = house_.ask("GET", "/v1/wallet", confined);
  EXPECT_EQ(own.body.at("balance").to_number<int>(), 2000);
  EXPECT_EQ(house_.ask("GET", "/v1/wallet/entries", confined).body.at("data").as_array().size(), 2U);
  const rest_reply other =
      house_.ask("GET", "/v1/wallet?workspace_id=" + house_.first.other_workspace.text(), confined);
  EXPECT_EQ(other.status, 422) << other.text;
  const rest_reply unnamed = house_.ask("GET", "/v1/wallet", house_.first.key);
  EXPECT_EQ(unnamed.status, 422);
  EXPECT_NE(unnamed.text.find("workspace_id is missing; GET /v1/workspaces lists them"), std::string::npos)
      << unnamed.text;
}

TEST_F(WalletResource, Pages_StandStillWhileMoneyComesIn) {
  const rest_reply first = entries("&limit=1");
  EXPECT_EQ(first.body.at("data").at(0).at("name").as_string(), "top-up 2");
  pay_in(house_.first, "3", 7);
  const rest_reply second = entries("&limit=1&cursor=" + std::string(first.body.at("next_cursor").as_string()));
  EXPECT_EQ(second.body.at("data").at(0).at("name").as_string(), "top-up 1");
  EXPECT_TRUE(second.body.at("next_cursor").is_null());
}

TEST_F(WalletResource, Entries_OfANumberAreItsOwn) {
  rent_out(house_.first, 115, sql::test::morning);
  sql::transaction tx{house_.first.house.on};
  (void)sql::charge_rent(tx, house_.first.house.id, house_.first.house.number, months_after(sql::test::morning, 1),
                         wallet_transfer_id{sql::test::make_test_id()});
  tx.commit();
  const rest_reply of_number = entries("&phone_number_id=" + house_.first.house.number.text());
  ASSERT_EQ(of_number.body.at("data").as_array().size(), 1U) << of_number.text;
  const auto& one = of_number.body.at("data").at(0).as_object();
  EXPECT_EQ(one.at("account").as_string(), "rent");
  EXPECT_EQ(one.at("amount").to_number<int>(), -115);
  EXPECT_EQ(one.at("phone_number_id").as_string(), house_.first.house.number.text());
  EXPECT_EQ(entries("&phone_number_id=" + house_.second.house.number.text()).body.at("data").as_array().size(), 0U);
  EXPECT_EQ(entries("&phone_number_id=12").status, 422);
}

class RentCollector : public testing::Test {
 protected:
  rest_house house_;
  std::vector<std::string> warnings_;
  rent_collector collector_{house_.time, sql::test::make_test_id,
                            [this](const std::string& line) { warnings_.push_back(line); }};
  sql::session on_ = sql::test::connect(house_.database);

  utc_time now() const { return house_.time.now().utc; }
  std::int64_t balance(const tenant& of) {
    return sql::read_wallet(on_, of.house.id, of.house.workspace).value_or(money{}).minor;
  }
};

TEST_F(RentCollector, Months_AreChargedInEveryOrganisationAndMissedOnesCaughtUp) {
  rent_out(house_.first, 115, now());
  rent_out(house_.second, 200, now());
  collector_.look(on_);
  EXPECT_EQ(collector_.stats().charged, 0U);
  house_.time.advance(months_after(now(), 3) - now());
  collector_.look(on_);
  EXPECT_EQ(collector_.stats().charged, 6U);
  EXPECT_EQ(balance(house_.first), 2'000 - 3 * 115);
  EXPECT_EQ(balance(house_.second), 2'000 - 3 * 200);
  collector_.look(on_);
  EXPECT_EQ(collector_.stats().charged, 6U);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(RentCollector, UncoveredRent_IsToldOnceAndShownUntilItIsPaid) {
  rent_out(house_.first, 3'000, now());
  house_.time.advance(months_after(now(), 1) - now());
  const utc_time since = now();
  for (int day = 0; day < 3; ++day) {
    collector_.look(on_);
    house_.time.advance(sql::rent_retry);
  }
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find(house_.first.house.number.text()), std::string::npos) << warnings_[0];
  EXPECT_NE(warnings_[0].find("30.00 USD"), std::string::npos) << warnings_[0];
  EXPECT_NE(warnings_[0].find("dialer wallet top-up"), std::string::npos) << warnings_[0];
  EXPECT_EQ(collector_.stats().unpaid, 1U);
  metric_writer page;
  write_metrics(collector_.stats(), page);
  EXPECT_NE(page.text().find("\ndialer_number_rents_unpaid 1\n"), std::string::npos) << page.text();

  house_.keys.confirm(house_.time.now().steady);
  const std::string wallet = "/v1/wallet?workspace_id=" + house_.first.house.workspace.text();
  const rest_reply owing = house_.ask("GET", wallet, house_.first.key);
  ASSERT_EQ(owing.body.at("unpaid_rents").as_array().size(), 1U) << owing.text;
  const auto& rent = owing.body.at("unpaid_rents").at(0).as_object();
  EXPECT_EQ(rent.at("phone_number").as_string(), "+12125550199");
  EXPECT_EQ(rent.at("amount").to_number<int>(), 3'000);
  EXPECT_EQ(rent.at("unpaid_since").as_string(), to_text(since));
  EXPECT_EQ(owing.body.at("balance").to_number<int>(), 2'000);

  pay_in(house_.first, "3", 1'000);
  collector_.look(on_);
  EXPECT_EQ(balance(house_.first), 0);
  EXPECT_EQ(collector_.stats().unpaid, 0U);
  EXPECT_EQ(house_.ask("GET", wallet, house_.first.key).body.at("unpaid_rents").as_array().size(), 0U);
}

TEST_F(RentCollector, NumberWhoseRentCannotBeCharged_HoldsUpNobodyElse) {
  rent_out(house_.first, 115, now());
  rent_out(house_.second, 115, now());
  on_.run("UPDATE wallet SET transfers = 0 WHERE org_id = $1", sql::params{}.uuid(house_.first.house.id));
  house_.time.advance(months_after(now(), 1) - now());
  collector_.look(on_);
  EXPECT_EQ(balance(house_.first), 2'000);
  EXPECT_EQ(balance(house_.second), 1'885);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("the rent of " + house_.first.house.number.text() + " is not charged"), std::string::npos)
      << warnings_[0];
}

TEST_F(RentCollector, OwnThread_ChargesWhatIsDueAtTheStart) {
  rent_out(house_.first, 115, now());
  house_.time.advance(months_after(now(), 1) - now());
  {
    std::atomic<std::uint64_t> last = 0;
    const auto make_id = [&] { return make_id128(sql::test::morning, 2, ++last); };
    rent_collector first{house_.time, make_id, [](const std::string&) {}};
    rent_collector second{house_.time, make_id, [](const std::string&) {}};
    first.start({.target = house_.database});
    second.start({.target = house_.database});
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (first.stats().charged + second.stats().charged == 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(balance(house_.first), 1'885);
}

}  // namespace
}  // namespace dialer::api
