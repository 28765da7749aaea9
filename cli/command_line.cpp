// The only source that knows CLI11: it costs seconds to compile.

#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>

#include "carriers/simulator/carrier_simulator.hpp"
#include "cli/commands.hpp"
#include "cli/demo.hpp"
#include "cli/errors.hpp"
#include "cli/serve.hpp"
#include "cli/text_table.hpp"

namespace dialer::cli {
namespace {

using simulator_options = carriers::simulator::simulator_options;

/// What the parser found out: which command, with its options bound below.
struct parsed {
  std::function<int()> command;
  apply_options apply;
  campaign_create_options create;
  campaign_import_options import;
  campaign_options campaign;
  campaign_forecast_options forecast;
  opt_out_options opt_out;
  key_create_options key_create;
  key_options key;
  explain_options explain;
  verify_options verify;
  freeze_options freeze;
  organisation_options campaign_list;
  context_options context;
  command_options stats;
  top_options top;
  audit_verify_options audit;
  do_not_call_build_options do_not_call;
  serve_options serve;
  demo_options demo;
  simulator_options simulator;
  std::vector<std::string> twilio_accounts;
  std::vector<std::string> telnyx_accounts;
  std::string webhooks;
  check_windows_options windows;
  std::string windows_output;
};

const std::map<std::string, output_format> formats{{"table", output_format::table}, {"json", output_format::json}};

constexpr const char* example_mark = "Example:\n";

CLI::App* add(CLI::App& parent, const char* name, const char* purpose, const char* example) {
  CLI::App* made = parent.add_subcommand(name, purpose);
  made->footer(example_mark + ("  " + std::string(example)));
  return made;
}

void add_output(CLI::App* to, output_format& output) {
  to->add_option_function<std::string>(
        "-o,--output", [&output](const std::string& name) { output = formats.at(name); },
        "table (for people) or json (for machines)")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
}

void add_database(CLI::App* to, std::string& url) {
  to->add_option("--database", url, "PostgreSQL URL; without it the private database of --state-dir")
      ->envname("DIALER_DATABASE")
      ->type_name("URL");
}

void add_stored(CLI::App* to, command_options& options) {
  add_database(to, options.database.url);
  to->add_option("--state-dir", options.database.state_dir, "directory of the private database")->type_name("DIR");
}

/// What commands on stored things have in common. Last of a command's options.
void add_common(CLI::App* to, command_options& options) {
  add_stored(to, options);
  add_output(to, options.output);
}

void add_reason(CLI::App* to, command_options& options) {
  to->add_option("--reason", options.reason, "why, for the audit log");
}

/// ... and those that change something.
void add_common_of_change(CLI::App* to, command_options& options) {
  add_reason(to, options);
  add_common(to, options);
}

void add_context_name(CLI::App* to, command_options& options) {
  to->add_option("--context", options.context, "through the service of this context; without it DIALER_CONTEXT's")
      ->type_name("NAME");
}

/// Of commands that the REST API knows, too: through a service instead of a database. After add_common.
void add_context(CLI::App* to, command_options& options) {
  add_context_name(to, options);
  to->parse_complete_callback([to, &options] {
    const CLI::Option* url = to->get_option("--database");
    const char* variable = std::getenv("DIALER_DATABASE");
    const bool by_hand = url->count() > 0 && (variable == nullptr || options.database.url != variable);
    const bool database_named = by_hand || !options.database.state_dir.empty();
    if (database_named && !options.context.empty()) {
      throw usage_error("--context and a database exclude each other; give one of them");
    }
    options.context = choose_context(options.context, database_named);
  });
}

CLI::Option* add_organisation(CLI::App* to, organisation_options& options) {
  return to->add_option("--organisation", options.organisation, "by name or id, when there are several");
}

void add_choice(CLI::App* to, campaign_choice& which, bool required = true) {
  to->add_option("--campaign,-c", which.campaign, "campaign, by name or id")->required(required);
  to->add_option("--organisation", which.organisation, "its organisation, when the name is not unique");
}

void add_apply(CLI::App& app, parsed& into) {
  apply_options& options = into.apply;
  CLI::App* to = add(app, "apply", "Make the stored configuration as a file says, and show what changes",
                     "dialer apply -f examples/dialer.toml --dry-run");
  to->add_option("-f,--file", options.file, "configuration file (examples/dialer.toml explains it)")->required();
  to->add_flag("--dry-run", options.dry_run, "show the difference, change nothing");
  add_common_of_change(to, options);
  to->callback([&into] { into.command = [&into] { return run_apply(into.apply); }; });
}

void add_campaign_create(CLI::App& campaign, parsed& into) {
  campaign_create_options& options = into.create;
  CLI::App* to = add(campaign, "create", "Create a campaign, from flags or from a configuration file",
                     "dialer campaign create --name Spring --workspace Sales --agent Ann --window 09:00-20:00");
  CLI::Option* file = to->add_option("-f,--file", options.file, "take the settings of --name from this file");
  to->add_option("--name", options.name, "name of the campaign")->required();
  add_organisation(to, options)->excludes(file);
  to->add_option("--workspace", options.workspace, "workspace it belongs to")->excludes(file);
  to->add_option("--agent", options.agent, "agent that answers; of the same workspace")->excludes(file);
  to->add_option("--window", options.window, "daily hours at the called party's place")->excludes(file);
  to->add_option("--caller-id", options.caller_id, "sticky, local_presence or least_used_today")->excludes(file);
  to->add_option("--calls-per-second-max", options.calls_per_second_max, "0: only the account's limit")
      ->check(CLI::Range(0.0, 10'000.0))
      ->excludes(file);
  to->add_option("--concurrent-calls-max", options.concurrent_calls_max, "0: unlimited")->excludes(file);
  to->add_option("--ring-timeout-s", options.ring_timeout_s, "seconds to let it ring")
      ->check(CLI::Range(5, 600))
      ->excludes(file);
  to->add_option("--weight", options.weight, "share of the workspace's capacity")
      ->check(CLI::Range(1, 1000))
      ->excludes(file);
  add_common_of_change(to, options);
  to->callback([&into] {
    const auto& given = into.create;
    if (given.file.empty() && (given.workspace.empty() || given.agent.empty())) {
      throw usage_error("--workspace and --agent are missing; give both, or take the campaign from a file with -f");
    }
    into.command = [&into] { return run_campaign_create(into.create); };
  });
}

void add_campaign(CLI::App& app, parsed& into) {
  CLI::App* campaign = add(
      app, "campaign", "The manager's day: create, import, list, start, pause, resume, stop, status, forecast, export",
      "dialer campaign status --campaign Spring");
  campaign->require_subcommand(1);
  add_campaign_create(*campaign, into);

  campaign_import_options& import = into.import;
  CLI::App* to = add(*campaign, "import", "Import a list of contacts; the same list again goes on where it stopped",
                     "dialer campaign import --campaign Spring contacts.csv");
  to->add_option("file", import.file, "CSV or NDJSON; - is standard input")->required();
  add_choice(to, import.which);
  to->add_option("--verdicts", import.verdicts, "where the verdict of every row goes (FILE.verdicts.csv)");
  to->add_option("--format", import.format, "csv, ndjson or detect")->check(CLI::IsMember({"detect", "csv", "ndjson"}));
  to->add_option("--country", import.country, "for numbers written nationally (the campaign's), such as US");
  to->add_option("--phone-column", import.phone_column, "which column to call, when there are several");
  add_common_of_change(to, import);
  add_context(to, import);
  to->callback([&into] { into.command = [&into] { return run_campaign_import(into.import); }; });

  CLI::App* list = add(*campaign, "list", "All campaigns with their states", "dialer campaign list --context main");
  add_organisation(list, into.campaign_list);
  add_common(list, into.campaign_list);
  add_context(list, into.campaign_list);
  list->callback([&into] { into.command = [&into] { return run_campaign_list(into.campaign_list); }; });

  struct action {
    const char* name;
    const char* purpose;
    sql::campaign_action what;
  };
  constexpr action actions[] = {
      {"start", "Start dialing a draft", sql::campaign_action::start},
      {"pause", "Stop dialing for now; calls on the line go on", sql::campaign_action::pause},
      {"resume", "Go on after a pause", sql::campaign_action::resume},
      {"stop", "Stop for good", sql::campaign_action::stop},
  };
  for (const action& one : actions) {
    CLI::App* command =
        add(*campaign, one.name, one.purpose, (std::string("dialer campaign ") + one.name + " -c Spring").c_str());
    add_choice(command, into.campaign.which);
    add_common_of_change(command, into.campaign);
    add_context(command, into.campaign);
    command->callback([&into, what = one.what] {
      into.command = [&into, what] { return run_campaign_action(into.campaign, what); };
    });
  }
  CLI::App* status = add(*campaign, "status", "Where every contact stands", "dialer campaign status -c Spring");
  add_choice(status, into.campaign.which);
  add_common(status, into.campaign);
  add_context(status, into.campaign);
  status->callback([&into] { into.command = [&into] { return run_campaign_status(into.campaign); }; });
  CLI::App* forecast = add(*campaign, "forecast", "When everybody will have been called, and what that rests on",
                           "dialer campaign forecast -c Spring");
  add_choice(forecast, into.forecast.which);
  forecast->add_option("--at", into.forecast.at, "as of this instant, such as 2026-11-20T15:00:00Z");
  forecast->add_option("--call-seconds", into.forecast.call_seconds, "how long a call holds its line (as so far)")
      ->check(CLI::Range(1.0, 86'400.0));
  add_common(forecast, into.forecast);
  forecast->callback([&into] { into.command = [&into] { return run_campaign_forecast(into.forecast); }; });
  CLI::App* dump = add(*campaign, "export", "Every contact with its outcome, as CSV or one JSON object a line",
                       "dialer campaign export -c Spring > spring.csv");
  add_choice(dump, into.campaign.which);
  add_common(dump, into.campaign);
  dump->callback([&into] { into.command = [&into] { return run_campaign_export(into.campaign); }; });
}

void add_opt_out(CLI::App& app, parsed& into) {
  CLI::App* parent =
      add(app, "opt-out", "People who do not want to be called", "dialer opt-out add --number +12125550123");
  parent->require_subcommand(1);
  struct choice {
    const char* name;
    const char* purpose;
    bool withdraw;
  };
  for (const choice& one : {choice{"add", "Never call these numbers again", false},
                            choice{"withdraw", "These people want to be called again", true}}) {
    CLI::App* to = add(*parent, one.name, one.purpose,
                       (std::string("dialer opt-out ") + one.name + " --number +12125550123").c_str());
    to->add_option("--number", into.opt_out.numbers, "a number; may be given several times");
    to->add_option("--file", into.opt_out.file, "one number a line; - is standard input");
    add_organisation(to, into.opt_out);
    to->add_option("--country", into.opt_out.country, "for numbers written nationally (US)");
    add_common_of_change(to, into.opt_out);
    add_context(to, into.opt_out);
    to->callback([&into, withdraw = one.withdraw] {
      into.opt_out.withdraw = withdraw;
      into.command = [&into] { return run_opt_out(into.opt_out); };
    });
  }
}

void add_contexts(CLI::App& app, parsed& into) {
  CLI::App* parent = add(app, "context", "Services to work through instead of a database", "dialer context list");
  parent->require_subcommand(1);
  const auto add_one = [&](const char* name, const char* purpose, const char* example,
                           int (*run)(const context_options&)) {
    CLI::App* to = add(*parent, name, purpose, example);
    to->callback([&into, run] { into.command = [&into, run] { return run(into.context); }; });
    return to;
  };
  CLI::App* made =
      add_one("add", "Keep where a service is and what proves who asks, or change it",
              "dialer context add main --url https://dialer.example.com --key-file dialer.key", run_context_add);
  made->add_option("name", into.context.name, "what to call it")->required();
  made->add_option("--url", into.context.url, "https://HOST[:PORT]; http to this machine only")->required();
  made->add_option("--key-file", into.context.key_file,
                   "file (mode 0600) with an API key; - reads it from standard input")
      ->required();
  made->add_option("--ca-file", into.context.ca_file, "PEM of an authority besides the system's");
  add_one("use", "Take this one when none is named; without a name, the database again", "dialer context use main",
          run_context_use)
      ->add_option("name", into.context.name, "of the context");
  add_output(add_one("list", "Every context, never a key", "dialer context list", run_context_list),
             into.context.output);
  add_one("remove", "Forget one, with the key that was kept for it", "dialer context remove main", run_context_remove)
      ->add_option("name", into.context.name, "of the context")
      ->required();
}

/// Of commands that only a service can answer.
void add_views(CLI::App& app, parsed& into) {
  CLI::App* stats =
      add(app, "stats", "What came of it all, by campaign, as a service counts it", "dialer stats --context main");
  add_context_name(stats, into.stats);
  add_output(stats, into.stats.output);
  stats->callback([&into] {
    into.stats.context = choose_context(into.stats.context, false);
    into.command = [&into] { return run_stats(into.stats); };
  });
  CLI::App* top =
      add(app, "top", "Follow a service: rate, funnel and why not, by campaign; lines where there is no terminal",
          "dialer top --context main");
  add_context_name(top, into.top);
  top->add_option("--pictures", into.top.pictures, "end after so many; without it, go on");
  top->callback([&into] {
    into.top.context = choose_context(into.top.context, false);
    into.command = [&into] { return run_top(into.top); };
  });
}

void add_key(CLI::App& app, parsed& into) {
  CLI::App* parent = add(app, "key", "Keys of the REST API", "dialer key list");
  parent->require_subcommand(1);

  key_create_options& options = into.key_create;
  CLI::App* create = add(*parent, "create", "Make a key and show it, once",
                         "dialer key create --name \"Nightly import\" --scope read,operate --workspace Sales");
  create->add_option("--name", options.name, "what it is for")->required();
  create->add_option("--scope", options.scopes, "read, operate, admin, numbers_create; none implies another")
      ->required()
      ->delimiter(',')
      ->check(CLI::IsMember({"read", "operate", "admin", "numbers_create"}));
  create->add_option("--workspace", options.workspace, "confine it to this workspace, by name or id");
  create->add_option("--expires-at", options.expires_at, "when it ends, such as 2027-01-01");
  add_organisation(create, options);
  create->add_option("--key-pepper", options.pepper, "the engine's pepper file (pepper.key of --state-dir)");
  add_common_of_change(create, options);
  create->callback([&into] { into.command = [&into] { return run_key_create(into.key_create); }; });

  const auto add_one = [&](const char* name, const char* purpose, const char* example, int (*run)(const key_options&)) {
    CLI::App* to = add(*parent, name, purpose, example);
    add_organisation(to, into.key);
    add_common(to, into.key);
    to->callback([&into, run] { into.command = [&into, run] { return run(into.key); }; });
    return to;
  };
  add_one("list", "Every key with what it may do, never the key itself", "dialer key list", run_key_list);
  CLI::App* revoke = add_one("revoke", "End a key; engines refuse it in under a second",
                             "dialer key revoke key_01kdc2...", run_key_revoke);
  revoke->add_option("key", into.key.key, "its id (key_...)")->required();
  add_reason(revoke, into.key);
}

void add_explain(CLI::App& app, parsed& into) {
  CLI::App* to = add(app, "explain", "Why a contact is (not) called: each check with its inputs, and when next",
                     "dialer explain -c Spring --number +12125550123");
  add_choice(to, into.explain.which);
  CLI::Option* contact = to->add_option("--contact", into.explain.contact, "contact id (con_...)");
  to->add_option("--number", into.explain.number, "its number in E.164")->excludes(contact);
  to->add_option("--at", into.explain.at, "judge as of this instant, such as 2026-11-20T15:00:00Z");
  add_common(to, into.explain);
  to->callback([&into] {
    if (into.explain.contact.empty() && into.explain.number.empty()) {
      throw usage_error("explain needs --contact ID or --number E164");
    }
    into.command = [&into] { return run_explain(into.explain); };
  });
}

void add_verify(CLI::App& app, parsed& into) {
  CLI::App* to = add(app, "verify", "Audit the ledger against a carrier simulator's log; judge at rest",
                     "dialer verify --campaign Spring --log carriers.log");
  to->add_option("--log", into.verify.log, "file written by: dialer carrier-sim --log")->required();
  to->add_option("--campaign,-c", into.verify.which.campaign, "audit the organisation of this campaign");
  to->add_option("--organisation", into.verify.which.organisation, "audit this organisation");
  add_common(to, into.verify);
  to->callback([&into] { into.command = [&into] { return run_verify(into.verify); }; });
}

void add_freeze(CLI::App& app, parsed& into) {
  struct choice {
    const char* name;
    const char* purpose;
    const char* example;
    bool frozen;
  };
  for (const choice& one :
       {choice{"freeze", "The kill switch: start no call through a thing, whatever its settings say",
               "dialer freeze --integration twilio --reason \"billing runs wild\"", true},
        choice{"unfreeze", "Let calls start again", "dialer unfreeze --integration twilio", false}}) {
    CLI::App* to = add(app, one.name, one.purpose, one.example);
    to->add_option("--organisation", into.freeze.organisation,
                   "by name or id, when there are several; frozen whole "
                   "when nothing of it is named");
    CLI::Option_group* what = to->add_option_group("thing", "one of it, by name or id");
    what->add_option("--workspace", into.freeze.workspace, "a workspace");
    what->add_option("--agent", into.freeze.agent, "an agent");
    what->add_option("--campaign,-c", into.freeze.campaign, "a campaign");
    what->add_option("--integration", into.freeze.integration, "a carrier account");
    what->add_option("--number", into.freeze.number, "a caller ID, in E.164");
    what->require_option(0, 1);
    add_common_of_change(to, into.freeze);
    add_context(to, into.freeze);
    to->callback(
        [&into, frozen = one.frozen] { into.command = [&into, frozen] { return run_freeze(into.freeze, frozen); }; });
  }
}

void add_audit(CLI::App& app, parsed& into) {
  CLI::App* parent = add(app, "audit", "Who changed what", "dialer audit verify");
  parent->require_subcommand(1);
  CLI::App* to =
      add(*parent, "verify", "Find the first row of the audit log that was changed, removed or put in between",
          "dialer audit verify --organisation Example");
  add_organisation(to, into.audit);
  to->add_option("--head", into.audit.head, "NUMBER:HASH as this command printed it earlier: compared, too");
  add_common(to, into.audit);
  to->callback([&into] { into.command = [&into] { return run_audit_verify(into.audit); }; });
}

void add_check_windows(CLI::App& check, parsed& into) {
  check_windows_options& options = into.windows;
  CLI::App* to = add(check, "windows", "When the places of a campaign's contacts, or listed numbers, may be called",
                     "dialer check windows -c Spring\n  dialer check windows --csv numbers.csv --output csv");
  CLI::Option* csv = to->add_option("--csv", options.csv,
                                    "file with e164, state, iana_time_zone, utc_instant and policy (federal or debt), "
                                    "or - for standard input; the law's hours alone");
  add_choice(to, options.which, false);
  to->get_option("--campaign")->excludes(csv);
  to->add_option("--at", options.at, "as of this instant, such as 2026-11-20T15:00:00Z")->excludes(csv);
  add_stored(to, options);
  to->add_option("-o,--output", into.windows_output, "table (for people), json (for machines); csv of --csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->type_name("FORMAT");
  to->callback([&into] {
    const bool file = !into.windows.csv.empty();
    const std::string& output = into.windows_output;
    if (!file && into.windows.which.campaign.empty())
      throw usage_error("check windows needs --campaign NAME or --csv FILE");
    if (!output.empty() && file != (output == "csv")) {
      throw usage_error("--output is \"" + output + "\"; a --csv FILE is answered as csv, a campaign as table or json");
    }
    if (output == "json") into.windows.output = output_format::json;
    into.command = [&into] { return run_check_windows(into.windows); };
  });
}

void add_check(CLI::App& app, parsed& into) {
  CLI::App* check = add(app, "check", "Judge captured material by the engine's own rules",
                        "dialer check webhooks --jsonl captured.jsonl");
  check->require_subcommand(1);
  CLI::App* to = add(*check, "webhooks", "Verify signatures of captured webhooks, one JSON object a line",
                     "dialer check webhooks --jsonl captured.jsonl");
  to->add_option("--jsonl", into.webhooks, "file, or - for standard input")->required();
  to->callback([&into] { into.command = [&into] { return run_check_webhooks(into.webhooks); }; });
  add_check_windows(*check, into);
}

void add_do_not_call(CLI::App& app, parsed& into) {
  CLI::App* parent =
      add(app, "dnc", "The national do-not-call list",
          "dialer dnc build --text registry.txt --out national.dnc --version 2026-11 --as-of 2026-11-20");
  parent->require_subcommand(1);
  do_not_call_build_options& options = into.do_not_call;
  CLI::App* to = add(*parent, "build", "Turn the registry's text into the list the engine reads",
                     "dialer dnc build --text registry.txt --out national.dnc --version 2026-11 --as-of 2026-11-20");
  to->add_option("--text", options.text, "the registry's file: NPA,7 digits, one a line")->required();
  to->add_option("--out", options.out, "the list to write; replaced whole")->required();
  to->add_option("--version", options.version, "the registry's version")->required();
  to->add_option("--as-of", options.as_of, "when the registry's file was fetched, UTC")->required();
  add_output(to, options.output);
  to->callback([&into] { into.command = [&into] { return run_do_not_call_build(into.do_not_call); }; });
}

std::vector<std::pair<std::string, std::string>> split_accounts(const std::vector<std::string>& given,
                                                                const char* option, const char* shape) {
  std::vector<std::pair<std::string, std::string>> accounts;
  for (const std::string& one : given) {
    const auto colon = one.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == one.size()) {
      throw usage_error(std::string(option) + " must have the form " + shape);  // not repeated: it holds a secret
    }
    accounts.emplace_back(one.substr(0, colon), one.substr(colon + 1));
  }
  return accounts;
}

void add_simulator(CLI::App& app, parsed& into) {
  simulator_options& options = into.simulator;
  options.twilio_listen.clear();
  options.telnyx_listen.clear();
  CLI::App* to = add(app, "carrier-sim", "Simulate Twilio and Telnyx over TLS, with faults and a log of every call",
                     "dialer carrier-sim --twilio-listen 127.0.0.1:8443 --twilio-account AC...:TOKEN --log sim.log");
  to->add_option("--twilio-listen", options.twilio_listen, "HOST:PORT of the Twilio API; port 0 is any");
  to->add_option("--telnyx-listen", options.telnyx_listen, "HOST:PORT of the Telnyx API; port 0 is any");
  to->add_option("--log", options.log_file, "append-only record of what happened")->required();
  to->add_option("--twilio-account", into.twilio_accounts, "SID:TOKEN; may be given several times");
  to->add_option("--telnyx-account", into.telnyx_accounts, "KEY:CONNECTION; may be given several times");
  to->add_option("--scenario", options.scenario_file, "outcomes, times and faults (examples/carrier-faults.toml)");
  to->add_option("--seed", options.seed, "of outcomes and faults; over the scenario's");
  CLI::Option* cert = to->add_option("--tls-cert", options.tls_cert, "PEM chain; without it a fresh CA is made");
  CLI::Option* key = to->add_option("--tls-key", options.tls_key, "PEM key of --tls-cert");
  cert->needs(key);
  key->needs(cert);
  to->add_option("--callback-ca", options.callback_ca_file, "PEM; verify https callbacks with it");
  to->callback([&into] {
    simulator_options& given = into.simulator;
    if (given.twilio_listen.empty() && given.telnyx_listen.empty()) {
      throw usage_error("carrier-sim needs --twilio-listen HOST:PORT, --telnyx-listen HOST:PORT or both");
    }
    given.twilio_accounts = split_accounts(into.twilio_accounts, "--twilio-account", "SID:TOKEN");
    given.telnyx_accounts = split_accounts(into.telnyx_accounts, "--telnyx-account", "KEY:CONNECTION");
    into.command = [&into] { return carriers::simulator::run_carrier_simulator(into.simulator, std::cout); };
  });
}

void add_serve(CLI::App& app, parsed& into) {
  serve_options& options = into.serve;
  CLI::App* to = add(app, "serve", "Run the engine until it is told to stop",
                     "dialer serve --config dialer.toml --public-url https://dialer.example.com");
  to->add_option("--config", options.config, "configuration file to apply first");
  add_database(to, options.database);
  to->add_option("--state-dir", options.state_dir, "directory of the private database and the token key");
  to->add_option("--listen", options.listen, "HOST:PORT for the REST API, callbacks, metrics and health");
  to->add_option("--public-url", options.public_url, "where carriers reach the listener");
  to->add_option("--token-key", options.token_key, "file with the key of attempt tokens, the same on every node");
  to->add_option("--key-pepper", options.key_pepper, "file with the pepper of API keys, the same on every node");
  to->add_option(
        "--secret-key", options.secret_keys,
        "file with the key that secrets in the database are encrypted under, or credential:NAME of systemd; given "
        "several times, the first encrypts and each decrypts")
      ->envname("DIALER_SECRET_KEY");
  to->add_option("--shards", options.shards, "threads that decide; 0 is one per core")->check(CLI::Range(0, 255));
  to->add_option("--event-streams", options.event_streams, "clients that may follow GET /v1/events at a time (512)")
      ->check(CLI::Range(0, 100'000));
  to->add_option("--requests-per-second", options.requests_per_second,
                 "requests of one API key in the long run; 0: no limit (50)")
      ->check(CLI::Range(0.0, 10'000.0));
  to->add_option("--request-burst", options.request_burst, "requests of one API key at once, after a silence (100)")
      ->check(CLI::Range(1, 1'000'000));
  to->add_option("--node", options.node, "number of this node, distinct among those of one database")
      ->check(CLI::Range(1, 255));
  to->add_option("--log-format", options.log_format, "text, json, or auto: text for a terminal, else json (auto)")
      ->check(CLI::IsMember({"auto", "text", "json"}));
  to->add_option("--wall-clock", options.wall_clock, "begin at this instant instead of now, for trials");
  to->callback([&into] { into.command = [&into] { return run_serve(into.serve); }; });
}

void add_demo(CLI::App& app, parsed& into) {
  demo_options& options = into.demo;
  CLI::App* to = add(app, "demo", "Dial a list to the end against simulated carriers, and audit the result",
                     "dialer demo --contacts examples/contacts.csv");
  to->add_option("--contacts", options.contacts, "list to dial (examples/contacts.csv)");
  add_output(to, options.output);
  to->add_option("--config", options.config, "configuration file (examples/demo.toml)");
  to->add_option("--state-dir", options.state_dir, "keep the private database here; without it it is thrown away");
  to->add_option("--scenario", options.scenario, "what the simulated carriers are like (examples/carrier-faults.toml)");
  to->add_option("--seed", options.seed, "of the simulated carriers");
  to->add_option("--wall-clock", options.wall_clock, "begin at this instant instead of a weekday's noon");
  to->callback([&into] { into.command = [&into] { return run_demo(into.demo); }; });
}

// Edits that turn one word into the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// The word of the command line that nobody knows, and the known one it was meant to be.
std::string hint(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    std::vector<std::string> known;
    if (word.starts_with("--")) {
      for (const CLI::Option* option : at->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
    } else {
      for (const CLI::App* sub : at->get_subcommands([](const CLI::App*) { return true; })) {
        if (sub->get_name() == word) {
          at = sub;
          known = {word};
          break;
        }
        known.push_back(sub->get_name());
      }
    }
    if (known.empty() || std::ranges::find(known, word) != known.end()) continue;
    const std::string unknown = "; \"" + word + "\" is not known";
    const auto nearest =
        std::ranges::min_element(known, {}, [&](const std::string& candidate) { return distance(word, candidate); });
    if (distance(word, *nearest) <= 2) return unknown + ", did you mean \"" + *nearest + "\"?";
    if (!word.starts_with("--") && at->get_subcommands([](const CLI::App*) { return true; }).size() > 1) {
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      return unknown + "; commands here: " + list;
    }
  }
  return "; see --help";
}

int say(const failure& what) {
  std::fprintf(stderr, "dialer: %s\n", what.message.c_str());
  return what.code;
}

// "{table,json}", as the parser describes a choice.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::size_t at = open + 1; at <= close;) {
    const auto end = std::min(type.find(',', at), close);
    choices.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

command_argument describe(const CLI::Option& option) {
  command_argument made;
  for (const std::string& name : option.get_lnames()) made.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) made.names.push_back("-" + name);
  made.meaning = option.get_description();
  made.variable = option.get_envname();
  made.required = option.get_required();
  made.choices = choices_of(option);
  if (made.names.empty()) {
    made.value = option.get_name(true);
  } else if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    made.value = type.substr(0, type.find(':'));
  }
  return made;
}

command describe(const CLI::App& app, const std::string& above) {
  command made{above + app.get_name(), app.get_name(), app.get_description(), {}, {}, {}};
  const std::string footer = app.get_footer();
  for (std::size_t at = footer.find(example_mark); at != std::string::npos && at < footer.size();) {
    const auto end = std::min(footer.find('\n', at), footer.size());
    if (const std::string line = footer.substr(at, end - at); line.starts_with("  "))
      made.examples.push_back(line.substr(2));
    at = end + 1;
  }
  const auto add_options = [&](const CLI::App& from) {
    for (const CLI::Option* option : from.get_options()) made.arguments.push_back(describe(*option));
  };
  add_options(app);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name().empty()) {
      add_options(*sub);  // a group
    } else {
      made.commands.push_back(describe(*sub, made.path + " "));
    }
  }
  return made;
}

void add_completion(CLI::App& app, parsed& into) {
  CLI::App* parent = add(app, "completion", "The script that completes commands and options in a shell",
                         "source <(dialer completion bash)");
  parent->require_subcommand(1);
  struct choice {
    const char* shell;
    const char* example;
  };
  for (const choice& one :
       {choice{"bash", "dialer completion bash > ~/.local/share/bash-completion/completions/dialer"},
        choice{"zsh", "dialer completion zsh > ~/.zsh/completions/_dialer"},
        choice{"fish", "dialer completion fish > ~/.config/fish/completions/dialer.fish"}}) {
    const std::string shell = one.shell;
    add(*parent, one.shell, ("For " + shell).c_str(), one.example)->callback([&into, shell] {
      into.command = [shell] {
        print(completion_script(describe_commands(), shell));
        return exit_ok;
      };
    });
  }
}

void add_manual(CLI::App& app, parsed& into) {
  add(app, "man", "The manual page of all commands, in roff", "dialer man > ~/.local/share/man/man1/dialer.1")
      ->callback([&into] {
        into.command = [] {
          print(manual_page(describe_commands(), DIALER_VERSION));
          return exit_ok;
        };
      });
}

void build(CLI::App& app, parsed& into) {
  app.set_version_flag("--version", "dialer " DIALER_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Each command explains itself: dialer COMMAND --help\n"
      "Exit codes: 0 ok, 1 failed, 2 usage, 69 database or service unreachable, 78 configuration.");
  add_demo(app, into);
  add_serve(app, into);
  add_apply(app, into);
  add_campaign(app, into);
  add_opt_out(app, into);
  add_contexts(app, into);
  add_views(app, into);
  add_key(app, into);
  add_explain(app, into);
  add_verify(app, into);
  add_audit(app, into);
  add_freeze(app, into);
  add_check(app, into);
  add_do_not_call(app, into);
  add_simulator(app, into);
  add_completion(app, into);
  add_manual(app, into);
}

constexpr const char* purpose = "Outbound dialer engine: lists in, calls out, every contact accounted for.";

}  // namespace

command describe_commands() {
  CLI::App app{purpose, "dialer"};
  parsed into;
  build(app, into);
  return describe(app, "");
}

std::string check_arguments(int argc, const char* const* argv) {
  CLI::App app{purpose, "dialer"};
  parsed into;
  build(app, into);
  try {
    app.parse(argc, argv);
    return {};
  } catch (const CLI::ParseError& wrong) {
    return std::string(wrong.what()) + hint(app, argc, argv);
  } catch (...) {
    return explain_failure(std::current_exception()).message;
  }
}

int run(int argc, const char* const* argv) {
  CLI::App app{purpose, "dialer"};
  parsed into;
  build(app, into);
  try {
    app.parse(argc, argv);
    return into.command();
  } catch (const CLI::ParseError& wrong) {
    if (wrong.get_exit_code() == 0) return app.exit(wrong);  // --help, --version
    return say({exit_usage, std::string(wrong.what()) + hint(app, argc, argv)});
  } catch (...) {
    return say(explain_failure(std::current_exception()));
  }
}

}  // namespace dialer::cli
