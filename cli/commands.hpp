#pragma once
// What each command is given and where it runs. Options come checked for form by arguments.hpp; what a run_ function
// throws is mapped by errors.hpp. All write data to standard output, the rest to standard error, and answer the exit
// code.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/database.hpp"
#include "sql/configuration.hpp"

namespace dialer::cli {

enum class output_format : std::uint8_t { table, json };

/// What a command on stored things is given, whatever it does.
struct command_options {
  database_options database;
  std::string context;  ///< of commands that the REST API knows: through this service instead; empty: on the database
  output_format output = output_format::table;
  std::string reason;  ///< for the audit log; may be empty; of commands that change something
};

/// ... and the organisation it does it in.
struct organisation_options : command_options {
  std::string organisation;  ///< by id or name; empty: the only one
};

struct apply_options : command_options {
  std::string file;
  bool dry_run = false;
};
int run_apply(const apply_options& options);

/// A campaign by id ("cmp_…") or name; the organisation by id or name when the name is not unique.
struct campaign_choice {
  std::string organisation;
  std::string campaign;
};

struct campaign_create_options : organisation_options {
  std::string file;  ///< take the campaign's settings from a configuration file; then only `name` is read
  std::string name;
  std::string workspace;
  std::string agent;
  std::string window = "08:00-21:00";
  std::string caller_id = "sticky";
  std::string caller_id_number;
  double calls_per_second_max = 0;
  std::uint32_t concurrent_calls_max = 0;
  std::int64_t ring_timeout_s = 30;
  std::uint16_t weight = 1;
};
int run_campaign_create(const campaign_create_options& options);

struct campaign_import_options : command_options {
  campaign_choice which;
  std::string file;      ///< "-": standard input
  std::string verdicts;  ///< empty: <file>.verdicts.csv
  std::string format = "detect";
  std::string country;  ///< empty: the campaign's
  std::string phone_column;
};
int run_campaign_import(const campaign_import_options& options);

struct campaign_options : command_options {
  campaign_choice which;
};
int run_campaign_list(const organisation_options& options);
int run_campaign_action(const campaign_options& options, sql::campaign_action action);
int run_campaign_status(const campaign_options& options);
/// Table: CSV with a header; json: one object a line.
int run_campaign_export(const campaign_options& options);

struct campaign_forecast_options : command_options {
  campaign_choice which;
  std::string at;           ///< forecast as of this instant; empty: now
  double call_seconds = 0;  ///< how long a call holds its line; 0: as the campaign's calls so far
};
int run_campaign_forecast(const campaign_forecast_options& options);

struct opt_out_options : organisation_options {
  std::vector<std::string> numbers;
  std::string file;  ///< one number a line; "-": standard input
  std::string country = "US";
  bool withdraw = false;
};
int run_opt_out(const opt_out_options& options);

struct key_create_options : organisation_options {
  std::string name;
  std::vector<std::string> scopes;
  std::string workspace;   ///< by name or id; empty: the whole organisation
  std::string expires_at;  ///< empty: never
  std::string pepper;      ///< empty: the state directory's own
};
int run_key_create(const key_create_options& options);

struct key_options : organisation_options {
  std::string key;  ///< of revoke
};
int run_key_list(const key_options& options);
int run_key_revoke(const key_options& options);

/// Of the service of options.context, as all commands on numbers: a carrier may have to be asked.
struct number_list_options : command_options {
  std::string status;  ///< empty: all but released ones; the others: any
  std::string provider;
  std::string type;
  std::string country;
  std::string agent;  ///< by name or id
};
int run_number_list(const number_list_options& options);

/// What a number that is to be bought must be like; empty: as the service has it.
struct number_query {
  std::string country;
  std::string area_code;
  std::string contains;
  std::string type;
  std::vector<std::string> capabilities;
};

struct number_search_options : command_options {
  number_query what;
  std::string limit;
};
int run_number_search(const number_search_options& options);

/// In E.164, or by id.
struct number_options : command_options {
  std::string number;
};
int run_number_show(const number_options& options);
int run_number_process(const number_options& options);
int run_number_release(const number_options& options);
/// options.reason is kept with the number's health, too.
int run_number_end_rest(const number_options& options);

/// Whose a new number is; empty: as the service finds it.
struct number_home {
  std::string workspace;  ///< by name or id
  std::string agent;      ///< shows it; by name or id
};

struct number_buy_options : number_options {  ///< `number` may be empty: one that fits is chosen
  number_query what;
  number_home home;
  std::string name;
};
int run_number_buy(const number_buy_options& options);

/// What is set of a number; nothing: it stays.
struct number_settings_options {
  std::optional<std::string> name;
  std::optional<bool> outbound;
  std::optional<std::string> region;
  std::optional<std::uint32_t> calls_per_day_max;
  std::optional<std::uint32_t> calls_per_hour_max;
  std::optional<std::uint32_t> concurrent_calls_max;
  std::optional<std::uint32_t> weight;
  std::optional<std::string> trunk_address;
  std::optional<std::string> trunk_username;
  std::string trunk_password_file;
};

struct number_register_options : number_options {
  number_home home;
  number_settings_options what;
  std::string provider;
  std::string integration;  ///< by name or id
  std::string type;
  std::vector<std::string> capabilities;
  bool in_use = false;
};
int run_number_register(const number_register_options& options);

struct number_import_options : command_options {
  std::string integration;
  std::vector<std::string> numbers;  ///< none: what the account holds is listed
  number_home home;
  std::string replaces;  ///< where calls to them go now; empty: they go on doing so
  bool in_use = false;
};
int run_number_import(const number_import_options& options);

struct number_update_options : number_options {
  number_settings_options what;
  std::string status;
  std::optional<std::string> fallback;   ///< agent by name or id; empty: none
  std::optional<std::string> voicemail;  ///< empty: none
};
int run_number_update(const number_update_options& options);

struct number_assign_options : number_options {
  std::string agent;
  std::string profile;  ///< of unassign: empty: all of them
};
int run_number_assign(const number_assign_options& options, bool assigned);

struct wallet_options : organisation_options {
  std::string workspace;  ///< by name or id
};
/// The balance, unpaid rents and the newest entries.
int run_wallet_show(const wallet_options& options);

struct wallet_top_up_options : wallet_options {
  std::string amount;    ///< "25.00"
  std::string currency;  ///< "USD"
  std::string reference;
};
/// Once for a reference.
int run_wallet_top_up(const wallet_top_up_options& options);

struct explain_options : command_options {
  campaign_choice which;
  std::string contact;
  std::string number;
  std::string at;  ///< judge as of this instant; empty: now
};
int run_explain(const explain_options& options);

struct verify_options : command_options {
  campaign_choice which;  ///< the campaign may be empty: then the organisation
  std::string log;
};
int run_verify(const verify_options& options);

int run_check_webhooks(const std::string& file);

struct check_windows_options : command_options {
  std::string csv;  ///< judge the rows of this file ("-": standard input); empty: a campaign's contacts
  campaign_choice which;
  std::string at;  ///< of a campaign: as of this instant; empty: now
};
int run_check_windows(const check_windows_options& options);

/// One of them, or none: the organisation.
struct freeze_options : organisation_options {
  std::string workspace;
  std::string agent;
  std::string campaign;
  std::string integration;
  std::string number;
};
int run_freeze(const freeze_options& options, bool frozen);

struct audit_verify_options : organisation_options {
  std::string head;  ///< "NUMBER:HASH" of a row, as it was once printed; empty: none was kept
};
/// Fails when a row of the audit log is not as it was written.
int run_audit_verify(const audit_verify_options& options);

/// Of the service of options.context; there is no such command on a database.
int run_stats(const command_options& options);

struct top_options : command_options {
  std::uint64_t pictures = 0;  ///< end after so many; 0: go on
};
int run_top(const top_options& options);

struct context_options {
  std::string name;
  std::string url;
  std::string key_file;  ///< "-": the key comes from standard input and is kept beside the contexts
  std::string ca_file;
  output_format output = output_format::table;
};
int run_context_add(const context_options& options);
int run_context_use(const context_options& options);  ///< without a name: the database again
int run_context_list(const context_options& options);
int run_context_remove(const context_options& options);
/// The context that a command goes through: as named; else, unless a database is named, DIALER_CONTEXT, or the one in
/// use when there is no DIALER_DATABASE. Empty: the database.
std::string choose_context(const std::string& named, bool database_named);

struct do_not_call_build_options {
  std::string text;
  std::string out;
  std::string version;
  std::string as_of;
  output_format output = output_format::table;
};
int run_do_not_call_build(const do_not_call_build_options& options);

}  // namespace dialer::cli
