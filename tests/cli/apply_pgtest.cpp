#include <gtest/gtest.h>

#include <algorithm>

#include "cli/errors.hpp"
#include "cli/settings_file.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"
#include "tests/settings_text.hpp"
#include "tests/sql/database.hpp"

namespace dialer::cli {
namespace {

const std::string file = settings_text + R"([[workspace]]
name = "Support"
[[numbers]]
workspace = "Sales"
integration = "twilio"
shown_by = ["Ann"]
list = ["+12125550100", "+12125550101"]
[[campaign]]
name = "Spring"
workspace = "Sales"
agent = "Ann"
weight = 1
)";

std::string with(const std::string& from, const std::string& to) {
  std::string changed = file;
  return changed.replace(changed.find(from), from.size(), to);
}

engine::organisation_snapshot stored(sql::session& on) {
  const auto id = sql::find_organisation(on, "Example").value();
  sql::transaction tx{on, sql::transaction::mode::snapshot};
  return sql::read_snapshot(tx, id, [](const std::string& reference, const auto&) { return reference; });
}

class apply_settings : public testing::Test {
 protected:
  std::vector<settings_change> run(const std::string& toml, bool dry_run = false) {
    return apply(on_, parse_settings(toml, "f.toml"), dry_run);
  }
  const std::string database_ = sql::test::fresh_database();
  sql::session on_ = sql::test::connect(database_);
};

TEST_F(apply_settings, first_creates_everything_second_changes_nothing) {
  const auto changes = run(file);
  EXPECT_EQ(changes.size(), 9U) << "organisation, 2 workspaces, account, agent, 2 numbers, assignments, campaign";
  const auto made = stored(on_);
  EXPECT_EQ(made.numbers.size(), 2U);
  EXPECT_EQ(made.assignments.size(), 2U);
  ASSERT_EQ(made.accounts.size(), 1U);
  EXPECT_EQ(made.accounts[0].secret, "env:TOKEN");
  ASSERT_EQ(made.campaigns.size(), 1U);
  EXPECT_EQ(made.campaigns[0].state, campaigns::campaign_state::draft);

  EXPECT_TRUE(run(file).empty());
  EXPECT_EQ(stored(on_).generation, made.generation);
}

TEST_F(apply_settings, a_dry_run_tells_and_does_nothing) {
  EXPECT_FALSE(run(file, true).empty());
  EXPECT_FALSE(sql::find_organisation(on_, "Example"));
}

TEST_F(apply_settings, a_change_is_told_field_by_field) {
  (void)run(file);
  const auto changes = run(with("weight = 1", "weight = 5\nwindow = \"09:00-20:00\""));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].what, "campaign Sales/Spring");
  EXPECT_EQ(changes[0].how, sql::change::updated);
  EXPECT_NE(std::ranges::find(changes[0].fields, "weight: 1 -> 5"), changes[0].fields.end());
  EXPECT_NE(std::ranges::find(changes[0].fields, "window.mon: 08:00-21:00 -> 09:00-20:00"), changes[0].fields.end());
  EXPECT_EQ(changes[0].fields.size(), 8U) << "the weight and seven days: only what differs is told";
  EXPECT_EQ(stored(on_).campaigns[0].weight, 5U);
}

TEST_F(apply_settings, prices_become_those_of_the_file_and_stay_when_it_names_none) {
  const auto price = [](const std::string& country, const std::string& monthly) {
    return "[[number_price]]\ncountry = \"" + country +
           "\"\ntype = \"local\"\ncurrency = \"USD\"\npurchase = \"0\"\nmonthly = \"" + monthly + "\"\n";
  };
  (void)run(file + price("US", "1.15") + price("GB", "2"));
  const auto id = sql::find_organisation(on_, "Example").value();
  const std::vector<sql::number_price> both{{"GB", number_type::local, {0, "USD"}, {200, "USD"}},
                                            {"US", number_type::local, {0, "USD"}, {115, "USD"}}};
  EXPECT_EQ(sql::read_number_prices(on_, id), both);
  EXPECT_TRUE(run(file + price("US", "1.15") + price("GB", "2")).empty());
  EXPECT_TRUE(run(file).empty());
  EXPECT_EQ(sql::read_number_prices(on_, id), both);

  const auto changes = run(file + price("US", "1.25") + price("FR", "3"));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].what, "number prices");
  const std::vector<std::string> told{"US local: 0.00 USD, then 1.15 USD a month -> 0.00 USD, then 1.25 USD a month",
                                      "FR local: (none) -> 0.00 USD, then 3.00 USD a month",
                                      "GB local: 0.00 USD, then 2.00 USD a month -> (none)"};
  EXPECT_EQ(changes[0].fields, told);
  EXPECT_EQ(sql::read_number_prices(on_, id).size(), 2U);
}

