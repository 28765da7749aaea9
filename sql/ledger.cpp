#include "sql/ledger.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>

#include "sql/script_writer.hpp"
#include "sql/storable_text.hpp"

namespace dialer::sql {
namespace {

using engine::commit_result;

std::int64_t signed_id(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

template <class Enum>
std::int16_t stored(Enum value) {
  return static_cast<std::int16_t>(value);
}

// The text of one commit, up to its first COPY. Results by index: 0 BEGIN, 1 the owner row, 2 the batch's mark,
// 3 (with waits_taken) the waiting rows that go.
void write_gate(script_writer& script, const engine::ownership& owner, int stream, std::uint64_t number,
                const std::vector<contact_id>& waits_taken) {
  script.sql("BEGIN;SELECT generation, frozen FROM org_owner WHERE org_id = ").uuid(owner.organisation);
  script.sql(" AND epoch = ").number(owner.epoch).sql(" AND node = ").number(owner.node);
  script.sql(" FOR SHARE;UPDATE batch_mark SET last_batch = ").number(number);
  script.sql(" WHERE org_id = ").uuid(owner.organisation).sql(" AND stream = ").number(stream);
  script.sql(" AND epoch = ").number(owner.epoch).sql(" AND sealed <> ").number(number).sql(";");
  if (waits_taken.empty()) return;
  script.sql("DELETE FROM contact_wait WHERE org_id = ").uuid(owner.organisation).sql(" AND contact_id = ANY ('{");
  for (std::size_t i = 0; i < waits_taken.size(); ++i) {
    if (i != 0) script.sql(",");
    script.number(waits_taken[i].value);
  }
  script.sql("}'::bigint[]);");
}

// One statement for all lanes: a list of many states and zones moves dozens of them in every commit.
void write_cursors(script_writer& script, organisation_id organisation,
                   const std::vector<engine::lane_cursor>& cursors) {
  script.sql("WITH moved (org_id, campaign_id, lane, through) AS (VALUES ");
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    const engine::lane_cursor& one = cursors[i];
    if (i != 0) script.sql(",");
    script.sql("(").uuid(organisation).sql(",").uuid(one.campaign).sql(",").number(one.lane).sql("::smallint,");
    script.number(one.through.value).sql("::bigint)");
  }
  script.sql(") UPDATE lane SET through = moved.through FROM moved WHERE lane.org_id = moved.org_id");
  script.sql(" AND lane.campaign_id = moved.campaign_id AND lane.lane = moved.lane AND lane.through < moved.through;");
}

constexpr char copy_intents[] =
    "COPY intent (org_id, campaign_id, integration_id, attempt_id, contact_id, to_number, from_number, decided_at, "
    "lane, "
    "attempt_number, why) FROM STDIN (FORMAT binary);";
constexpr char copy_outcomes[] =
    "COPY outcome (org_id, attempt_id, at, duration_s, kind, disposition, why, answered, contact_done, call_ref, "
    "carrier_code, detail) FROM STDIN (FORMAT binary);";
constexpr char copy_ends[] =
    "COPY contact_end (org_id, campaign_id, contact_id, lane, why, at) FROM STDIN (FORMAT binary);";
constexpr char copy_waits[] =
    "COPY contact_wait (org_id, campaign_id, lane, due_at, contact_id, number, last_caller_id, attempts, why) FROM "
    "STDIN "
    "(FORMAT binary);";

constexpr char copy_number_health[] =
    "COPY number_health (org_id, number, since, state, until, warm_up_from, rests, counted_from, ratio, why) FROM "
    "STDIN "
    "(FORMAT binary);";

void encode_intents(copy_writer& rows, organisation_id organisation, const std::vector<engine::intent>& intents) {
  rows.clear();
  for (const engine::intent& one : intents) {
    rows.row(11);
    rows.uuid(organisation);
    rows.uuid(one.campaign);
    rows.uuid(one.integration);
    rows.int8(signed_id(one.attempt.value));
    rows.int8(signed_id(one.contact.value));
    rows.int8(signed_id(one.to.digits()));
    rows.int8(signed_id(one.from.digits()));
    rows.timestamptz(one.decided_at);
    rows.int2(static_cast<std::int16_t>(one.lane));
    rows.int4(one.attempt_number);
    rows.int2(stored(one.why));
  }
}

void encode_outcomes(copy_writer& rows, organisation_id organisation, const std::vector<engine::outcome>& outcomes) {
  constexpr std::size_t detail_max = 512;
  rows.clear();
  for (const engine::outcome& one : outcomes) {
    rows.row(12);
    rows.uuid(organisation);
    rows.int8(signed_id(one.attempt.value));
    rows.timestamptz(one.at);
    rows.int8(one.duration_s);
    rows.int2(stored(one.kind));
    if (one.ended_as) {
      rows.int2(stored(*one.ended_as));
    } else {
      rows.null();
    }
    rows.int2(stored(one.why));
    rows.boolean(one.answered);
    rows.boolean(one.contact_done);
    // The carrier's words are foreign bytes: one that is no UTF-8 must not sink the batch.
    rows.text(storable_text(one.call_ref, detail_max));
    rows.text(storable_text(one.carrier_code, detail_max));
    rows.text(storable_text(one.detail, detail_max));
  }
}

void encode_number_health(copy_writer& rows, organisation_id organisation,
                          const std::vector<callerid::health_record>& numbers) {
  const auto time = [&rows](const std::optional<utc_time>& at) { at ? rows.timestamptz(*at) : rows.null(); };
  rows.clear();
  for (const callerid::health_record& one : numbers) {
    rows.row(10);
    rows.uuid(organisation);
    rows.int8(signed_id(one.number.digits()));
    rows.timestamptz(one.since);
    rows.int2(stored(one.state));
    time(one.until);
    time(one.warm_up_from);
    rows.int4(static_cast<std::int32_t>(one.rests));
    rows.timestamptz(one.counted_from);
    one.ratio ? rows.float8(*one.ratio) : rows.null();
    rows.text(one.why);
  }
}

void encode_ends(copy_writer& rows, organisation_id organisation, const std::vector<engine::contact_end>& ends) {
  rows.clear();
  for (const engine::contact_end& one : ends) {
    rows.row(6);
    rows.uuid(organisation);
    rows.uuid(one.campaign);
    rows.int8(signed_id(one.contact.value));
    rows.int2(static_cast<std::int16_t>(one.lane));
    rows.int2(stored(one.why));
    rows.timestamptz(one.at);
  }
}

std::vector<contact_id> waits_taken(const engine::decision_batch& batch) {
  std::vector<contact_id> taken = batch.waits_gone;
  for (const auto& one : batch.intents) {
    if (one.from_wait) taken.push_back(one.contact);
  }
  for (const auto& one : batch.ends) {
    if (one.from_wait) taken.push_back(one.contact);
  }
  return taken;
}

std::string unique_name() {
  std::random_device random;
  std::string name = "dialer-ledger-";
  for (int i = 0; i < 2; ++i) name += std::to_string(random()) + (i == 0 ? "-" : "");
  return name;
}

connect_options named(connect_options options, const std::string& name) {
  options.application_name = name;
  options.key_lookups_only = true;
  return options;
}

}  // namespace

postgres_ledger::postgres_ledger(ledger_options options)
    : session_{connect_options{}},
      session_name_{unique_name()},
      resolve_secret_{std::move(options.resolve_secret)},
      check_account_{std::move(options.check_account)},
      load_rules_{std::move(options.load_rules)} {
  session_ = session{named(std::move(options.connection), session_name_)};
}

void postgres_ledger::encode_waits(organisation_id organisation, const std::vector<engine::contact_wait>& waits) {
  waits_.clear();
  for (const engine::contact_wait& one : waits) {
    waits_.row(9);
    waits_.uuid(organisation);
    waits_.uuid(one.campaign);
    waits_.int2(static_cast<std::int16_t>(one.contact.lane));
    waits_.timestamptz(one.contact.due_at);
    waits_.int8(signed_id(one.contact.id.value));
    waits_.int8(signed_id(one.contact.number.digits()));
    waits_.int8(signed_id(one.contact.last_caller_id.digits()));
    waits_.int4(one.contact.attempts);
    waits_.int2(stored(one.why));
  }
}

commit_result postgres_ledger::finish(script_end end, commit_result refusal, const std::string& why) {
  last_error_ = why.empty() ? session_.last_error() : why;
  switch (end) {
    case script_end::committed: return commit_result::committed;
    case script_end::stopped: return refusal;
    case script_end::failed: return commit_result::failed;
    case script_end::unknown: return commit_result::unknown;
  }
  return commit_result::unknown;
}

commit_result postgres_ledger::commit(const engine::decision_batch& batch) {
  const std::vector<contact_id> taken = waits_taken(batch);
  const organisation_id organisation = batch.owner.organisation;
  encode_intents(rows_, organisation, batch.intents);
  std::vector<std::string_view> copies{rows_.bytes()};
  script_writer script{script_};
  write_gate(script, batch.owner, stored(stream::decisions), batch.number, taken);
  script.sql(copy_intents);  // the gate, even without intents
  if (!batch.ends.empty()) {
    encode_ends(ends_, organisation, batch.ends);
    copies.push_back(ends_.bytes());
    script.sql(copy_ends);
  }
  if (!batch.waits.empty()) {
    encode_waits(organisation, batch.waits);
    copies.push_back(waits_.bytes());
    script.sql(copy_waits);
  }
  if (!batch.cursors.empty()) write_cursors(script, organisation, batch.cursors);
  script.sql("COMMIT");

  commit_result refusal = commit_result::failed;
  std::string why;
  const auto check = [&](int index, const result& seen) {
    if (index == 1) {
      if (seen.rows() == 0) {
        refusal = commit_result::not_owner;
        return false;
      }
      // A halted organisation dials nothing, even if its owner has not heard of it yet.
      const bool halted = seen.boolean(0, 1) && !batch.intents.empty();
      if (seen.number(0, 0) == batch.generation && !halted) return true;
      refusal = commit_result::stale_generation;
      return false;
    }
    if (index == 2 && seen.affected() != 1) {
      why = "the batch was declared failed before";
      return false;
    }
    if (index == 3 && seen.affected() != static_cast<int>(taken.size())) {
      why = std::to_string(taken.size()) + " waiting contacts were to go, " + std::to_string(seen.affected()) +
            " were there";
      return false;
    }
    return true;
  };
  const script_end end = session_.commit_script(script_, check, copies);
  return finish(end, refusal, why);
}

commit_result postgres_ledger::commit(const engine::outcome_batch& batch) {
  encode_outcomes(rows_, batch.owner.organisation, batch.outcomes);
  std::vector<std::string_view> copies{rows_.bytes()};
  script_writer script{script_};
  write_gate(script, batch.owner, stored(stream::outcomes), batch.number, {});
  script.sql(copy_outcomes);
  if (!batch.waits.empty()) {
    encode_waits(batch.owner.organisation, batch.waits);
    copies.push_back(waits_.bytes());
    script.sql(copy_waits);
  }
  if (!batch.numbers.empty()) {
    encode_number_health(numbers_, batch.owner.organisation, batch.numbers);
    copies.push_back(numbers_.bytes());
    script.sql(copy_number_health);
  }
  script.sql("COMMIT");

  commit_result refusal = commit_result::failed;
  std::string why;
  const auto check = [&](int index, const result& seen) {
    if (index == 1 && seen.rows() == 0) {
      refusal = commit_result::not_owner;
      return false;
    }
    if (index == 2 && seen.affected() != 1) {
      why = "the batch was declared failed before";
      return false;
    }
    return true;
  };
  const script_end end = session_.commit_script(script_, check, copies);
  return finish(end, refusal, why);
}

commit_result postgres_ledger::resolve(const engine::decision_batch& batch) {
  return resolve(batch.owner, stream::decisions, batch.number);
}

commit_result postgres_ledger::resolve(const engine::outcome_batch& batch) {
  return resolve(batch.owner, stream::outcomes, batch.number);
}

commit_result postgres_ledger::resolve(const engine::ownership& owner, stream which, std::uint64_t number) {
  try {
    session_.disconnect();
    // The old conversation may still be deciding on the server; ended, it lets go of the mark's row lock.
    session_.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> "
        "pg_backend_pid()",
        params{}.text(session_name_));
    transaction tx{session_};
    // Waits for the old transaction's end. The seal makes `failed` final; this commit, being later and synchronous,
    // makes `committed` durable even when the batch's own wait for a standby was cut short.
    const result mark = tx.run(
        "UPDATE batch_mark SET sealed = CASE WHEN last_batch = $4 THEN sealed ELSE $4 END "
        "WHERE org_id = $1 AND stream = $2 AND epoch = $3 RETURNING last_batch = $4",
        params{}.uuid(owner.organisation).int2(which).int8(owner.epoch).int8(number));
    if (mark.rows() == 0) return commit_result::not_owner;
    const bool there = mark.boolean(0, 0);
    tx.commit();
    last_error_.clear();
    return there ? commit_result::committed : commit_result::failed;
  } catch (const sql_error& error) {
    last_error_ = error.what();
    return commit_result::unknown;
  }
}

}  // namespace dialer::sql
