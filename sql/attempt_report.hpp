#pragma once
// Attempts of an organisation, in the order of their ids, which is that of time.

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
  std::optional<disposition> ended_as;  ///< as `learned` says
  std::optional<utc_time> from, until;  ///< decided at or after, and before
};

struct attempt_page {
  std::vector<attempt_record> rows;
  std::optional<attempt_id> next;  ///< after which the next page goes on; nothing: that was the end
};

enum class attempt_order : std::uint8_t { newest_first, oldest_first };

/// Up to `count` attempts that follow `after` in that order. Looks at attempts_looked_at at most: where few ended so, a
/// page can be shorter than `count`, or empty, before the end.
attempt_page read_attempts(session& on, organisation_id organisation, const attempt_filter& which, attempt_order order,
                           std::optional<attempt_id> after, int count);
inline constexpr int attempts_looked_at = 5000;
/// Of that workspace only, when one is given.
std::optional<attempt_record> find_attempt(session& on, organisation_id organisation, attempt_id attempt,
                                           std::optional<workspace_id> workspace);

}  // namespace dialer::sql