TEST_F(apply_settings, numbers_no_longer_shown_are_taken_from_the_agent) {
  (void)run(file);
  const auto changes = run(with("shown_by = [\"Ann\"]\n", ""));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].what, "numbers shown by Sales/Ann");
  EXPECT_TRUE(stored(on_).assignments.empty());
}

TEST_F(apply_settings, users_of_a_number_become_those_of_the_file_and_stay_when_it_names_none) {
  const std::string shown = "shown_by = [\"Ann\"]\n";
  const auto said = [&](const std::string& lines) { return with(shown, shown + lines); };
  const auto first = [&] {
    const auto id = sql::find_organisation(on_, "Example").value();
    return sql::find_number_record(on_, id, e164::from_digits(12125550100)).value();
  };
  (void)run(file);
  const std::string all = said(R"(capabilities = ["voice", "sms"]
answered_by = "Ann"
fallback = "Ann"
voicemail_message = "We call back."
sms_by = ["Sales/Ann"]
friendly_name = "Line"
weight = 7
)");
  const auto changes = run(all);
  ASSERT_EQ(changes.size(), 2U) << "two numbers";
  EXPECT_EQ(changes[0].what, "number +12125550100");
  EXPECT_EQ(changes[0].how, sql::change::updated);
  EXPECT_EQ(
      changes[0].fields,
      (std::vector<std::string>{"capabilities: voice -> voice, sms", "weight: 1 -> 7", "friendly_name: (none) -> Line",
                                "answered_by: (none) -> Sales/Ann", "fallback: (none) -> Sales/Ann",
                                "voicemail_message: (none) -> We call back.", "sms_by: (none) -> Sales/Ann"}));
  EXPECT_EQ(stored(on_).assignments.size(), 6U);
  EXPECT_EQ(first().friendly_name, "Line");
  EXPECT_EQ(first().voicemail_message, "We call back.");
  EXPECT_EQ(first().fallback_agent, stored(on_).agents.at(0).id);
  const auto generation = stored(on_).generation;
  EXPECT_TRUE(run(all).empty());
  EXPECT_EQ(stored(on_).generation, generation);

  const auto unsaid = run(said("capabilities = [\"voice\", \"sms\"]\n"));
  ASSERT_EQ(unsaid.size(), 2U);
  EXPECT_EQ(unsaid[0].fields, std::vector<std::string>{"weight: 7 -> 1"}) << "what is not said stays";
  EXPECT_EQ(stored(on_).assignments.size(), 6U);

  const auto none = run(said("answered_by = \"\"\nsms_by = []\nfriendly_name = \"\"\n"));
  ASSERT_EQ(none.size(), 2U);
  EXPECT_EQ(none[0].fields.size(), 6U);
  EXPECT_EQ(stored(on_).assignments.size(), 2U) << "those that are shown";
  EXPECT_FALSE(first().fallback_agent);
  EXPECT_EQ(first().voicemail_message, "");
  EXPECT_EQ(first().friendly_name, "");
}

TEST_F(apply_settings, a_user_against_the_sharing_policy_is_refused_by_number_and_key) {
  const std::string agent =
      "[[agent]]\nname = \"Bob\"\nworkspace = \"Support\"\nanswer_url = "
      "\"https://agent.example.com/bob\"\n";
  for (const char* key : {"answered_by", "fallback"}) {
    const std::string shown = "shown_by = [\"Ann\"]\n";
    try {
      (void)run(with(shown, shown + key + " = \"Support/Bob\"\n") + agent);
      FAIL() << "accepted";
    } catch (const settings_error& refused) {
      const std::string why = refused.what();
      EXPECT_EQ(why.find("[[numbers]]: 2 uses"), 0U) << why;
      EXPECT_NE(why.find("list \"+12125550100\" " + std::string(key) + " \"Bob\": rule S4"), std::string::npos) << why;
    }
  }
}

