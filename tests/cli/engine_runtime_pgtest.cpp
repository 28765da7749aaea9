// The engine of one process over a real database: what people change while it runs, and who owns what.

#include "cli/engine_runtime.hpp"

#include <gtest/gtest.h>

#include "campaigns/contact_sink.hpp"
#include "cli/secrets.hpp"
#include "cli/system_clock.hpp"
#include "compliance/do_not_call_list.hpp"
#include "model/months.hpp"
#include "sql/contact_store.hpp"
#include "sql/number_rents.hpp"
#include "sql/opt_outs.hpp"
#include "sql/wallet.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/e2e/process.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;
using e2e::eventually;
using test::noon;

class running_engine : public testing::Test {
 protected:
  runtime_options options() const {
    runtime_options made;
    made.database = house_.target;
    made.resolve_secret = [](const std::string&) { return std::string(32, '0'); };
    made.uploads = dir_.path() / "uploads";
    made.shards = 1;
    made.drain = 1s;
    return made;
  }
  organisation_id organisation() const { return house_.campaign.organisation; }

  void add_contact(std::uint64_t id, e164 number, const std::string& place = "US US-NY America/New_York number") {
    sql::connect_options connection;
    connection.target = house_.target;
    sql::contact_store store{connection, organisation(), house_.campaign.campaign, "test" + std::to_string(id)};
    campaigns::imported_contact one;
    one.id = contact_id{id};
    one.number = number;
    one.place = place;
    one.row = id;
    one.variables = "{}";
    store.commit({one}, {10, 1, 1, 0, 0, 0, true});
  }
  sql::do_not_call_record make_list(const std::string& name, const std::string& numbers) const {
    const std::string text = dir_.file(name + ".txt", numbers);
    const auto path = dir_.path() / (name + ".dnc");
    compliance::build_do_not_call_list(text, path, noon - 24h, name);
    return {name, path.string(), name, noon - 24h, 1};
  }
  std::uint64_t put_in_force(const std::vector<sql::do_not_call_record>& lists) {
    sql::transaction tx{house_.on};
    sql::configuration{tx, [] { return id128{}; }}.do_not_call(organisation(), lists);
    tx.commit();
    return generation();
  }
  std::uint64_t generation() {
    return house_.on.run("SELECT generation FROM org_owner WHERE org_id = $1", sql::params{}.uuid(organisation()))
        .number(0, 0);
  }
  std::uint64_t start_campaign() {
    return sql::change_campaign_state(house_.on, organisation(), house_.campaign.campaign, sql::campaign_action::start)
        .generation;
  }
  bool applied(std::uint64_t generation, std::chrono::milliseconds within = 20s) {
    return sql::wait_applied(house_.on, organisation(), generation, within);
  }
  std::int64_t count(const std::string& what) { return house_.on.run("SELECT count(*) FROM " + what).integer(0, 0); }

  scratch dir_;
  test::small_house house_;
  system_clock clock_ = system_clock::starting_at(noon);
};

TEST_F(running_engine, a_new_list_is_followed_before_its_change_is_confirmed) {
  add_contact(1, e164::from_digits(12125550101));
  add_contact(2, e164::from_digits(12125550102));
  engine_runtime engine{options(), clock_};
  engine.start();
  ASSERT_TRUE(applied(generation()));
  ASSERT_TRUE(applied(put_in_force({make_list("a", "212,5550101\n"), make_list("b", "212,5550102\n")})));
  ASSERT_TRUE(applied(start_campaign()));
  EXPECT_TRUE(eventually(20s, [&] { return count("contact_end WHERE why = 20") == 2; }));
  EXPECT_EQ(count("intent"), 0);
}

TEST_F(running_engine, a_list_that_cannot_be_read_stops_dialing_until_it_can) {
  add_contact(1, e164::from_digits(12125550101));
  engine_runtime engine{options(), clock_};
  engine.start();
  ASSERT_TRUE(applied(generation()));
  auto list = make_list("a", "212,5550101\n");
  std::filesystem::rename(list.path, dir_.path() / "elsewhere");
  put_in_force({list});
  const std::uint64_t started = start_campaign();
  EXPECT_FALSE(applied(started, 300ms));
  EXPECT_EQ(count("intent"), 0);
  std::filesystem::rename(dir_.path() / "elsewhere", list.path);
  EXPECT_TRUE(applied(started));
  EXPECT_TRUE(eventually(20s, [&] { return count("contact_end WHERE why = 20") == 1; }));
}

// Manitoba stopped changing its clocks: with data from before that nobody there is called.
TEST_F(running_engine, new_zone_data_takes_effect_without_a_restart) {
  std::filesystem::create_directory_symlink("/usr/share/zoneinfo/America", dir_.path() / "America");
  dir_.file("tzdata.zi", "# version 2026d\n");
  setenv("TZDIR", dir_.path().c_str(), 1);
  add_contact(1, e164::from_digits(12045550101), "CA CA-MB America/Winnipeg number");
  add_contact(2, e164::from_digits(12125550102));
  engine_runtime engine{options(), clock_};
  engine.start();
  ASSERT_TRUE(applied(start_campaign()));
  EXPECT_TRUE(eventually(20s, [&] { return count("intent WHERE contact_id = 2") >= 1; }));
  EXPECT_EQ(count("intent WHERE contact_id = 1"), 0);
  EXPECT_EQ(count("contact_end"), 0);
  dir_.file("tzdata.zi", "# version 2026e\n");
  EXPECT_TRUE(eventually(20s, [&] { return count("intent WHERE contact_id = 1") >= 1; }));
  unsetenv("TZDIR");
}

