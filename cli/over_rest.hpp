#pragma once
// Commands that work through a service of options.context instead of a database. They print what their counterparts on
// a database print.

#include "cli/commands.hpp"
#include "model/e164.hpp"

namespace dialer::cli::over_rest {

int campaign_list(const organisation_options& options);
int campaign_action(const campaign_options& options, sql::campaign_action action);
int campaign_status(const campaign_options& options);
/// Verdicts are told for the first hundred rows that were not accepted, on standard error.
int campaign_import(const campaign_import_options& options, const std::string& list);
int opt_out(const opt_out_options& options, const std::vector<e164>& numbers);
int freeze(const freeze_options& options, bool frozen);

}  // namespace dialer::cli::over_rest
