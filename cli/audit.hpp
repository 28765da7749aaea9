#pragma once
// The ledger judged by the carrier's own record: two books kept by different hands must agree.

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::cli {

struct audit_result {
  std::uint64_t attempted = 0;     ///< attempts in the ledger
  std::uint64_t acknowledged = 0;  ///< ... of which the carrier's acceptance was written down
  std::uint64_t lost = 0;          ///< a call in one book that is missing in the other, its attempt being closed
  std::uint64_t unexpected = 0;    ///< calls in the log that no attempt asked for, or to or from another number
  std::uint64_t duplicated = 0;  ///< a second call for one attempt, to a number still on the line, or of one reference
  std::uint64_t recovered = 0;   ///< attempts in doubt whose call was found afterwards
  std::uint64_t unresolved = 0;  ///< calls whose attempt is still open without a reference: the engine must go on
  std::uint64_t calls = 0;       ///< calls in the log on the organisation's accounts
  std::uint64_t elsewhere = 0;   ///< calls in the log on other accounts; not judged
  bool truncated = false;        ///< the log's last line was unfinished and left out
  std::vector<std::string> examples;  ///< up to ten disagreements of each kind, as sentences

  bool agrees() const noexcept { return lost == 0 && unexpected == 0 && duplicated == 0; }
};

/// Compares all attempts of the organisation with all calls that the log of a carrier simulator shows on its accounts.
/// Judge at rest: calls that begin or end meanwhile look like disagreements. The log goes to temporary tables of `on`
/// and is compared there: constant memory here. Throws std::system_error or std::runtime_error for an unreadable log,
/// sql::sql_error.
audit_result audit(sql::session& on, organisation_id organisation, const std::string& log);

}  // namespace dialer::cli