TEST_F(running_engine, a_list_that_cannot_be_read_at_the_start_leaves_the_organisation_to_its_owner) {
  auto list = make_list("a", "212,5550101\n");
  std::filesystem::remove(list.path);
  put_in_force({list});
  engine_runtime engine{options(), clock_};
  EXPECT_THROW(engine.start(), std::runtime_error);
  EXPECT_EQ(count("org_owner WHERE epoch = 0"), 1);
}

const engine::account_view* account_named(const std::vector<engine::organisation_view>& views, const char* name) {
  for (const engine::organisation_view& view : views) {
    for (const engine::account_view& account : view.accounts) {
      if (account.name == name) return &account;
    }
  }
  return nullptr;
}

TEST_F(running_engine, an_account_whose_secret_cannot_be_read_stops_nobody_else_and_comes_back_with_it) {
  (void)apply(house_.on, parse_settings(test::small_file + R"(
[[integration]]
name = "second"
provider = "twilio"
base_url = "https://127.0.0.1:1"
account_sid = "AC00000000000000000000000000000001"
secret = "file:)" + (dir_.path() / "secret").string() +
                                            "\"\n",
                                        "small.toml"));
  runtime_options with = options();
  with.resolve_secret = [](const std::string& reference) {
    return reference.starts_with("file:") ? resolve_secret(reference) : std::string(32, '0');
  };
  engine_runtime engine{with, clock_};
  engine.start();
  const auto blocked = [&](const char* name) {
    const auto views = engine.views();
    const engine::account_view* account = account_named(views, name);
    return account == nullptr ? reason::no_account : account->blocked;
  };
  EXPECT_TRUE(eventually(20s, [&] { return blocked("second") == reason::account_unusable; }));
  EXPECT_NE(blocked("twilio"), reason::account_unusable);
  ASSERT_TRUE(applied(start_campaign()));
  dir_.file("secret", "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(eventually(20s, [&] { return blocked("second") == reason::none; }));
}

TEST_F(running_engine, an_authority_that_cannot_be_read_is_the_accounts_trouble) {
  house_.on.run("UPDATE integration SET ca_file = '/nowhere/ca.pem'");
  engine_runtime refused{options(), clock_};
  try {
    refused.start();
    FAIL() << "started with nothing it could dial over";
  } catch (const std::runtime_error& wrong) {
    EXPECT_NE(std::string(wrong.what()).find("/nowhere/ca.pem"), std::string::npos) << wrong.what();
    EXPECT_NE(std::string(wrong.what()).find("\"twilio\""), std::string::npos) << wrong.what();
  }
  house_.on.run("UPDATE integration SET ca_file = ''");
  engine_runtime engine{options(), clock_};
  engine.start();
  house_.on.run("UPDATE integration SET ca_file = '/nowhere/ca.pem'");
  house_.on.run("UPDATE org_owner SET generation = generation + 1");
  ASSERT_TRUE(applied(generation()));
  EXPECT_TRUE(eventually(20s, [&] {
    const auto views = engine.views();
    const engine::account_view* account = account_named(views, "twilio");
    return account != nullptr && account->blocked == reason::account_unusable;
  }));
}

TEST_F(running_engine, of_two_on_one_database_one_dials_and_the_other_stands_by_until_it_is_given_up) {
  const auto epoch = [&] { return house_.on.run("SELECT epoch FROM org_owner").number(0, 0); };
  engine_runtime first{options(), clock_};
  first.start();
  ASSERT_TRUE(applied(generation()));
  auto second = std::make_unique<engine_runtime>(options(), clock_);
  second->start();
  const std::uint64_t taken = epoch();
  // More than the owner dials in the time of the test: the other finds contacts too, and at its commit that it is none.
  for (std::uint64_t i = 1; i < 40; ++i) add_contact(i, e164::from_digits(12125550100 + i));
  ASSERT_TRUE(applied(start_campaign()));
  // Two that take it from each other never come to rest; one that stands by has nothing to show.
  EXPECT_TRUE(eventually(20s, [&] { return first.views().empty(); }));
  put_in_force({make_list("a", "212,5550101\n")});
  ASSERT_TRUE(applied(generation()));
  EXPECT_TRUE(first.views().empty());
  EXPECT_EQ(second->views().size(), 1U);
  EXPECT_EQ(epoch(), taken);
  second->stop();
  EXPECT_TRUE(eventually(20s, [&] { return first.views().size() == 1; }));
  EXPECT_EQ(epoch(), taken + 1);
}

TEST_F(running_engine, rents_that_fell_due_while_none_ran_are_charged_by_the_next) {
  house_.on.run("UPDATE phone_number SET monthly_cost = 115, currency = 'USD'");
  const auto number = house_.on.run("SELECT id FROM phone_number").wide<phone_number_id>(0, 0);
  const auto workspace = house_.on.run("SELECT id FROM workspace").wide<workspace_id>(0, 0);
  {
    sql::transfer paid;
    paid.id = wallet_transfer_id{id128{1, 1}};
    paid.name = "top-up 1";
    paid.from = sql::wallet_account::paid_in;
    paid.to = sql::wallet_account::balance;
    paid.amount = {1'000, "USD"};
    sql::transaction tx{house_.on};
    sql::start_rent(tx, organisation(), number, months_after(noon, -2));
    (void)sql::move_money(tx, organisation(), workspace, paid);
    tx.commit();
  }
  {
    engine_runtime engine{options(), clock_};
    engine.start();
    EXPECT_TRUE(eventually(20s, [&] { return count("wallet_entry WHERE account = 4") == 2; }));
  }
  engine_runtime again{options(), clock_};
  again.start();
  again.stop();
  EXPECT_EQ(sql::read_wallet(house_.on, organisation(), workspace), (money{770, "USD"}));
}

}  // namespace
}  // namespace dialer::cli
