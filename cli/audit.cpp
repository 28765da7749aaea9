#include "cli/audit.hpp"

#include <chrono>
#include <set>

#include "carriers/simulator/log_reader.hpp"
#include "sql/configuration.hpp"
#include "sql/copy_writer.hpp"

namespace dialer::cli {
namespace {

namespace simulator = carriers::simulator;

constexpr std::chrono::minutes patience{10};
constexpr std::size_t rows_per_copy = 5'000;

constexpr const char* make_tables = R"sql(
CREATE TEMP TABLE audit_call (ref text, account text, to_number bigint, from_number bigint, token text,
                              created_at timestamptz) ON COMMIT DROP;
CREATE TEMP TABLE audit_end (ref text, at timestamptz) ON COMMIT DROP;
CREATE TEMP TABLE audit_run (began_at timestamptz) ON COMMIT DROP;
CREATE TEMP TABLE audit_attempt (attempt_id bigint, account text, to_number bigint, from_number bigint,
                                 decided_at timestamptz, acknowledged boolean, recovered boolean, closed boolean)
  ON COMMIT DROP;
CREATE TEMP TABLE audit_ref (attempt_id bigint, ref text) ON COMMIT DROP;
CREATE TEMP TABLE audit_finding (kind text, ref text, detail text) ON COMMIT DROP;
)sql";

constexpr const char* index_tables = R"sql(
CREATE INDEX ON audit_call (ref);
CREATE INDEX ON audit_ref (ref);
CREATE INDEX ON audit_ref (attempt_id);
CREATE INDEX ON audit_attempt (attempt_id);
ANALYZE audit_call;
ANALYZE audit_end;
ANALYZE audit_attempt;
ANALYZE audit_ref;
)sql";

constexpr const char* read_attempts = R"sql(
INSERT INTO audit_attempt
SELECT i.attempt_id, CASE g.kind WHEN 1 THEN g.account_sid ELSE g.connection_id END, i.to_number, i.from_number,
       i.decided_at, coalesce(bool_or(o.kind = 1), false), coalesce(bool_or(o.kind IN (3, 14)), false),
       coalesce(bool_or(o.kind BETWEEN 10 AND 13), false)
  FROM intent i JOIN integration g ON g.org_id = i.org_id AND g.id = i.integration_id
  LEFT JOIN outcome o ON o.org_id = i.org_id AND o.attempt_id = i.attempt_id
 WHERE i.org_id = $1
 GROUP BY i.org_id, i.attempt_id, g.kind, g.account_sid, g.connection_id)sql";

constexpr const char* read_refs =
    "INSERT INTO audit_ref SELECT DISTINCT attempt_id, call_ref FROM outcome WHERE org_id = $1 AND call_ref <> ''";

// Each finding once per reference; a call that is a duplicate is not also lost or unexpected.
constexpr const char* find_disagreements = R"sql(
WITH call AS (
  SELECT c.*, EXISTS (SELECT 1 FROM audit_ref r WHERE r.ref = c.ref) AS known,
         coalesce(e.at, (SELECT min(r.began_at) FROM audit_run r WHERE r.began_at > c.created_at), 'infinity') AS over_at
    FROM audit_call c LEFT JOIN (SELECT ref, min(at) AS at FROM audit_end GROUP BY ref) e ON e.ref = c.ref
), placed AS (
  SELECT call.*,
         token <> '' AND row_number() OVER (PARTITION BY token ORDER BY known DESC, created_at, ref) > 1 AS second,
         max(over_at) OVER (PARTITION BY to_number ORDER BY created_at, ref
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > created_at AS on_the_line
    FROM call
)
INSERT INTO audit_finding
SELECT 'duplicated', ref, CASE WHEN second THEN 'is the second call of one attempt'
                               ELSE 'began while another call to the same number was up' END
  FROM placed WHERE second OR on_the_line
UNION ALL
SELECT 'duplicated', ref, 'is claimed by ' || count(*) || ' attempts' FROM audit_ref GROUP BY ref HAVING count(*) > 1
UNION ALL
SELECT 'duplicated', max(ref), 'is one of ' || count(*) || ' calls of attempt ' || attempt_id
  FROM audit_ref GROUP BY attempt_id HAVING count(*) > 1)sql";

constexpr const char* find_lost = R"sql(
INSERT INTO audit_finding
SELECT 'lost', r.ref, 'is in the ledger (attempt ' || r.attempt_id || ') and not in the log'
  FROM audit_ref r WHERE NOT EXISTS (SELECT 1 FROM audit_call c WHERE c.ref = r.ref)
UNION ALL
SELECT 'lost', '', 'attempt ' || a.attempt_id || ' was accepted, and the ledger has no reference of its call'
  FROM audit_attempt a
 WHERE a.acknowledged AND NOT EXISTS (SELECT 1 FROM audit_ref r WHERE r.attempt_id = a.attempt_id))sql";

