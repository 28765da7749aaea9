#include "sql/undecided_contacts.hpp"

#include <charconv>
#include <string_view>

#include "sql/attempt_order.hpp"

namespace dialer::sql {
namespace {

// "1790000000000000 1790000000000001", in microseconds.
void read_instants(std::string_view text, std::vector<utc_time>& into) {
  into.clear();
  while (!text.empty()) {
    std::int64_t at = 0;
    const char* const end = std::from_chars(text.data(), text.data() + text.size(), at).ptr;
    into.emplace_back(std::chrono::microseconds{at});
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
}

}  // namespace

void visit_undecided(transaction& in, organisation_id organisation, campaign_id campaign, utc_time since,
                     std::chrono::milliseconds within, const std::function<void(const undecided_contact&)>& visit) {
  // A plan that looks numbers up one by one, for want of statistics on a list just imported, would take hours.
  in.on().run_script("SET LOCAL enable_nestloop = off", std::chrono::seconds{5});
  undecided_contact one;
  in.on().for_each_row(
      "SELECT c.lane, c.contact_id, c.number, c.last_caller_id, c.attempts, c.due_at, c.why, x.number IS NOT NULL, "
      "coalesce(h.open, false), coalesce(h.at, '') FROM "
      "(SELECT n.lane, n.contact_id, n.number, 0::bigint AS last_caller_id, 0 AS attempts, "
      "NULL::timestamptz AS due_at, 0::smallint AS why FROM lane l JOIN contact n ON n.org_id = l.org_id AND "
      "n.campaign_id = l.campaign_id AND n.lane = l.lane AND n.contact_id > l.through "
      "WHERE l.org_id = $1 AND l.campaign_id = $2 "
      "UNION ALL SELECT w.lane, w.contact_id, w.number, w.last_caller_id, w.attempts, w.due_at, w.why "
      "FROM contact_wait w WHERE w.org_id = $1 AND w.campaign_id = $2) c "
      "LEFT JOIN opt_out x ON x.org_id = $1 AND x.number = c.number AND NOT x.revoked "
      // As a take-over reads them: what was certainly never sent counts for nothing, what is open counts however old.
      "LEFT JOIN (SELECT i.to_number, bool_or(e.attempt_id IS NULL) AS open, "
      "string_agg((extract(epoch FROM i.decided_at) * 1000000)::bigint::text, ' ') FILTER (WHERE i.decided_at > $3) "
      "AS at FROM intent i "
      "LEFT JOIN outcome e ON e.org_id = i.org_id AND e.attempt_id = i.attempt_id AND e.kind BETWEEN 10 AND 13 "
      "WHERE i.org_id = $1 AND i.attempt_id >= least($4, (SELECT open_from FROM org_owner WHERE org_id = $1)) "
      "AND e.kind IS DISTINCT FROM 10 GROUP BY i.to_number) h ON h.to_number = c.number",
      params{}.uuid(organisation).uuid(campaign).time(since).int8(first_id_at(since - id_slack)),
      [&](const result& row) {
        one.what.lane = static_cast<campaigns::lane_number>(row.integer(0, 0));
        one.what.id = row.narrow<contact_id>(0, 1);
        one.what.number = row.phone(0, 2);
        one.what.last_caller_id = row.phone(0, 3);
        one.what.attempts = static_cast<std::uint16_t>(row.integer(0, 4));
        one.what.fresh = row.null(0, 5);
        one.what.due_at = row.time(0, 5);
        one.why = row.enumerator<reason>(0, 6);
        one.opted_out = row.boolean(0, 7);
        one.in_flight = row.boolean(0, 8);
        read_instants(row.text(0, 9), one.called_number);
        visit(one);
      },
      within);
}

}  // namespace dialer::sql
