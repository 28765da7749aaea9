#pragma once
// The commands with what each takes. Each function adds one and its options to `app`, and sets `chosen`, which must
// live as long, when that command is asked for.

#include "cli/common_arguments.hpp"

namespace dialer::cli {

// campaign_arguments.cpp: the manager's day
void add_campaign(CLI::App& app, chosen_command& chosen);
void add_opt_out(CLI::App& app, chosen_command& chosen);
void add_explain(CLI::App& app, chosen_command& chosen);

// organisation_arguments.cpp: the set-up, who may change it, and what came of it all
void add_apply(CLI::App& app, chosen_command& chosen);
void add_freeze(CLI::App& app, chosen_command& chosen);
void add_key(CLI::App& app, chosen_command& chosen);
void add_wallet(CLI::App& app, chosen_command& chosen);
void add_contexts(CLI::App& app, chosen_command& chosen);
void add_views(CLI::App& app, chosen_command& chosen);
void add_audit(CLI::App& app, chosen_command& chosen);

// number_arguments.cpp: the inventory of caller IDs, through a service
void add_numbers(CLI::App& app, chosen_command& chosen);

// engine_arguments.cpp: what runs for long, and what judges files
void add_serve(CLI::App& app, chosen_command& chosen);
void add_demo(CLI::App& app, chosen_command& chosen);
void add_simulator(CLI::App& app, chosen_command& chosen);
void add_verify(CLI::App& app, chosen_command& chosen);
void add_check(CLI::App& app, chosen_command& chosen);
void add_do_not_call(CLI::App& app, chosen_command& chosen);

}  // namespace dialer::cli
