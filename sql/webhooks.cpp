#include "sql/webhooks.hpp"

namespace dialer::sql {
namespace {

params key_of(organisation_id organisation, webhook_id webhook) {
  return params{}.uuid(organisation).uuid(webhook);
}
params key_of(const enabled_webhook& of) {
  return key_of(of.organisation, of.id);
}

constexpr std::string_view columns =
    "w.id, w.url, w.kinds, w.state, w.secret, w.previous_secret, w.previous_until, w.created_at";

webhook_record read_record(const result& row, int i) {
  webhook_record one;
  one.id = row.wide<webhook_id>(i, 0);
  one.url = row.text(i, 1);
  one.kinds = static_cast<webhook_kinds>(row.integer(i, 2));
  one.state = row.enumerator<webhook_state>(i, 3);
  one.secret = row.text(i, 4);
  one.previous_secret = row.text(i, 5);
  if (!row.null(i, 6)) one.previous_until = row.time(i, 6);
  one.created_at = row.time(i, 7);
  return one;
}

}  // namespace

void create_webhook(transaction& in, organisation_id organisation, const webhook_record& made, utc_time at) {
  in.run(
      "INSERT INTO webhook (org_id, id, url, kinds, secret, created_at, read_at, campaigns_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $6, clock_timestamp())",
      key_of(organisation, made.id).text(made.url).int2(made.kinds).text(made.secret).time(at));
}

void change_webhook(transaction& in, organisation_id organisation, const webhook_record& to, utc_time at) {
  in.run(
      "UPDATE webhook SET url = $3, kinds = $4, state = $5, secret = $6, previous_secret = $7, previous_until = $8, "
      "read_at = CASE WHEN (state <> 0 AND $5 = 0) OR (~kinds & $4 & 1) <> 0 THEN $9 ELSE read_at END, "
      "campaigns_at = CASE WHEN (state <> 0 AND $5 = 0) OR (~kinds & $4 & 2) <> 0 THEN clock_timestamp() "
      "ELSE campaigns_at END WHERE org_id = $1 AND id = $2",
      key_of(organisation, to.id)
          .text(to.url)
          .int2(to.kinds)
          .int2(to.state)
          .text(to.secret)
          .text(to.previous_secret)
          .time(to.previous_until)
          .time(at));
  if (to.state == webhook_state::on) return;
  in.run("DELETE FROM webhook_delivery WHERE org_id = $1 AND webhook_id = $2", key_of(organisation, to.id));
}

void delete_webhook(transaction& in, organisation_id organisation, webhook_id webhook) {
  in.run("DELETE FROM webhook WHERE org_id = $1 AND id = $2", key_of(organisation, webhook));
}

void replay_webhook(transaction& in, organisation_id organisation, webhook_id webhook, utc_time since) {
  in.run(
      "UPDATE webhook SET read_at = least(read_at, $3), read_attempt = 0, read_kind = 0, "
      "campaigns_at = least(campaigns_at, $3) WHERE org_id = $1 AND id = $2",
      key_of(organisation, webhook).time(since));
}

std::vector<webhook_record> read_webhooks(session& on, organisation_id organisation) {
  const result rows =
      on.run("SELECT " + std::string(columns) +
                 ", (SELECT count(*) FROM webhook_delivery d WHERE d.org_id = w.org_id AND d.webhook_id = w.id) "
                 "FROM webhook w WHERE w.org_id = $1 ORDER BY w.id",
             params{}.uuid(organisation));
  std::vector<webhook_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back(read_record(rows, i));
    all.back().waiting = rows.number(i, 8);
  }
  return all;
}

std::vector<enabled_webhook> read_enabled_webhooks(session& on) {
  const result rows = on.run("SELECT org_id, id FROM webhook WHERE state = 0 ORDER BY org_id, id");
  std::vector<enabled_webhook> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({rows.wide<organisation_id>(i, 0), rows.wide<webhook_id>(i, 1)});
  }
  return all;
}

webhook_claim::webhook_claim(session& on, const enabled_webhook& of) : session_{on}, id_{of.id} {
  held_ = session_.run("SELECT pg_try_advisory_lock($1)", params{}.int8(id_.low)).boolean(0, 0);
}

webhook_claim::~webhook_claim() {
  if (!held_) return;
  try {
    session_.run("SELECT pg_advisory_unlock($1)", params{}.int8(id_.low));
  } catch (const sql_error&) {
    session_.disconnect();  // which releases it, too
  }
}

