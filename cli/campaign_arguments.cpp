#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/errors.hpp"

namespace dialer::cli {
namespace {

void add_campaign_create(CLI::App& campaign, chosen_command& chosen) {
  const auto options = std::make_shared<campaign_create_options>();
  CLI::App* to = add_command(campaign, "create", "Create a campaign, from flags or from a configuration file",
                             "dialer campaign create --name Spring --workspace Sales --agent Ann --window 09:00-20:00");
  CLI::Option* file = to->add_option("-f,--file", options->file, "take the settings of --name from this file");
  to->add_option("--name", options->name, "name of the campaign")->required();
  add_organisation(to, *options)->excludes(file);
  to->add_option("--workspace", options->workspace, "workspace it belongs to")->excludes(file);
  to->add_option("--agent", options->agent, "agent that answers; of the same workspace")->excludes(file);
  to->add_option("--window", options->window, "daily hours at the called party's place")->excludes(file);
  to->add_option("--caller-id", options->caller_id, "sticky, local_presence, least_used_today, weighted or fixed")
      ->excludes(file);
  to->add_option("--caller-id-number", options->caller_id_number, "with fixed: the number to show")->excludes(file);
  to->add_option("--calls-per-second-max", options->calls_per_second_max, "0: only the account's limit")
      ->check(CLI::Range(0.0, 10'000.0))
      ->excludes(file);
  to->add_option("--concurrent-calls-max", options->concurrent_calls_max, "0: unlimited")->excludes(file);
  to->add_option("--ring-timeout-s", options->ring_timeout_s, "seconds to let it ring")
      ->check(CLI::Range(5, 600))
      ->excludes(file);
  to->add_option("--weight", options->weight, "share of the workspace's capacity")
      ->check(CLI::Range(1, 1000))
      ->excludes(file);
  add_common_of_change(to, *options);
  to->callback([&chosen, options] {
    if (options->file.empty() && (options->workspace.empty() || options->agent.empty())) {
      throw usage_error("--workspace and --agent are missing; give both, or take the campaign from a file with -f");
    }
    chosen = [options] { return run_campaign_create(*options); };
  });
}

void add_campaign_import(CLI::App& campaign, chosen_command& chosen) {
  const auto options = std::make_shared<campaign_import_options>();
  CLI::App* to =
      add_command(campaign, "import", "Import a list of contacts; the same list again goes on where it stopped",
                  "dialer campaign import --campaign Spring contacts.csv");
  to->add_option("file", options->file, "CSV or NDJSON; - is standard input")->required();
  add_choice(to, options->which);
  to->add_option("--verdicts", options->verdicts, "where the verdict of every row goes (FILE.verdicts.csv)");
  to->add_option("--format", options->format, "csv, ndjson or detect")
      ->check(CLI::IsMember({"detect", "csv", "ndjson"}));
  to->add_option("--country", options->country, "for numbers written nationally (the campaign's), such as US");
  to->add_option("--phone-column", options->phone_column, "which column to call, when there are several");
  add_common_of_change(to, *options);
  add_context(to, *options);
  choose(to, chosen, [options] { return run_campaign_import(*options); });
}

void add_campaign_list(CLI::App& campaign, chosen_command& chosen) {
  const auto options = std::make_shared<organisation_options>();
  CLI::App* to =
      add_command(campaign, "list", "All campaigns with their states", "dialer campaign list --context main");
  add_organisation(to, *options);
  add_common(to, *options);
  add_context(to, *options);
  choose(to, chosen, [options] { return run_campaign_list(*options); });
}

void add_campaign_actions(CLI::App& campaign, chosen_command& chosen) {
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
    const auto options = std::make_shared<campaign_options>();
    CLI::App* to =
        add_command(campaign, one.name, one.purpose, std::string("dialer campaign ") + one.name + " -c Spring");
    add_choice(to, options->which);
    add_common_of_change(to, *options);
    add_context(to, *options);
    choose(to, chosen, [options, what = one.what] { return run_campaign_action(*options, what); });
  }
}

void add_campaign_status(CLI::App& campaign, chosen_command& chosen) {
  const auto options = std::make_shared<campaign_options>();
  CLI::App* to = add_command(campaign, "status", "Where every contact stands", "dialer campaign status -c Spring");
  add_choice(to, options->which);
  add_common(to, *options);
  add_context(to, *options);
  choose(to, chosen, [options] { return run_campaign_status(*options); });
}

void add_campaign_forecast(CLI::App& campaign, chosen_command& chosen) {
  const auto options = std::make_shared<campaign_forecast_options>();
  CLI::App* to = add_command(campaign, "forecast", "When everybody will have been called, and what that rests on",
                             "dialer campaign forecast -c Spring");
  add_choice(to, options->which);
  to->add_option("--at", options->at, "as of this instant, such as 2026-11-20T15:00:00Z");
  to->add_option("--call-seconds", options->call_seconds, "how long a call holds its line (as so far)")
      ->check(CLI::Range(1.0, 86'400.0));
  add_common(to, *options);
  choose(to, chosen, [options] { return run_campaign_forecast(*options); });
}

void add_campaign_export(CLI::App& campaign, chosen_command& chosen) {
  const auto options = std::make_shared<campaign_options>();
  CLI::App* to = add_command(campaign, "export", "Every contact with its outcome, as CSV or one JSON object a line",
                             "dialer campaign export -c Spring > spring.csv");
  add_choice(to, options->which);
  add_common(to, *options);
  choose(to, chosen, [options] { return run_campaign_export(*options); });
}

}  // namespace

void add_campaign(CLI::App& app, chosen_command& chosen) {
  CLI::App* campaign = add_command(
      app, "campaign", "The manager's day: create, import, list, start, pause, resume, stop, status, forecast, export",
      "dialer campaign status --campaign Spring");
  campaign->require_subcommand(1);
  add_campaign_create(*campaign, chosen);
  add_campaign_import(*campaign, chosen);
  add_campaign_list(*campaign, chosen);
  add_campaign_actions(*campaign, chosen);
  add_campaign_status(*campaign, chosen);
  add_campaign_forecast(*campaign, chosen);
  add_campaign_export(*campaign, chosen);
}

void add_opt_out(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent =
      add_command(app, "opt-out", "People who do not want to be called", "dialer opt-out add --number +12125550123");
  parent->require_subcommand(1);
  struct choice {
    const char* name;
    const char* purpose;
    bool withdraw;
  };
  for (const choice& one : {choice{"add", "Never call these numbers again", false},
                            choice{"withdraw", "These people want to be called again", true}}) {
    CLI::App* to = add_command(*parent, one.name, one.purpose,
                               std::string("dialer opt-out ") + one.name + " --number +12125550123");
    const auto options = std::make_shared<opt_out_options>();
    options->withdraw = one.withdraw;
    to->add_option("--number", options->numbers, "a number; may be given several times");
    to->add_option("--file", options->file, "one number a line; - is standard input");
    add_organisation(to, *options);
    to->add_option("--country", options->country, "for numbers written nationally (US)");
    add_common_of_change(to, *options);
    add_context(to, *options);
    choose(to, chosen, [options] { return run_opt_out(*options); });
  }
}

void add_explain(CLI::App& app, chosen_command& chosen) {
  const auto options = std::make_shared<explain_options>();
  CLI::App* to = add_command(app, "explain", "Why a contact is (not) called: each check with its inputs, and when next",
                             "dialer explain -c Spring --number +12125550123");
  add_choice(to, options->which);
  CLI::Option* contact = to->add_option("--contact", options->contact, "contact id (con_...)");
  to->add_option("--number", options->number, "its number in E.164")->excludes(contact);
  to->add_option("--at", options->at, "judge as of this instant, such as 2026-11-20T15:00:00Z");
  add_common(to, *options);
  to->callback([&chosen, options] {
    if (options->contact.empty() && options->number.empty()) {
      throw usage_error("explain needs --contact ID or --number E164");
    }
    chosen = [options] { return run_explain(*options); };
  });
}

}  // namespace dialer::cli
