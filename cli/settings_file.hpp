#pragma once
// The configuration file (examples/dialer.toml): one organisation, whole, as text under version control.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "callerid/number_rules.hpp"
#include "campaigns/settings.hpp"
#include "engine/ledger.hpp"
#include "sql/configuration.hpp"
#include "sql/wallet.hpp"

namespace dialer::cli {

/// Things refer to each other by name here; apply.hpp turns names into ids. Ids inside the records are not set.
struct agent_name {
  std::string workspace;
  std::string name;
  friend auto operator<=>(const agent_name&, const agent_name&) = default;
};

struct agent_settings {
  std::string workspace;
  engine::agent_record what;
};

struct number_settings {
  std::string workspace;
  std::string integration;
  callerid::phone_number what;
  std::vector<agent_name> shown_by;  ///< agents that may show it on outbound calls
  // What the file does not say of these stays as it is; an empty text, or a name without one: none.
  std::optional<std::string> friendly_name;
  std::optional<agent_name> answered_by;
  std::optional<agent_name> fallback;
  std::optional<std::string> voicemail_message;
  std::optional<std::vector<agent_name>> sms_by;
};

struct campaign_settings {
  std::string workspace;
  std::string agent;  ///< of the same workspace
  campaigns::settings what;
};

/// A list made by `dialer dnc build`.
struct do_not_call_settings {
  std::string name;
  std::filesystem::path file;  ///< absolute
};

struct settings {
  std::string organisation;
  callerid::sharing_policy sharing = callerid::sharing_policy::workspace;
  std::vector<std::string> allowed_countries;  ///< sorted
  std::vector<engine::workspace_record> workspaces;
  std::vector<agent_settings> agents;
  std::vector<sql::integration_record> integrations;
  std::vector<number_settings> numbers;
  std::vector<callerid::number_restriction> restrictions;  ///< when any: exactly these are to be in force
  std::vector<campaign_settings> campaigns;
  std::vector<do_not_call_settings> do_not_call;  ///< when any: exactly these are to be in force
  std::vector<sql::number_price> number_prices;   ///< likewise
};

/// Strict: an unknown key, a wrong type, a value out of range, a name that is not defined or defined twice throws
/// settings_error "file:line: table key: what is wrong; what to write instead". Relative paths in the file are taken
/// from the file's directory. `name` is how messages call the file.
settings parse_settings(std::string_view toml, const std::string& name);
/// Also throws settings_error when the file cannot be read.
settings read_settings_file(const std::filesystem::path& file);

/// What apply did, or would do, to one thing.
struct settings_change {
  std::string what;  ///< "campaign Main/demo"
  sql::change how = sql::change::none;
  std::vector<std::string> fields;  ///< "weight: 1 -> 5", when it was there before
};

/// Makes the stored configuration as `wanted`, in one transaction; things that the file does not name stay. Answers the
/// changes; the same settings a second time change nothing. `reason` is for the audit log. dry_run: everything is tried
/// and rolled back. Throws settings_error or sql::configuration_error when a rule of sharing numbers or accounts, or a
/// missing do-not-call list, is in the way.
std::vector<settings_change> apply(sql::session& on, const settings& wanted, bool dry_run = false,
                                   const std::string& reason = {});
/// Reads and applies.
std::vector<settings_change> apply_file(sql::session& on, const std::filesystem::path& file);

/// Creates or updates one campaign in an organisation that is there; workspace and agent are found by name.
sql::applied<campaign_id> apply_campaign(sql::session& on, organisation_id organisation,
                                         const campaign_settings& wanted, const std::string& reason = {});

}  // namespace dialer::cli
