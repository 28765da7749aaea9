#pragma once
// What the arguments of several commands have in common. CLI11 itself is in no header: it costs seconds to compile.

#include <functional>
#include <string>

#include "cli/commands.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dialer::cli {

/// What the arguments ask for; answers the exit code.
using chosen_command = std::function<int()>;

/// Before the examples in a command's help.
inline constexpr const char* example_mark = "Example:\n";

/// A command below `parent`, explained with an example.
CLI::App* add_command(CLI::App& parent, const char* name, const char* purpose, const std::string& example);

/// `command` it is, when this one is asked for.
void choose(CLI::App* to, chosen_command& chosen, chosen_command command);

void add_output(CLI::App* to, output_format& output);
void add_database(CLI::App* to, std::string& url);
/// Where stored things are.
void add_stored(CLI::App* to, command_options& options);
/// What commands on stored things have in common. Last of a command's options.
void add_common(CLI::App* to, command_options& options);
void add_reason(CLI::App* to, command_options& options);
/// ... and those that change something.
void add_common_of_change(CLI::App* to, command_options& options);
void add_context_name(CLI::App* to, command_options& options);
/// Of commands that the REST API knows, too: through a service instead of a database. After add_common.
void add_context(CLI::App* to, command_options& options);
CLI::Option* add_organisation(CLI::App* to, organisation_options& options);
void add_choice(CLI::App* to, campaign_choice& which, bool required = true);

}  // namespace dialer::cli
