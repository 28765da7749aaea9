#pragma once
// A small organisation set up by a configuration file, and the ledger rows of hand-made attempts.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/demo_carriers.hpp"
#include "cli/lookup.hpp"
#include "cli/settings_file.hpp"
#include "engine/ledger.hpp"
#include "sql/contact_store.hpp"
#include "sql/session.hpp"
#include "tests/settings_text.hpp"
#include "tests/sql/database.hpp"

namespace dialer::cli::test {

inline const std::string small_file = settings_text + R"(base_url = "https://127.0.0.1:1"
[[numbers]]
workspace = "Sales"
integration = "twilio"
shown_by = ["Ann"]
list = ["+12125550199"]
[[campaign]]
name = "Spring"
workspace = "Sales"
agent = "Ann"
)";

inline constexpr utc_time noon{std::chrono::seconds{1'790'089'200}};  // 2026-09-22T15:00:00Z, a Tuesday

/// Simulated carriers that know the small house's account, whose secret is of zeros.
inline demo_carriers_options carriers_in(const std::filesystem::path& directory) {
  demo_carriers_options carriers;
  carriers.directory = directory;
  carriers.twilio_sid = "AC00000000000000000000000000000000";
  carriers.twilio_token = std::string(32, '0');
  carriers.telnyx_connection = "1";
  carriers.telnyx_key = "KEY0123456789";
  return carriers;
}

struct small_house {
  std::string target = sql::test::fresh_database();
  sql::session on = sql::test::connect(target);
  found_campaign campaign;
  integration_id integration;

  small_house() {
    (void)apply(on, parse_settings(small_file, "small.toml"));
    campaign = find_campaign(on, {"", "Spring"});
    integration = sql::read_integrations(on, campaign.organisation).front().account.id;
  }

  database_options database() const { return {target, ""}; }

  /// Into the campaign, as one list; their ids and rows count from 1.
  void import(const std::vector<std::pair<e164, std::string>>& numbers_with_places) {
    sql::connect_options connection;
    connection.target = target;
    sql::contact_store store{connection, campaign.organisation, campaign.campaign, "test"};
    std::vector<campaigns::imported_contact> contacts;
    for (const auto& [number, place] : numbers_with_places) {
      campaigns::imported_contact one;
      one.row = contacts.size() + 1;
      one.id = contact_id{one.row};
      one.number = number;
      one.place = place;
      one.variables = "{}";
      contacts.push_back(std::move(one));
    }
    const std::uint64_t rows = contacts.size();
    store.commit(contacts, {10, rows, rows, 0, 0, 0, true});
  }

  void intent(std::int64_t attempt, std::int64_t contact, e164 to, utc_time at = noon) {
    on.run("INSERT INTO intent VALUES ($1, $2, $3, $4, $5, $6, 12125550199, $7, 0, 1, 5)",
           sql::params{}
               .uuid(campaign.organisation)
               .uuid(campaign.campaign)
               .uuid(integration)
               .int8(attempt)
               .int8(contact)
               .int8(to.digits())
               .time(at));
  }
  void outcome(std::int64_t attempt, engine::outcome_kind kind, const std::string& ref = "") {
    on.run("INSERT INTO outcome VALUES ($1, $2, $3, 0, $4, NULL, 0, false, false, $5, '', '')",
           sql::params{}
               .uuid(campaign.organisation)
               .int8(attempt)
               .time(noon + std::chrono::seconds{10})
               .int2(kind)
               .text(ref));
  }
};

}  // namespace dialer::cli::test
