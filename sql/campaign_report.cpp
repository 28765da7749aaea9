#include "sql/campaign_report.hpp"

#include <algorithm>
#include <stdexcept>

namespace dialer::sql {
namespace {

constexpr std::array<std::string_view, 4> stage_names{"fresh", "open", "waiting", "done"};

// Stage as a number; a misplaced contact reads as -1.
constexpr std::string_view row_columns =
    "source_row, contact_id, number, name, external_id, CASE WHEN fresh::int + open::int + waiting::int + done::int <> "
    "1 "
    "THEN -1 WHEN fresh THEN 0 WHEN open THEN 1 WHEN waiting THEN 2 ELSE 3 END, disposition, attempts, why, due_at";

/// `from`: the first of row_columns.
contact_row read_row(const result& row, int i, int from = 0) {
  contact_row one;
  one.row = row.number(i, from);
  one.contact = row.narrow<contact_id>(i, from + 1);
  one.number = row.phone(i, from + 2);
  one.name = row.text(i, from + 3);
  one.external_id = row.text(i, from + 4);
  if (row.integer(i, from + 5) < 0)
    throw std::runtime_error("contact " + one.contact.text() + " is in no stage or in several");
  one.stage = row.enumerator<contact_stage>(i, from + 5);
  if (!row.null(i, from + 6)) one.ended_as = row.enumerator<disposition>(i, from + 6);
  one.attempts = row.number(i, from + 7);
  one.why = row.enumerator<reason>(i, from + 8);
  if (!row.null(i, from + 9)) one.due_at = row.time(i, from + 9);
  return one;
}

// One by its key: over a set of them the view would look at every attempt of the campaign.
contact_row read_standing(session& on, const params& campaign, contact_id contact, std::int32_t lane) {
  return read_row(on.run("SELECT " + std::string(row_columns) +
                             " FROM contact_state WHERE org_id = $1 AND campaign_id = $2 AND "
                             "contact_id = $3 AND lane = $4",
                         params{campaign}.int8(contact.value).int2(lane)),
                  0);
}

template <std::size_t N>
void add(std::array<std::uint64_t, N>& to, std::int64_t slot, std::uint64_t count) {
  to.at(static_cast<std::size_t>(slot)) += count;
}

std::vector<attempt_row> read_attempts(session& on, organisation_id organisation, contact_id contact) {
  const result rows = on.run(
      "SELECT i.attempt_id, i.decided_at, i.from_number, i.attempt_number, i.why, o.kind, o.at, o.call_ref, "
      "o.disposition, "
      "o.why, o.carrier_code, o.detail, o.duration_s, o.answered, o.contact_done FROM intent i LEFT JOIN outcome o "
      "ON o.org_id = i.org_id AND o.attempt_id = i.attempt_id WHERE i.org_id = $1 AND i.contact_id = $2 "
      "ORDER BY i.attempt_id, o.at, o.kind",
      params{}.uuid(organisation).int8(contact.value));
  std::vector<attempt_row> attempts;
  for (int i = 0; i < rows.rows(); ++i) {
    const auto id = rows.narrow<attempt_id>(i, 0);
    if (attempts.empty() || attempts.back().attempt != id) {
      attempts.push_back({id,
                          rows.time(i, 1),
                          rows.phone(i, 2),
                          static_cast<std::uint16_t>(rows.integer(i, 3)),
                          rows.enumerator<callerid::choice>(i, 4),
                          {}});
    }
    if (rows.null(i, 5)) continue;
    engine::outcome one;
    one.attempt = id;
    one.kind = rows.enumerator<engine::outcome_kind>(i, 5);
    one.at = rows.time(i, 6);
    one.call_ref = rows.text(i, 7);
    if (!rows.null(i, 8)) one.ended_as = rows.enumerator<disposition>(i, 8);
    one.why = rows.enumerator<reason>(i, 9);
    one.carrier_code = rows.text(i, 10);
    one.detail = rows.text(i, 11);
    one.duration_s = static_cast<std::uint32_t>(rows.integer(i, 12));
    one.answered = rows.boolean(i, 13);
    one.contact_done = rows.boolean(i, 14);
    attempts.back().outcomes.push_back(std::move(one));
  }
  return attempts;
}

}  // namespace

std::string_view to_string(contact_stage stage) noexcept {
  return stage_names[static_cast<std::size_t>(stage)];
}

std::optional<contact_stage> parse_contact_stage(std::string_view text) noexcept {
  const auto* found = std::ranges::find(stage_names, text);
  return found == stage_names.end() ? std::nullopt
                                    : std::optional{static_cast<contact_stage>(found - stage_names.begin())};
}

campaign_status read_status(session& on, organisation_id organisation, campaign_id campaign) {
  campaign_status status;
  const params key = params{}.uuid(organisation).uuid(campaign);
  on.for_each_row(
      "SELECT fresh::int + open::int + waiting::int + done::int, CASE WHEN fresh THEN 0 WHEN open THEN 1 WHEN waiting "
      "THEN 2 "
      "ELSE 3 END, coalesce(disposition, 0::smallint), why, attempts > 0, count(*), sum(attempts)::bigint, "
      "CASE WHEN waiting THEN lane END, CASE WHEN waiting THEN place END, min(due_at) FROM contact_state "
      "WHERE org_id = $1 AND campaign_id = $2 GROUP BY 1, 2, 3, 4, 5, 8, 9 ORDER BY 8, 4",
      key, [&](const result& row) {
        const std::uint64_t count = row.number(0, 5);
        status.contacts += count;
        status.attempts += row.number(0, 6);
        if (row.integer(0, 0) != 1) {
          status.misplaced += count;
          return;
        }
        add(status.by_stage, row.integer(0, 1), count);
        const auto stage = row.enumerator<contact_stage>(0, 1);
        if (stage == contact_stage::waiting) {
          // Groups differ by disposition too, which the waiting table does not show.
          const auto lane = static_cast<campaigns::lane_number>(row.integer(0, 7));
          const auto why = row.enumerator<reason>(0, 3);
          if (status.waiting.empty() || status.waiting.back().lane != lane || status.waiting.back().why != why) {
            status.waiting.push_back({lane, std::string(row.text(0, 8)), why, 0, row.time(0, 9)});
          }
          status.waiting.back().contacts += count;
          status.waiting.back().first_due = std::min(status.waiting.back().first_due, row.time(0, 9));
        } else if (stage == contact_stage::done && row.enumerator<reason>(0, 3) != reason::none) {
          add(status.done_without_attempt, row.integer(0, 3), count);
        } else if (stage == contact_stage::done) {
          add(status.done_by_disposition, row.integer(0, 2), count);
        }
      });
  return status;
}

call_length read_call_length(session& on, organisation_id organisation, campaign_id campaign) {
  const result row = on.run(
      "SELECT count(*), coalesce(1000 * extract(epoch FROM avg(o.at - i.decided_at)), 0)::bigint FROM intent i "
      "JOIN outcome o ON o.org_id = i.org_id AND o.attempt_id = i.attempt_id AND o.kind = $3 "
      "WHERE i.org_id = $1 AND i.campaign_id = $2",
      params{}.uuid(organisation).uuid(campaign).int2(engine::outcome_kind::ended));
  return {row.number(0, 0), std::chrono::milliseconds{row.integer(0, 1)}};
}

void export_contacts(session& on, organisation_id organisation, campaign_id campaign,
                     const std::function<void(const contact_row&)>& visit) {
  on.for_each_row("SELECT " + std::string(row_columns) +
                      " FROM contact_state WHERE org_id = $1 AND campaign_id = $2 ORDER BY contact_id",
                  params{}.uuid(organisation).uuid(campaign), [&](const result& row) { visit(read_row(row, 0)); });
}

contact_page read_contacts(transaction& in, organisation_id organisation, campaign_id campaign,
                           const contact_place& after, int count, const contact_filter& which) {
  const params key = params{}.uuid(organisation).uuid(campaign);
  std::string of_number, standing;
  if (which.number) of_number = " AND number = $6";
  if (which.stage) standing += " AND " + std::string(to_string(*which.stage));  // named like the view's column
  if (which.ended_as) standing += which.number ? " AND disposition = $7" : " AND disposition = $6";
  // All of it reads by key: planned so even before a list just imported has statistics.
  in.on().run_script(
      "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off; "
      "SET LOCAL enable_mergejoin = off; SET LOCAL jit = off",
      std::chrono::seconds{5});
  // OFFSET 0 keeps the view's part apart, so that it is asked for one contact at a time, each by its key.
  const std::string statement =
      "SELECT p.lane, p.contact_id, s.* FROM (SELECT lane, contact_id FROM contact WHERE org_id = $1 AND campaign_id = "
      "$2 AND (lane, contact_id) > ($3, $4)" +
      of_number + " ORDER BY lane, contact_id LIMIT $5) p LEFT JOIN LATERAL (SELECT " + std::string(row_columns) +
      " FROM contact_state WHERE org_id = $1 AND campaign_id = $2 AND contact_id = p.contact_id AND lane = p.lane" +
      standing + " OFFSET 0) s ON true ORDER BY p.lane, p.contact_id";
  contact_page page;
  contact_place at = after;
  // What is asked for may be everywhere or nowhere: further at every step, and not for ever.
  for (int looked_at = 0, step = count;; step = std::min(2 * step, rows_looked_at - looked_at)) {
    params values = params{key}.int4(at.lane).int8(at.contact.value).int8(std::int64_t{step} + 1);  // one too many
    if (which.number) values.int8(which.number->digits());
    if (which.ended_as) values.int2(*which.ended_as);
    const result rows = in.run(statement, values);
    for (int i = 0; i < std::min(rows.rows(), step); ++i) {
      if (page.rows.size() == static_cast<std::size_t>(count)) {
        page.next = at;
        return page;
      }
      at = {static_cast<std::int32_t>(rows.integer(i, 0)), rows.narrow<contact_id>(i, 1)};
      if (!rows.null(i, 3)) page.rows.push_back(read_row(rows, i, 2));
    }
    if (rows.rows() <= step) return page;
    looked_at += step;
    if (page.rows.size() == static_cast<std::size_t>(count) || looked_at >= rows_looked_at) {
      page.next = at;
      return page;
    }
  }
}

std::optional<contact_facts> find_contact(session& on, organisation_id organisation, campaign_id campaign,
                                          contact_id contact) {
  const params key = params{}.uuid(organisation).uuid(campaign).int8(contact.value);
  const result imported = on.run(
      "SELECT c.time_zone, c.state, c.postal_code, c.variables::text, c.lane, l.place, "
      "EXISTS (SELECT 1 FROM opt_out x WHERE x.org_id = $1 AND x.number = c.number AND NOT x.revoked) "
      "FROM lane l JOIN contact c ON c.org_id = l.org_id AND c.campaign_id = l.campaign_id AND c.lane = l.lane "
      "WHERE l.org_id = $1 AND l.campaign_id = $2 AND c.contact_id = $3",
      key);
  if (imported.rows() == 0) return std::nullopt;
  const auto lane = static_cast<campaigns::lane_number>(imported.integer(0, 4));
  contact_facts facts;
  facts.state = read_standing(on, params{}.uuid(organisation).uuid(campaign), contact, lane);
  facts.time_zone = imported.text(0, 0);
  facts.us_state = imported.text(0, 1);
  facts.postal_code = imported.text(0, 2);
  facts.variables = imported.text(0, 3);
  facts.lane = lane;
  facts.place = imported.text(0, 5);
  facts.opted_out = imported.boolean(0, 6);
  facts.attempts = read_attempts(on, organisation, contact);
  if (!facts.attempts.empty()) facts.last_caller_id = facts.attempts.back().from;
  return facts;
}

std::optional<contact_facts> find_contact(session& on, organisation_id organisation, campaign_id campaign,
                                          e164 number) {
  const result found = on.run("SELECT contact_id FROM contact WHERE org_id = $1 AND campaign_id = $2 AND number = $3",
                              params{}.uuid(organisation).uuid(campaign).int8(number.digits()));
  return found.rows() == 0 ? std::nullopt : find_contact(on, organisation, campaign, found.narrow<contact_id>(0, 0));
}

std::vector<fresh_count> read_fresh(session& on, organisation_id organisation, campaign_id campaign) {
  const result rows = on.run(
      "SELECT l.place, count(*) FROM lane l JOIN contact c ON c.org_id = l.org_id AND c.campaign_id = l.campaign_id "
      "AND c.lane = l.lane AND c.contact_id > l.through WHERE l.org_id = $1 AND l.campaign_id = $2 "
      "GROUP BY l.place ORDER BY 2 DESC, 1",
      params{}.uuid(organisation).uuid(campaign));
  std::vector<fresh_count> counts;
  for (int i = 0; i < rows.rows(); ++i) counts.push_back({std::string{rows.text(i, 0)}, rows.number(i, 1)});
  return counts;
}

}  // namespace dialer::sql
