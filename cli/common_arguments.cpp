#include "cli/common_arguments.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <utility>

#include "cli/errors.hpp"

namespace dialer::cli {
namespace {

const std::map<std::string, output_format> formats{{"table", output_format::table}, {"json", output_format::json}};

}  // namespace

CLI::App* add_command(CLI::App& parent, const char* name, const char* purpose, const std::string& example) {
  CLI::App* made = parent.add_subcommand(name, purpose);
  made->footer(example_mark + ("  " + example));
  return made;
}

void choose(CLI::App* to, chosen_command& chosen, chosen_command command) {
  to->callback([&chosen, command = std::move(command)] { chosen = command; });
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

void add_common(CLI::App* to, command_options& options) {
  add_stored(to, options);
  add_output(to, options.output);
}

void add_reason(CLI::App* to, command_options& options) {
  to->add_option("--reason", options.reason, "why, for the audit log");
}

void add_common_of_change(CLI::App* to, command_options& options) {
  add_reason(to, options);
  add_common(to, options);
}

void add_context_name(CLI::App* to, command_options& options) {
  to->add_option("--context", options.context, "through the service of this context; without it DIALER_CONTEXT's")
      ->type_name("NAME");
}

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

void add_choice(CLI::App* to, campaign_choice& which, bool required) {
  to->add_option("--campaign,-c", which.campaign, "campaign, by name or id")->required(required);
  to->add_option("--organisation", which.organisation, "its organisation, when the name is not unique");
}

}  // namespace dialer::cli