std::vector<told_outcome> read_outcomes(session& on, organisation_id organisation, const webhook_cursor& after,
                                        utc_time until, int count) {
  const result rows = on.run(
      "SELECT o.attempt_id, o.kind, o.at, i.campaign_id, i.contact_id, i.to_number, i.from_number, i.attempt_number, "
      "o.disposition, o.answered, o.duration_s, o.call_ref, o.carrier_code, o.contact_done, coalesce(c.external_id, "
      "'') "
      "FROM outcome o JOIN intent i ON i.org_id = o.org_id AND i.attempt_id = o.attempt_id "
      "LEFT JOIN contact c ON c.org_id = i.org_id AND c.campaign_id = i.campaign_id AND c.lane = i.lane "
      "AND c.contact_id = i.contact_id "
      "WHERE o.org_id = $1 AND o.at >= $2 AND o.at < $3 AND (o.at, o.attempt_id, o.kind) > ($2, $4, $5) "
      "AND o.kind BETWEEN 11 AND 14 ORDER BY o.at, o.attempt_id, o.kind LIMIT $6",
      params{}
          .uuid(organisation)
          .time(after.at)
          .time(until)
          .int8(after.attempt.value)
          .int2(after.kind)
          .int8(std::int64_t{count}));
  std::vector<told_outcome> all;
  for (int i = 0; i < rows.rows(); ++i) {
    told_outcome one;
    one.what.attempt = rows.narrow<attempt_id>(i, 0);
    one.what.kind = rows.enumerator<engine::outcome_kind>(i, 1);
    one.what.at = rows.time(i, 2);
    one.what.campaign = rows.wide<campaign_id>(i, 3);
    one.what.contact = rows.narrow<contact_id>(i, 4);
    one.to = rows.phone(i, 5);
    one.from = rows.phone(i, 6);
    one.number = static_cast<std::uint16_t>(rows.integer(i, 7));
    if (!rows.null(i, 8)) one.what.ended_as = rows.enumerator<disposition>(i, 8);
    one.what.answered = rows.boolean(i, 9);
    one.what.duration_s = static_cast<std::uint32_t>(rows.integer(i, 10));
    one.what.call_ref = rows.text(i, 11);
    one.what.carrier_code = rows.text(i, 12);
    one.what.contact_done = rows.boolean(i, 13);
    one.external_id = rows.text(i, 14);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<told_campaign> read_changed_campaigns(session& on, organisation_id organisation, utc_time after) {
  const result rows = on.run(
      "SELECT id, workspace_id, name, state, state_changed_at FROM campaign WHERE org_id = $1 AND "
      "state_changed_at > $2 AND state_changed_at < now() - interval '2 s' ORDER BY state_changed_at, id",
      params{}.uuid(organisation).time(after));
  std::vector<told_campaign> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({rows.wide<campaign_id>(i, 0), rows.wide<workspace_id>(i, 1), std::string(rows.text(i, 2)),
                   rows.enumerator<campaigns::campaign_state>(i, 3), rows.time(i, 4)});
  }
  return all;
}

std::optional<claimed_webhook> lock_webhook(transaction& in, const enabled_webhook& of) {
  const result row = in.run("SELECT " + std::string(columns) +
                                ", w.read_at, w.read_attempt, w.read_kind, w.campaigns_at, (SELECT count(*) FROM "
                                "webhook_delivery d WHERE d.org_id = w.org_id AND d.webhook_id = w.id) FROM webhook w "
                                "WHERE w.org_id = $1 AND w.id = $2 AND w.state = 0 FOR UPDATE",
                            key_of(of));
  if (row.rows() == 0) return std::nullopt;
  claimed_webhook claimed;
  claimed.what = read_record(row, 0);
  claimed.cursor.at = row.time(0, 8);
  claimed.cursor.attempt = row.narrow<attempt_id>(0, 9);
  claimed.cursor.kind = row.enumerator<engine::outcome_kind>(0, 10);
  claimed.cursor.campaigns_at = row.time(0, 11);
  claimed.what.waiting = row.number(0, 12);
  return claimed;
}

void take_up(transaction& in, const enabled_webhook& of, const std::vector<delivery_record>& found,
             const webhook_cursor& through, utc_time due_at) {
  if (!found.empty()) {
    std::vector<std::string_view> messages, bodies;
    for (const delivery_record& one : found) {
      messages.push_back(one.message);
      bodies.push_back(one.body);
    }
    in.run(
        "INSERT INTO webhook_delivery (org_id, webhook_id, message, body, due_at) "
        "SELECT $1, $2, m, b, $5 FROM unnest($3, $4) AS t (m, b) ON CONFLICT (org_id, webhook_id, message) DO NOTHING",
        key_of(of).text_array(messages).text_array(bodies).time(due_at));
  }
  in.run(
      "UPDATE webhook SET read_at = $3, read_attempt = $4, read_kind = $5, campaigns_at = $6 "
      "WHERE org_id = $1 AND id = $2",
      key_of(of).time(through.at).int8(through.attempt.value).int2(through.kind).time(through.campaigns_at));
}

std::vector<delivery_record> read_due(session& on, const enabled_webhook& of, utc_time now, int count) {
  const result rows = on.run(
      "SELECT message, body, attempts FROM webhook_delivery WHERE org_id = $1 AND webhook_id = $2 AND due_at <= $3 "
      "ORDER BY due_at, message LIMIT $4",
      key_of(of).time(now).int8(std::int64_t{count}));
  std::vector<delivery_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), static_cast<int>(rows.integer(i, 2))});
  }
  return all;
}

void forget_deliveries(session& on, const enabled_webhook& of, const std::vector<std::string_view>& messages) {
  on.run("DELETE FROM webhook_delivery WHERE org_id = $1 AND webhook_id = $2 AND message = ANY ($3)",
         key_of(of).text_array(messages));
}

void put_off_delivery(session& on, const enabled_webhook& of, const std::string& message, utc_time due_at) {
  on.run(
      "UPDATE webhook_delivery SET attempts = attempts + 1, due_at = $4 "
      "WHERE org_id = $1 AND webhook_id = $2 AND message = $3",
      key_of(of).text(message).time(due_at));
}

void mark_gone(session& on, const enabled_webhook& of, const std::string& url) {
  transaction tx{on};
  const result marked = tx.run("UPDATE webhook SET state = 2 WHERE org_id = $1 AND id = $2 AND state = 0 AND url = $3",
                               key_of(of).text(url));
  if (marked.affected() == 0) return;  // changed meanwhile
  tx.run("DELETE FROM webhook_delivery WHERE org_id = $1 AND webhook_id = $2", key_of(of));
  tx.commit();
}

}  // namespace dialer::sql
