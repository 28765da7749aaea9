#include "sql/attempt_report.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace dialer::sql {
namespace {

constexpr std::string_view columns =
    "SELECT i.attempt_id, i.campaign_id, i.contact_id, i.to_number, i.from_number, i.decided_at, i.attempt_number "
    "FROM intent i JOIN campaign c ON c.org_id = i.org_id AND c.id = i.campaign_id WHERE i.org_id = $1 ";

std::vector<attempt_record> read_intents(const result& rows) {
  std::vector<attempt_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    attempt_record one;
    one.attempt = rows.narrow<attempt_id>(i, 0);
    one.campaign = rows.wide<campaign_id>(i, 1);
    one.contact = rows.narrow<contact_id>(i, 2);
    one.to = rows.phone(i, 3);
    one.from = rows.phone(i, 4);
    one.decided_at = rows.time(i, 5);
    one.number = static_cast<std::uint16_t>(rows.integer(i, 6));
    all.push_back(std::move(one));
  }
  return all;
}

void add_outcomes(session& on, organisation_id organisation, std::vector<attempt_record>& to) {
  std::vector<std::int64_t> ids;
  for (const attempt_record& one : to) ids.push_back(static_cast<std::int64_t>(one.attempt.value));
  const result rows = on.run(
      "SELECT attempt_id, kind, at, call_ref, disposition, why, carrier_code, duration_s, answered FROM outcome "
      "WHERE org_id = $1 AND attempt_id = ANY ($2) ORDER BY attempt_id, kind >= 10, at, kind",
      params{}.uuid(organisation).int8_array(ids));
  for (int i = 0; i < rows.rows(); ++i) {
    const auto whose = std::ranges::find(to, rows.narrow<attempt_id>(i, 0), &attempt_record::attempt);
    engine::outcome learned;
    learned.attempt = whose->attempt;
    learned.kind = rows.enumerator<engine::outcome_kind>(i, 1);
    learned.at = rows.time(i, 2);
    learned.call_ref = rows.text(i, 3);
    if (!rows.null(i, 4)) learned.ended_as = rows.enumerator<disposition>(i, 4);
    learned.why = rows.enumerator<reason>(i, 5);
    learned.carrier_code = rows.text(i, 6);
    learned.duration_s = static_cast<std::uint32_t>(rows.integer(i, 7));
    learned.answered = rows.boolean(i, 8);
    if (!learned.call_ref.empty()) whose->call_ref = learned.call_ref;
    whose->learned = std::move(learned);
  }
}

}  // namespace

std::vector<attempt_record> read_attempts(session& on, organisation_id organisation, const attempt_filter& which,
                                          int count) {
  const attempt_id newest{static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())};
  auto all = read_intents(on.run(std::string(columns) +
                                     "AND i.attempt_id < $2 AND ($3::uuid IS NULL OR i.campaign_id = $3) AND "
                                     "($4::uuid IS NULL OR c.workspace_id = $4) ORDER BY i.attempt_id DESC LIMIT $5",
                                 params{}
                                     .uuid(organisation)
                                     .int8(which.before.value_or(newest).value)
                                     .uuid(which.campaign)
                                     .uuid(which.workspace)
                                     .int8(std::int64_t{count})));
  add_outcomes(on, organisation, all);
  return all;
}

std::optional<attempt_record> find_attempt(session& on, organisation_id organisation, attempt_id attempt,
                                           std::optional<workspace_id> workspace) {
  auto found =
      read_intents(on.run(std::string(columns) + "AND i.attempt_id = $2 AND ($3::uuid IS NULL OR c.workspace_id = $3)",
                          params{}.uuid(organisation).int8(attempt.value).uuid(workspace)));
  if (found.empty()) return std::nullopt;
  add_outcomes(on, organisation, found);
  return std::move(found.front());
}

}  // namespace dialer::sql