TEST_F(apply_settings, a_bought_number_is_not_made_pending_by_a_file) {
  (void)run(file);
  const std::string shown = "shown_by = [\"Ann\"]\n";
  on_.run("UPDATE phone_number SET provider = 1 WHERE org_id IS NOT NULL");
  try {
    (void)run(with(shown, shown + "status = \"pending\"\n"));
    FAIL() << "accepted";
  } catch (const settings_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("+12125550100 was bought and its carrier has confirmed it"),
              std::string::npos)
        << refused.what();
  }
  EXPECT_NO_THROW((void)run(with(shown, shown + "status = \"inactive\"\n")));
}

TEST_F(apply_settings, an_assignment_against_the_sharing_policy_changes_nothing) {
  (void)run(file);
  const auto before = stored(on_).generation;
  try {
    (void)run(with("workspace = \"Sales\"\nintegration = \"twilio\"\nshown_by = [\"Ann\"]",
                   "workspace = \"Support\"\nintegration = \"twilio\"\nshown_by = [\"Sales/Ann\"]"));
    FAIL() << "accepted";
  } catch (const settings_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("rule S4"), std::string::npos) << refused.what();
    EXPECT_NE(std::string(refused.what()).find("+12125550100"), std::string::npos) << refused.what();
    EXPECT_NE(std::string(refused.what()).find("+12125550101"), std::string::npos) << "each in conflict is listed";
  }
  EXPECT_EQ(stored(on_).generation, before);
}

TEST_F(apply_settings, a_fallback_agent_against_the_sharing_policy_changes_nothing) {
  const std::string support = file + R"([[agent]]
name = "Sue"
workspace = "Support"
answer_url = "https://agent.example.com/answer"
)";
  const auto with_policy = [&](const std::string& sharing) {
    std::string changed = support;
    const std::string head = "name = \"Example\"\n";
    return changed.insert(changed.find(head) + head.size(), "sharing = \"" + sharing + "\"\n");
  };
  (void)run(with_policy("organisation"));
  on_.run(
      "UPDATE phone_number SET fallback_agent_id = (SELECT id FROM agent WHERE name = 'Sue') "
      "WHERE number = 12125550100");
  const auto before = stored(on_).generation;
  try {
    (void)run(with_policy("workspace"));
    FAIL() << "accepted";
  } catch (const settings_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("list \"+12125550100\" fallback \"Sue\": rule S4: +12125550100"),
              std::string::npos)
        << refused.what();
  }
  EXPECT_EQ(stored(on_).generation, before);
}

TEST_F(apply_settings, number_restrictions_are_stored_and_told) {
  const std::string restricted =
      file + "[[number_restriction]]\ncountry = \"US\"\ntype = \"toll_free\"\ndemand = \"registration\"\n";
  (void)run(file);
  EXPECT_EQ(run(restricted).size(), 1U);
  const callerid::number_restriction wanted{"US", number_type::toll_free, callerid::number_demand::registration};
  EXPECT_EQ(stored(on_).restrictions, std::vector{wanted});
  EXPECT_TRUE(run(restricted).empty());
  const auto changes = run(file + "[[number_restriction]]\ndemand = \"attestation_b\"\n");
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].fields, std::vector<std::string>{"restrictions: US toll_free: registration -> any country any "
                                                        "type: attestation_b"});
  EXPECT_TRUE(run(file).empty()) << "what the file does not name stays";
  EXPECT_EQ(stored(on_).restrictions.at(0).type, std::nullopt);
}

TEST_F(apply_settings, an_account_serves_one_organisation) {
  (void)run(file);
  EXPECT_THROW((void)run(with("\"Example\"", "\"Other\"")), sql::configuration_error);
  EXPECT_FALSE(sql::find_organisation(on_, "Other"));
}

TEST_F(apply_settings, a_do_not_call_list_must_exist) {
  EXPECT_THROW((void)run(file + "[[do_not_call]]\nname = \"us\"\nfile = \"/nowhere/us.dnc\"\n"), settings_error);
  EXPECT_FALSE(sql::find_organisation(on_, "Example"));
}

// Reading a list takes up to seconds, in which whoever holds the organisation's row keeps it from dialing.
TEST_F(apply_settings, a_do_not_call_list_is_read_without_the_organisations_row) {
  (void)run(file);
  sql::session other = sql::test::connect(database_);
  const sql::transaction holding{other};
  (void)other.run("SELECT generation FROM org_owner FOR UPDATE");
  (void)on_.run("SET lock_timeout = '1s'");
  EXPECT_THROW((void)run(file + "[[do_not_call]]\nname = \"us\"\nfile = \"/nowhere/us.dnc\"\n"), settings_error);
}

}  // namespace
}  // namespace dialer::cli
