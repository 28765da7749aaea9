#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "sql/audit_log.hpp"
#include "sql/number_rents.hpp"
#include "sql/wallet.hpp"
#include "tests/cli/small_house.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class wallet_command : public testing::Test {
 protected:
  template <class Options>
  std::string said(int (*command)(const Options&), Options options, output_format output = output_format::json) {
    options.database = house_.database();
    options.output = output;
    testing::internal::CaptureStdout();
    try {
      (void)command(options);
    } catch (const usage_error& refused) {
      (void)testing::internal::GetCapturedStdout();
      return refused.what();
    }
    return testing::internal::GetCapturedStdout();
  }
  std::string top_up(const std::string& amount, const std::string& currency, const std::string& reference,
                     output_format output = output_format::json) {
    wallet_top_up_options options;
    options.workspace = "Sales";
    options.amount = amount;
    options.currency = currency;
    options.reference = reference;
    return said(run_wallet_top_up, options, output);
  }
  std::string show(output_format output = output_format::json) {
    wallet_options options;
    options.workspace = "Sales";
    return said(run_wallet_show, options, output);
  }
  json::object shown() { return json::parse(show()).as_object(); }
  std::vector<std::string> audited() {
    std::vector<std::string> all;
    for (const auto& one : sql::read_audit(house_.on, house_.campaign.organisation, 0, 10)) {
      if (one.what.action != "applySettings") all.push_back(one.what.action + " " + one.what.resource);
    }
    return all;
  }

  test::small_house house_;
};

TEST_F(wallet_command, a_payment_is_taken_in_once_for_its_reference_and_audited) {
  EXPECT_THAT(top_up("25.00", "USD", "INV-1"), HasSubstr(R"("paid_in_before":false,"balance":2500,"currency":"USD")"));
  EXPECT_THAT(top_up("25", "USD", "INV-1"), HasSubstr(R"("paid_in_before":true,"balance":2500)"));
  EXPECT_THAT(top_up("0.50", "USD", "INV-2", output_format::table),
              AllOf(HasSubstr("0.50 USD are paid in"), HasSubstr("\"Sales\" is 25.50 USD.\n")));
  EXPECT_THAT(top_up("0.50", "USD", "INV-2", output_format::table), HasSubstr("\"INV-2\" was paid in before"));
  const json::array entries = shown().at("entries").as_array();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].at("name").as_string(), "top-up INV-2");
  const auto id = [&](std::size_t i) { return "topUpWallet " + std::string(entries[i].at("id").as_string()); };
  EXPECT_THAT(audited(), ElementsAre(id(0), id(1)));
}

TEST_F(wallet_command, what_is_no_payment_is_refused_by_its_option_and_moves_nothing) {
  EXPECT_THAT(top_up("25", "usd", "R"), HasSubstr("--currency \"usd\" is none; write three capital letters"));
  EXPECT_THAT(top_up("25.001", "USD", "R"),
              HasSubstr("--amount \"25.001\" is no amount of USD above 0; write it like 25"));
  EXPECT_THAT(top_up("0", "USD", "R"), HasSubstr("--amount"));
  EXPECT_THAT(top_up("-1", "USD", "R"), HasSubstr("--amount"));
  EXPECT_THAT(top_up("1.5", "JPY", "R"), HasSubstr("write it like 2500"));
  EXPECT_THAT(top_up("10000000000.01", "USD", "R"), HasSubstr("pay it in parts"));
  EXPECT_THAT(top_up("1", "USD", ""), HasSubstr("--reference"));
  EXPECT_THAT(top_up("1", "USD", std::string(101, 'x')), HasSubstr("--reference"));
  EXPECT_THAT(top_up("1", "USD", "\xFF"), HasSubstr("--reference"));
  EXPECT_EQ(shown().at("currency"), nullptr);
  (void)top_up("1", "USD", "R");
  EXPECT_THAT(top_up("2", "USD", "R"), HasSubstr("--reference \"R\" was paid in before with another amount"));
  EXPECT_THAT(top_up("1", "EUR", "S"), HasSubstr("--currency EUR: the wallet of workspace \"Sales\" is in USD"));
  EXPECT_EQ(shown().at("balance").to_number<int>(), 100);
  EXPECT_EQ(audited().size(), 1U);
}

TEST_F(wallet_command, unpaid_rent_is_shown_and_due_once_money_came_in) {
  const organisation_id organisation = house_.campaign.organisation;
  EXPECT_THAT(show(output_format::table), HasSubstr("balance  0; nothing was ever paid in"));
  house_.on.run("UPDATE phone_number SET monthly_cost = 115, currency = 'USD' WHERE org_id = $1",
                sql::params{}.uuid(organisation));
  const phone_number_id number =
      house_.on.run("SELECT id FROM phone_number WHERE org_id = $1", sql::params{}.uuid(organisation))
          .wide<phone_number_id>(0, 0);
  const utc_time later = test::noon + std::chrono::hours{24 * 365 * 50};
  {
    sql::transaction tx{house_.on};
    sql::start_rent(tx, organisation, number, test::noon);
    (void)sql::charge_rent(tx, organisation, number, later, wallet_transfer_id{id128{1, 1}});
    tx.commit();
  }
  EXPECT_THAT(show(output_format::table), HasSubstr("+12125550199    1.15 USD"));
  EXPECT_TRUE(sql::read_due_rents(house_.on, organisation, later, 10).empty());
  (void)top_up("1.15", "USD", "R");
  EXPECT_EQ(sql::read_due_rents(house_.on, organisation, later, 10).size(), 1U);
  EXPECT_THAT(show(output_format::table), AllOf(HasSubstr("balance  1.15 USD"), HasSubstr("top-up R")));
}

}  // namespace
}  // namespace dialer::cli
