#pragma once
// Why is this contact (not) called? Every check between the list and the carrier, in the engine's order, with what it
// judged by.

#include <vector>

#include "campaigns/settings.hpp"
#include "compliance/gate.hpp"
#include "engine/ledger.hpp"
#include "sql/campaign_report.hpp"
#include "sql/session.hpp"

namespace dialer::cli {

/// What one explanation starts from, as of one instant.
struct explain_inputs {
  engine::organisation_snapshot organisation;  ///< accounts without secrets
  campaigns::settings campaign;
  sql::contact_facts contact;
  compliance::rules_snapshot rules;
  utc_time now{};
};

/// Steps in order; the first that is not allowed is what the contact waits for, or why it is never called. A step's
/// inputs are text for a person. Reads the attempts of the last seven days from `on`.
std::vector<compliance::gate_step> explain(sql::session& on, const explain_inputs& in);

}  // namespace dialer::cli
