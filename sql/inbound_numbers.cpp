#include "sql/inbound_numbers.hpp"

#include <string>

namespace dialer::sql {
namespace {

// Of an agent: id, answer_url, published, frozen, its workspace's frozen, concurrent_calls_max.
constexpr int agent_columns = 6;

std::optional<callerid::answering_agent> read_agent(const result& row, int column) {
  if (row.null(0, column)) return std::nullopt;
  return callerid::answering_agent{.id = row.wide<agent_id>(0, column),
                                   .answer_url = std::string(row.text(0, column + 1)),
                                   .published = row.boolean(0, column + 2),
                                   .frozen = row.boolean(0, column + 3),
                                   .workspace_frozen = row.boolean(0, column + 4),
                                   .concurrent_calls_max = static_cast<std::uint32_t>(row.integer(0, column + 5))};
}

}  // namespace

std::optional<callerid::called_number> read_called_number(session& on, organisation_id organisation, e164 number) {
  const result row = on.run(
      "SELECT n.status, o.frozen, n.voicemail_message, "
      "a.id, a.answer_url, a.published, a.frozen, aw.frozen, a.concurrent_calls_max, "
      "f.id, f.answer_url, f.published, f.frozen, fw.frozen, f.concurrent_calls_max "
      "FROM phone_number n JOIN org_owner o ON o.org_id = n.org_id "
      "LEFT JOIN assignment s ON s.org_id = n.org_id AND s.number_id = n.id AND s.profile = 2 "
      "LEFT JOIN agent a ON a.org_id = n.org_id AND a.id = s.agent_id "
      "LEFT JOIN workspace aw ON aw.org_id = n.org_id AND aw.id = a.workspace_id "
      "LEFT JOIN agent f ON f.org_id = n.org_id AND f.id = n.fallback_agent_id "
      "LEFT JOIN workspace fw ON fw.org_id = n.org_id AND fw.id = f.workspace_id "
      "WHERE n.org_id = $1 AND n.number = $2 ORDER BY n.status = 3, n.released_at DESC LIMIT 1",
      params{}.uuid(organisation).int8(number.digits()));
  if (row.rows() == 0) return std::nullopt;
  constexpr int first_agent = 3;
  return callerid::called_number{.status = row.enumerator<callerid::number_status>(0, 0),
                                 .organisation_frozen = row.boolean(0, 1),
                                 .agent = read_agent(row, first_agent),
                                 .fallback = read_agent(row, first_agent + agent_columns),
                                 .voicemail_message = std::string(row.text(0, 2))};
}

}  // namespace dialer::sql
