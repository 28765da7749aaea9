#include "sql/attempt_agent.hpp"

namespace dialer::sql {

std::optional<std::string> read_agent_address(session& on, organisation_id organisation, attempt_id attempt) {
  const result row = on.run(
      "SELECT a.answer_url FROM intent i JOIN campaign c ON c.org_id = i.org_id AND c.id = i.campaign_id "
      "JOIN agent a ON a.org_id = i.org_id AND a.id = c.agent_id WHERE i.org_id = $1 AND i.attempt_id = $2",
      params{}.uuid(organisation).int8(attempt.value));
  return row.rows() == 0 ? std::nullopt : std::optional{std::string(row.text(0, 0))};
}

}  // namespace dialer::sql
