// The reading half of the ledger: take-over, contacts, changes and stored callbacks.
#include <algorithm>

#include "sql/attempt_order.hpp"
#include "sql/generation.hpp"
#include "sql/ledger.hpp"
#include "sql/storable_text.hpp"

namespace dialer::sql {
namespace {

constexpr std::chrono::days history_length{7};
// Longer than the longest window that a carrier counts in, five seconds, and the way from decision to request together.
constexpr std::chrono::seconds starts_length{15};
// So long after its close a call that was declared absent is recognised, and so long a doubt about it may have lasted.
constexpr std::chrono::hours absent_length{24};
constexpr std::chrono::hours doubt_length{24};

std::vector<engine::opt_out_change> read_opt_outs(transaction& in, organisation_id organisation, std::uint64_t since) {
  std::vector<engine::opt_out_change> changes;
  in.on().for_each_row("SELECT number, NOT revoked FROM opt_out WHERE org_id = $1 AND generation > $2",
                       params{}.uuid(organisation).int8(since), [&](const result& row) {
                         changes.push_back({row.phone(0, 0), row.boolean(0, 1)});
                       });
  return changes;
}

std::vector<engine::open_attempt> read_open(transaction& in, organisation_id organisation) {
  std::vector<engine::open_attempt> open;
  in.on().for_each_row(
      "SELECT i.attempt_id, i.campaign_id, i.contact_id, i.to_number, i.from_number, i.integration_id, i.decided_at, "
      "i.lane, i.attempt_number, i.why, newest.kind, coalesce(newest.call_ref, '') "
      "FROM intent i LEFT JOIN LATERAL (SELECT max(o.kind) AS kind, "
      "(array_agg(o.call_ref ORDER BY o.kind DESC) FILTER (WHERE o.call_ref <> ''))[1] AS call_ref "
      "FROM outcome o WHERE o.org_id = i.org_id AND o.attempt_id = i.attempt_id AND o.kind < 10) newest ON true "
      "WHERE i.org_id = $1 AND i.attempt_id >= (SELECT open_from FROM org_owner WHERE org_id = $1) "
      "AND NOT EXISTS (SELECT 1 FROM outcome c WHERE c.org_id = i.org_id AND c.attempt_id = i.attempt_id AND c.kind >= "
      "10) "
      "ORDER BY i.attempt_id",
      params{}.uuid(organisation), [&](const result& row) {
        engine::open_attempt one;
        one.what.attempt = row.narrow<attempt_id>(0, 0);
        one.what.campaign = row.wide<campaign_id>(0, 1);
        one.what.contact = row.narrow<contact_id>(0, 2);
        one.what.to = row.phone(0, 3);
        one.what.from = row.phone(0, 4);
        one.what.integration = row.wide<integration_id>(0, 5);
        one.what.decided_at = row.time(0, 6);
        one.what.lane = static_cast<campaigns::lane_number>(row.integer(0, 7));
        one.what.attempt_number = static_cast<std::uint16_t>(row.integer(0, 8));
        one.what.why = row.enumerator<callerid::choice>(0, 9);
        if (!row.null(0, 10)) one.last_kind = row.enumerator<engine::outcome_kind>(0, 10);
        one.call_ref = row.text(0, 11);
        open.push_back(std::move(one));
      });
  return open;
}

std::vector<engine::past_attempt> read_history(transaction& in, organisation_id organisation, utc_time since) {
  std::vector<engine::past_attempt> history;
  in.on().for_each_row(
      // An attempt has one closing outcome; 14 is a late word after it.
      "SELECT i.to_number, i.from_number, i.decided_at, c.at, i.campaign_id, c.disposition, c.duration_s FROM intent i "
      "LEFT JOIN outcome c ON c.org_id = i.org_id AND c.attempt_id = i.attempt_id AND c.kind BETWEEN 10 AND 13 "
      "WHERE i.org_id = $1 AND i.attempt_id >= $2 AND i.decided_at > $3 AND c.kind IS DISTINCT FROM 10 "
      "ORDER BY i.attempt_id",
      params{}.uuid(organisation).int8(first_id_at(since - id_slack)).time(since), [&](const result& row) {
        engine::past_attempt& one = history.emplace_back();
        one.to = row.phone(0, 0);
        one.from = row.phone(0, 1);
        one.at = row.time(0, 2);
        one.open = row.null(0, 3);
        one.campaign = row.wide<campaign_id>(0, 4);
        if (!row.null(0, 5)) one.ended_as = row.enumerator<disposition>(0, 5);
        if (!one.open) one.ended_at = row.time(0, 3);
        one.duration_s = static_cast<std::uint32_t>(row.integer(0, 6));
      });
  return history;
}

// What was not sent because of the pace may have reached the carrier all the same: it was refused there, or so it
// seemed.
std::vector<engine::past_start> read_starts(transaction& in, organisation_id organisation, utc_time since) {
  std::vector<engine::past_start> starts;
  in.on().for_each_row(
      "SELECT i.integration_id, i.decided_at FROM intent i WHERE i.org_id = $1 AND i.attempt_id >= $2 "
      "AND i.decided_at > $3 AND NOT EXISTS (SELECT 1 FROM outcome n WHERE n.org_id = i.org_id AND "
      "n.attempt_id = i.attempt_id AND n.kind = 10 AND n.why <> $4)",
      // No slack: an identifier is never older than its decision.
      params{}.uuid(organisation).int8(first_id_at(since)).time(since).int2(reason::account_throttled),
      [&](const result& row) {
        starts.push_back({row.wide<integration_id>(0, 0), row.time(0, 1)});
      });
  return starts;
}

// A doubt about one of `open` must not take the call of the attempt before it for its own.
std::vector<engine::known_call> read_known_calls(transaction& in, organisation_id organisation,
                                                 const std::vector<engine::open_attempt>& open) {
  std::vector<engine::known_call> calls;
  if (open.empty()) return calls;
  std::vector<std::int64_t> numbers;
  utc_time oldest = utc_time::max();
  for (const engine::open_attempt& one : open) {
    numbers.push_back(static_cast<std::int64_t>(one.what.to.digits()));
    oldest = std::min(oldest, one.what.decided_at);
  }
  in.on().for_each_row(
      "SELECT i.to_number, o.call_ref FROM intent i JOIN outcome o ON o.org_id = i.org_id AND "
      "o.attempt_id = i.attempt_id WHERE i.org_id = $1 AND i.attempt_id >= $2 AND i.to_number = ANY ($3) "
      "AND o.call_ref <> '' AND EXISTS (SELECT 1 FROM outcome c WHERE c.org_id = i.org_id AND "
      "c.attempt_id = i.attempt_id AND c.kind >= 10)",
      params{}.uuid(organisation).int8(first_id_at(oldest - std::chrono::hours{2})).int8_array(numbers),
      [&](const result& row) {
        calls.push_back({row.phone(0, 0), std::string{row.text(0, 1)}});
      });
  return calls;
}

std::vector<engine::absent_attempt> read_absent(transaction& in, organisation_id organisation, utc_time since) {
  std::vector<engine::absent_attempt> absent;
  in.on().for_each_row(
      // The few outcomes first, out of their index; then each one's intent.
      "WITH closed AS MATERIALIZED (SELECT o.attempt_id, o.at FROM outcome o WHERE o.org_id = $1 AND o.attempt_id >= "
      "$2 "
      "AND o.kind = 12 AND o.at > $3 AND NOT EXISTS (SELECT 1 FROM outcome l WHERE l.org_id = o.org_id AND "
      "l.attempt_id = o.attempt_id AND l.kind = 14)) "
      "SELECT i.attempt_id, i.campaign_id, i.contact_id, i.integration_id, i.to_number, closed.at FROM closed "
      "JOIN intent i ON i.org_id = $1 AND i.attempt_id = closed.attempt_id ORDER BY closed.at",
      params{}.uuid(organisation).int8(first_id_at(since - doubt_length)).time(since), [&](const result& row) {
        absent.push_back({row.narrow<attempt_id>(0, 0), row.wide<campaign_id>(0, 1), row.narrow<contact_id>(0, 2),
                          row.wide<integration_id>(0, 3), row.phone(0, 4), row.time(0, 5)});
      });
  return absent;
}

std::int64_t places_left(const engine::contact_page& page, const engine::contact_request& request) {
  return std::int64_t{request.count} - static_cast<std::int64_t>(page.contacts.size());
}

int add_fresh(engine::contact_page& page, const engine::contact_request& request, const result& rows) {
  for (int i = 0; i < rows.rows(); ++i) {
    campaigns::contact one;
    one.id = rows.narrow<contact_id>(i, 0);
    one.number = rows.phone(i, 1);
    one.lane = request.lane;
    page.contacts.push_back(one);
  }
  return rows.rows();
}

engine::ownership raise_epoch(session& on, organisation_id organisation, std::uint64_t node) {
  transaction tx{on};
  // FOR UPDATE waits for the last owner's open batch; its later ones find another epoch.
  lock_organisation(tx, organisation);
  const result raised = tx.run(
      "UPDATE org_owner SET node = $2, epoch = greatest(epoch + 1, "
      "(('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint << 32) + 1) "
      "WHERE org_id = $1 RETURNING epoch",
      params{}.uuid(organisation).int8(node));
  tx.run(
      "INSERT INTO batch_mark (org_id, stream, epoch, last_batch) SELECT org_id, s, epoch, 0 FROM org_owner, "
      "generate_series(0, 1) s WHERE org_id = $1 "
      "ON CONFLICT (org_id, stream) DO UPDATE SET epoch = excluded.epoch, last_batch = 0, sealed = 0",
      params{}.uuid(organisation));
  tx.commit();
  return {organisation, raised.number(0, 0), node};
}

}  // namespace

engine::recovery postgres_ledger::take_over(organisation_id organisation, std::uint64_t node, utc_time now) {
  engine::recovery all;
  all.owner = raise_epoch(session_, organisation, node);
  {
    transaction tx{session_, transaction::mode::snapshot};
    all.starts = read_starts(tx, organisation, now - starts_length);
    all.absent = read_absent(tx, organisation, now - absent_length);
    // These few statements read long stretches, where joining whole ranges beats looking up row by row.
    session_.run_script("SET LOCAL enable_mergejoin = on; SET LOCAL enable_hashjoin = on", std::chrono::seconds{5});
    all.snapshot = read_whole(tx, organisation);
    all.opt_outs = read_opt_outs(tx, organisation, 0);
    std::erase_if(all.opt_outs, [](const engine::opt_out_change& change) { return !change.opted_out; });
    all.open = read_open(tx, organisation);
    all.history = read_history(tx, organisation, now - history_length);
    all.known_calls = read_known_calls(tx, organisation, all.open);
    all.last_attempt =
        tx.run("SELECT coalesce(max(attempt_id), 0) FROM intent WHERE org_id = $1", params{}.uuid(organisation))
            .number(0, 0);
  }
  note_oldest_open(all.owner, all.open.empty() ? attempt_id{all.last_attempt} : all.open.front().what.attempt);
  return all;
}

void postgres_ledger::release(const engine::ownership& owner) {
  session_.run("UPDATE org_owner SET node = 0 WHERE org_id = $1 AND epoch = $2 AND node = $3",
               params{}.uuid(owner.organisation).int8(owner.epoch).int8(owner.node));
}

void postgres_ledger::note_oldest_open(const engine::ownership& owner, attempt_id oldest) {
  session_.run("UPDATE org_owner SET open_from = $4 WHERE org_id = $1 AND epoch = $2 AND node = $3 AND open_from < $4",
               params{}.uuid(owner.organisation).int8(owner.epoch).int8(owner.node).int8(oldest.value));
}

bool postgres_ledger::confirm_applied(const engine::ownership& owner, std::uint64_t generation) {
  return session_
             .run(
                 "UPDATE org_owner SET applied_generation = greatest(applied_generation, $4) "
                 "WHERE org_id = $1 AND epoch = $2 AND node = $3",
                 params{}.uuid(owner.organisation).int8(owner.epoch).int8(owner.node).int8(generation))
             .affected() == 1;
}

engine::organisation_snapshot postgres_ledger::read_whole(transaction& in, organisation_id organisation) {
  engine::organisation_snapshot all = read_snapshot(in, organisation, resolve_secret_);
  for (carriers::account& account : all.accounts) {
    if (!account.unusable.empty() || !check_account_) continue;
    try {
      check_account_(account);
    } catch (const std::exception& wrong) {
      account.unusable = wrong.what();
    }
  }
  if (load_rules_) all.rules = load_rules_(read_do_not_call(in.on(), organisation));
  return all;
}

engine::organisation_snapshot postgres_ledger::snapshot_of(organisation_id organisation) {
  transaction tx{session_, transaction::mode::snapshot};
  return read_whole(tx, organisation);
}

engine::change_set postgres_ledger::changes_since(organisation_id organisation, const engine::change_request& what) {
  transaction tx{session_, transaction::mode::snapshot};
  engine::change_set changes;
  const result head = tx.run("SELECT generation, generation - opt_out_generations FROM org_owner WHERE org_id = $1",
                             params{}.uuid(organisation));
  if (head.rows() == 0) throw std::invalid_argument("there is no organisation " + organisation.text());
  changes.generation = head.number(0, 0);
  if (head.number(0, 1) != what.settings_version) {
    changes.snapshot = std::make_unique<engine::organisation_snapshot>(read_whole(tx, organisation));
  }
  changes.opt_outs = read_opt_outs(tx, organisation, what.above);
  return changes;
}

engine::contact_page postgres_ledger::load(const engine::contact_request& request) {
  engine::contact_page page;
  page.campaign = request.campaign;
  page.lane = request.lane;
  page.contacts.reserve(request.count);
  const params lane = params{}.uuid(request.owner.organisation).uuid(request.campaign).int2(request.lane);

  const result waiting = session_.run(
      "SELECT contact_id, number, last_caller_id, due_at, attempts FROM contact_wait "
      "WHERE org_id = $1 AND campaign_id = $2 AND lane = $3 AND (due_at, contact_id) > ($4, $5) AND due_at <= $6 "
      "ORDER BY due_at, contact_id LIMIT $7",
      params{lane}
          .time(request.wait_after)
          .int8(request.wait_after_id.value)
          .time(request.now)
          .int8(std::int64_t{request.count}));
  for (int i = 0; i < waiting.rows(); ++i) {
    page.contacts.push_back({waiting.narrow<contact_id>(i, 0), waiting.phone(i, 1), waiting.phone(i, 2),
                             waiting.time(i, 3), request.lane, static_cast<std::uint16_t>(waiting.integer(i, 4)),
                             false});
  }
  const result next = session_.run(
      "SELECT min(due_at) FROM contact_wait WHERE org_id = $1 AND campaign_id = $2 AND lane = $3 AND due_at > $4",
      params{lane}.time(request.now));
  if (!next.null(0, 0)) page.next_due = next.time(0, 0);

  if (const std::int64_t left = places_left(page, request); left > 0) {
    const int found = add_fresh(
        page, request,
        session_.run("SELECT contact_id, number FROM contact WHERE org_id = $1 AND campaign_id = $2 AND lane = $3 "
                     "AND contact_id > $4 ORDER BY contact_id LIMIT $5",
                     params{lane}.int8(request.after.value).int8(left)));
    page.fresh_exhausted = found < left;
  }
  return page;
}

void postgres_ledger::append_events(const std::vector<received_event>& events) {
  std::vector<id128> organisations;
  std::vector<std::int64_t> attempts;
  std::vector<std::string> keys;
  std::vector<std::string> payloads;
  for (const received_event& one : events) {
    organisations.push_back(one.organisation);
    attempts.push_back(static_cast<std::int64_t>(one.event.attempt.value));
    // Parts of them are a carrier's bytes: what PostgreSQL can't store must not sink the other callbacks.
    keys.push_back(storable_text(one.event.event_key, std::string::npos));
    payloads.push_back(storable_text(one.event.payload, std::string::npos));
  }
  // In key order, so that two receivers of the same events never wait for each other in a circle.
  session_.run(
      "INSERT INTO call_event (org_id, attempt_id, event_key, payload) "
      "SELECT DISTINCT ON (org_id, attempt_id, event_key) org_id, attempt_id, event_key, payload FROM "
      "unnest($1, $2, $3, $4) WITH ORDINALITY e (org_id, attempt_id, event_key, payload, n) "
      "ORDER BY org_id, attempt_id, event_key, n ON CONFLICT (org_id, attempt_id, event_key) DO NOTHING",
      params{}
          .uuid_array(organisations)
          .int8_array(attempts)
          .text_array({keys.begin(), keys.end()})
          .text_array({payloads.begin(), payloads.end()}));
}

std::vector<engine::stored_event> postgres_ledger::events_of(organisation_id organisation,
                                                             const std::vector<attempt_id>& attempts) {
  std::vector<std::int64_t> ids;
  for (const attempt_id one : attempts) ids.push_back(static_cast<std::int64_t>(one.value));
  const result rows = session_.run(
      "SELECT attempt_id, event_key, payload FROM call_event WHERE org_id = $1 AND attempt_id = ANY ($2) "
      "ORDER BY received_at, attempt_id, event_key",
      params{}.uuid(organisation).int8_array(ids));
  std::vector<engine::stored_event> events;
  for (int i = 0; i < rows.rows(); ++i) {
    events.push_back({rows.narrow<attempt_id>(i, 0), std::string(rows.text(i, 1)), std::string(rows.text(i, 2))});
  }
  return events;
}

}  // namespace dialer::sql
