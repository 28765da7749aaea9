#pragma once
// Attempts of an organisation, the newest first.

#include <optional>
#include <vector>

#include "engine/ledger.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

struct attempt_record {
  attempt_id attempt;
  campaign_id campaign;
  contact_id contact;
  e164 to;
  e164 from;
  utc_time decided_at{};
  std::uint16_t number = 1;  ///< of the contact's attempts
  /// What was learned last, a closing one before any other; nothing: decided, and no more is known.
  std::optional<engine::outcome> learned;
  std::string call_ref;  ///< the carrier's name of the call; empty: none yet
};

/// Which attempts are asked for. Nothing: all.
struct attempt_filter {
  std::optional<campaign_id> campaign;
  std::optional<workspace_id> workspace;
  std::optional<attempt_id> before;  ///< older than this one
};

std::vector<attempt_record> read_attempts(session& on, organisation_id organisation, const attempt_filter& which,
                                          int count);
/// Of that workspace only, when one is given.
std::optional<attempt_record> find_attempt(session& on, organisation_id organisation, attempt_id attempt,
                                           std::optional<workspace_id> workspace);

}  // namespace dialer::sql