// A call without its reference in the ledger belongs to an attempt without reference that was decided shortly before,
// on the same account and numbers; the k-th such call needs a k-th such attempt.
constexpr const char* find_strays = R"sql(
WITH stray AS (
  SELECT c.*, row_number() OVER (PARTITION BY c.account, c.to_number, c.from_number ORDER BY c.created_at, c.ref) AS place
    FROM audit_call c
   WHERE NOT EXISTS (SELECT 1 FROM audit_ref r WHERE r.ref = c.ref)
     AND NOT EXISTS (SELECT 1 FROM audit_finding f WHERE f.kind = 'duplicated' AND f.ref = c.ref)
), nameless AS (
  SELECT a.* FROM audit_attempt a WHERE NOT EXISTS (SELECT 1 FROM audit_ref r WHERE r.attempt_id = a.attempt_id)
), judged AS (
  SELECT s.ref, s.place, count(n.attempt_id) AS attempts, coalesce(bool_or(NOT n.closed), false) AS open
    FROM stray s LEFT JOIN nameless n
      ON n.account = s.account AND n.to_number = s.to_number AND n.from_number = s.from_number
     AND n.decided_at BETWEEN s.created_at - interval '15 minutes' AND s.created_at + interval '1 minute'
   GROUP BY s.ref, s.place
)
INSERT INTO audit_finding
SELECT CASE WHEN place > attempts THEN 'unexpected' WHEN open THEN 'unresolved' ELSE 'lost' END, ref,
       CASE WHEN place > attempts THEN 'is in the log, and no attempt asked for it'
            WHEN open THEN 'is in the log, its attempt is still open'
            ELSE 'is in the log, its attempt was closed as if there were no call' END
  FROM judged
UNION ALL
SELECT DISTINCT 'unexpected', c.ref, 'went over another account, or to or from another number than its attempt says'
  FROM audit_call c JOIN audit_ref r ON r.ref = c.ref JOIN audit_attempt a ON a.attempt_id = r.attempt_id
 WHERE (c.account, c.to_number, c.from_number) IS DISTINCT FROM (a.account, a.to_number, a.from_number))sql";

/// Rows on their way into one table.
class table_load {
 public:
  table_load(sql::session& on, const char* statement) : on_{on}, statement_{statement} {}
  sql::copy_writer& row(std::uint16_t fields) {
    if (rows_.rows() >= rows_per_copy) flush();
    rows_.row(fields);
    return rows_;
  }
  void flush() {
    if (rows_.rows() != 0) on_.copy_in(statement_, rows_.bytes());
    rows_.clear();
  }

 private:
  sql::session& on_;
  const char* statement_;
  sql::copy_writer rows_;
};

std::int64_t number_of(const std::string& text) {
  const auto number = e164::parse(text);
  return number ? static_cast<std::int64_t>(number->digits()) : 0;
}

void load_log(sql::session& on, const std::set<std::string>& accounts, const std::string& log, audit_result& result) {
  table_load calls{on, "COPY audit_call FROM STDIN (FORMAT binary)"};
  table_load ends{on, "COPY audit_end FROM STDIN (FORMAT binary)"};
  table_load runs{on, "COPY audit_run FROM STDIN (FORMAT binary)"};
  simulator::log_reader reader{log};
  for (simulator::log_entry entry; reader.next(entry);) {
    switch (entry.event) {
      case simulator::log_event::simulator_started: runs.row(1).timestamptz(entry.at); break;
      case simulator::log_event::call_created: {
        if (!accounts.contains(entry.account)) {
          ++result.elsewhere;
          break;
        }
        ++result.calls;
        sql::copy_writer& row = calls.row(6);
        row.text(entry.ref);
        row.text(entry.account);
        row.int8(number_of(entry.to));
        row.int8(number_of(entry.from));
        row.text(entry.token);
        row.timestamptz(entry.at);
        break;
      }
      case simulator::log_event::ended:
      case simulator::log_event::canceled: {
        sql::copy_writer& row = ends.row(2);
        row.text(entry.ref);
        row.timestamptz(entry.at);
        break;
      }
      default: break;
    }
  }
  calls.flush();
  ends.flush();
  runs.flush();
  result.truncated = reader.truncated();
}

std::uint64_t count_of(sql::session& on, const char* kind) {
  return on
      .run(
          "SELECT count(DISTINCT ref) FILTER (WHERE ref <> '') + count(*) FILTER (WHERE ref = '') FROM audit_finding "
          "WHERE kind = $1",
          sql::params{}.text(kind))
      .number(0, 0);
}

}  // namespace

audit_result audit(sql::session& on, organisation_id organisation, const std::string& log) {
  audit_result result;
  std::set<std::string> accounts;
  for (const auto& one : sql::read_integrations(on, organisation)) {
    accounts.insert(carriers::account_key(one.account));
  }
  const sql::params key = sql::params{}.uuid(organisation);
  sql::transaction tx{on};
  on.run_script(make_tables, patience);
  load_log(on, accounts, log, result);
  tx.run(read_attempts, key);
  tx.run(read_refs, key);
  on.run_script(index_tables, patience);
  tx.run(find_disagreements);
  tx.run(find_lost);
  tx.run(find_strays);

  const sql::result sums = tx.run(
      "SELECT count(*), count(*) FILTER (WHERE acknowledged), count(*) FILTER (WHERE recovered) FROM audit_attempt");
  result.attempted = sums.number(0, 0);
  result.acknowledged = sums.number(0, 1);
  result.recovered = sums.number(0, 2);
  result.lost = count_of(on, "lost");
  result.unexpected = count_of(on, "unexpected");
  result.duplicated = count_of(on, "duplicated");
  result.unresolved = count_of(on, "unresolved");
  const sql::result told = tx.run(
      "SELECT kind, ref, detail FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY ref) AS place "
      "FROM audit_finding) f WHERE place <= 10 ORDER BY kind, ref");
  for (int i = 0; i < told.rows(); ++i) {
    const std::string ref{told.text(i, 1)};
    result.examples.push_back(std::string(told.text(i, 0)) + ": " + (ref.empty() ? "" : "call " + ref + " ") +
                              std::string(told.text(i, 2)));
  }
  return result;  // the tables go with the transaction
}

}  // namespace dialer::cli
