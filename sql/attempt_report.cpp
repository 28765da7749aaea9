#include "sql/attempt_report.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "sql/attempt_order.hpp"

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
  std::unordered_map<attempt_id, attempt_record*> by_id;
  for (attempt_record& one : to) {
    ids.push_back(static_cast<std::int64_t>(one.attempt.value));
    by_id[one.attempt] = &one;
  }
  if (to.empty()) return;
  const result rows = on.run(
      "SELECT attempt_id, kind, at, call_ref, disposition, why, carrier_code, duration_s, answered FROM outcome "
      "WHERE org_id = $1 AND attempt_id = ANY ($2) ORDER BY attempt_id, kind >= 10, at, kind",
      params{}.uuid(organisation).int8_array(ids));
  for (int i = 0; i < rows.rows(); ++i) {
    const auto whose = by_id.at(rows.narrow<attempt_id>(i, 0));
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

attempt_page read_attempts(session& on, organisation_id organisation, const attempt_filter& which, attempt_order order,
                           std::optional<attempt_id> after, int count) {
  const bool newest_first = order == attempt_order::newest_first;
  params values = params{}.uuid(organisation);
  std::string where;
  // What is not asked for is not in the statement: an index is chosen by what is.
  const auto narrow = [&](const char* condition) {
    where += std::string(" AND ") + condition + " $" + std::to_string(values.values().size() + 1);
  };
  if (after) {
    narrow(newest_first ? "i.attempt_id <" : "i.attempt_id >");
    values.int8(after->value);
  }
  if (which.campaign) {
    narrow("i.campaign_id =");
    values.uuid(*which.campaign);
  }
  if (which.workspace) {
    narrow("c.workspace_id =");
    values.uuid(*which.workspace);
  }
  if (which.from) {
    narrow("i.decided_at >=");
    values.time(*which.from);
    narrow("i.attempt_id >=");
    values.int8(first_id_at(*which.from - id_slack));
  }
  if (which.until) {
    narrow("i.decided_at <");
    values.time(*which.until);
    narrow("i.attempt_id <");
    values.int8(first_id_at(*which.until + id_slack));
  }
  const int looked_at = which.ended_as ? std::max(count, attempts_looked_at) : count;
  where += std::string(" ORDER BY i.attempt_id ") + (newest_first ? "DESC" : "ASC") + " LIMIT $" +
           std::to_string(values.values().size() + 1);
  auto found = read_intents(on.run(std::string(columns) + where, values.int8(std::int64_t{looked_at} + 1)));
  std::optional<attempt_id> last;
  const bool more = found.size() > static_cast<std::size_t>(looked_at);
  if (more) found.pop_back();
  if (!found.empty()) last = found.back().attempt;
  add_outcomes(on, organisation, found);
  attempt_page page;
  for (attempt_record& one : found) {
    if (which.ended_as && (!one.learned || one.learned->ended_as != which.ended_as)) continue;
    if (page.rows.size() == static_cast<std::size_t>(count)) {
      page.next = page.rows.back().attempt;
      return page;
    }
    page.rows.push_back(std::move(one));
  }
  if (more) page.next = last;
  return page;
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
