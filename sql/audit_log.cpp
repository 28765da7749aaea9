#include "sql/audit_log.hpp"

#include <openssl/sha.h>

#include "sql/storable_text.hpp"

namespace dialer::sql {
namespace {

constexpr int page_rows = 1000;
constexpr std::size_t text_max = 500;

const std::string no_hash(SHA256_DIGEST_LENGTH, '\0');

void append_field(std::string& canonical, std::string_view field) {
  canonical += std::to_string(field.size());
  canonical += ':';
  canonical += field;
  canonical += ',';
}

constexpr std::string_view columns = "number, at, actor, action, resource, reason, request_id, previous, hash";

std::vector<audit_record> records_of(const result& rows) {
  std::vector<audit_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    audit_record one;
    one.number = rows.number(i, 0);
    one.at = rows.time(i, 1);
    one.what = {std::string(rows.text(i, 2)), std::string(rows.text(i, 3)), std::string(rows.text(i, 4)),
                std::string(rows.text(i, 5)), std::string(rows.text(i, 6))};
    one.previous = rows.text(i, 7);
    one.hash = rows.text(i, 8);
    all.push_back(std::move(one));
  }
  return all;
}

std::string row(std::uint64_t number) {
  return "row " + std::to_string(number);
}

/// Walks the chain in order, and stops at the first row that is not as it was written.
class chain {
 public:
  explicit chain(organisation_id organisation) : organisation_{organisation} {}

  /// `after`: the next row, when there is one. False: something is wrong, and the verdict says what.
  bool accept(const audit_record& one, const audit_record* after) {
    const std::uint64_t expected = verdict_.rows + 1;
    const bool intact = audit_hash(organisation_, one) == one.hash;
    if (one.number != expected) return fail(expected, row(expected) + " was removed");
    if (intact && one.previous == last_.hash) {
      before_last_ = last_.hash;
      last_ = one;
      ++verdict_.rows;
      verdict_.head = one.hash;
      return true;
    }
    // A row that the next one does not know of was put between that and the one before.
    if (after != nullptr && after->previous == last_.hash) {
      return fail(expected, row(expected) + " was put in between");
    }
    if (one.previous == before_last_ && expected > 1) {
      return fail(expected - 1, row(expected - 1) + " was put in between");
    }
    if (intact)
      return fail(expected, row(expected) + " does not follow the one before: rows between them were removed");
    return fail(expected, row(expected) + " was changed");
  }

  bool fail(std::uint64_t number, std::string fault) {
    verdict_.number = number;
    verdict_.fault = std::move(fault);
    return false;
  }

  audit_verdict& verdict() { return verdict_; }

 private:
  organisation_id organisation_;
  audit_verdict verdict_{.rows = 0, .head = no_hash, .fault = {}, .number = 0};
  audit_record last_{.number = 0, .at = {}, .what = {}, .previous = {}, .hash = no_hash};
  std::string before_last_;
};

void check_head(chain& walked, const result& head) {
  const std::uint64_t rows = walked.verdict().rows;
  const std::uint64_t number = head.rows() == 0 ? 0 : head.number(0, 0);
  if (number > rows) {
    walked.fail(rows + 1, row(rows + 1) + " was removed, and all that followed up to " + std::to_string(number));
  } else if (number < rows) {
    walked.fail(number + 1, row(number + 1) + " was put in after the last one");
  } else if (rows != 0 && head.text(0, 1) != walked.verdict().head) {
    walked.fail(rows, row(rows) + " was changed, and its hash with it: the chain's head has another");
  }
}

}  // namespace

std::string audit_hash(organisation_id organisation, const audit_record& of) {
  std::string canonical;
  append_field(canonical, "dialer audit 1");
  append_field(canonical, organisation.text());
  append_field(canonical, std::to_string(of.number));
  append_field(canonical, of.previous);
  append_field(canonical,
               std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(of.at.time_since_epoch()).count()));
  for (const std::string* field :
       {&of.what.actor, &of.what.action, &of.what.resource, &of.what.reason, &of.what.request_id}) {
    append_field(canonical, *field);
  }
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

void append_audit(transaction& in, organisation_id organisation, audit_entry what) {
  for (std::string* field : {&what.actor, &what.action, &what.resource, &what.request_id}) {
    *field = storable_text(*field, text_max);
  }
  what.reason = storable_text(what.reason, audit_reason_max);
  // The clock is read with the row locked: instants are in the order of the numbers.
  const result head = in.run(
      "INSERT INTO audit_head AS h (org_id, number, hash) VALUES ($1, 0, $2) ON CONFLICT (org_id) DO UPDATE SET "
      "number = h.number RETURNING number, hash, clock_timestamp()",
      params{}.uuid(organisation).bytea(no_hash));
  audit_record next{head.number(0, 0) + 1, head.time(0, 2), std::move(what), std::string(head.text(0, 1)), {}};
  next.hash = audit_hash(organisation, next);
  in.run(
      "WITH moved AS (UPDATE audit_head SET number = $2, hash = $9 WHERE org_id = $1) "
      "INSERT INTO audit_log (org_id, number, at, actor, action, resource, reason, request_id, previous, hash) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $10, $9)",
      params{}
          .uuid(organisation)
          .int8(next.number)
          .time(next.at)
          .text(next.what.actor)
          .text(next.what.action)
          .text(next.what.resource)
          .text(next.what.reason)
          .text(next.what.request_id)
          .bytea(next.hash)
          .bytea(next.previous));
}

std::vector<audit_record> read_audit(session& on, organisation_id organisation, std::uint64_t before, int count) {
  return records_of(on.run("SELECT " + std::string(columns) +
                               " FROM audit_log WHERE org_id = $1 AND ($2 = 0 OR number < $2) ORDER BY number DESC "
                               "LIMIT $3",
                           params{}.uuid(organisation).int8(before).int8(std::int64_t{count})));
}

audit_verdict verify_audit(session& on, organisation_id organisation) {
  transaction tx{on, transaction::mode::snapshot};
  chain walked{organisation};
  const auto page_after = [&](std::uint64_t number) {
    return records_of(tx.run(
        "SELECT " + std::string(columns) + " FROM audit_log WHERE org_id = $1 AND number > $2 ORDER BY number LIMIT $3",
        params{}.uuid(organisation).int8(number).int8(std::int64_t{page_rows})));
  };
  std::vector<audit_record> rows = page_after(0);
  while (!rows.empty()) {
    const std::vector<audit_record> more = page_after(rows.back().number);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const audit_record* after = i + 1 < rows.size() ? &rows[i + 1] : more.empty() ? nullptr : &more.front();
      if (!walked.accept(rows[i], after)) return std::move(walked.verdict());
    }
    rows = more;
  }
  check_head(walked, tx.run("SELECT number, hash FROM audit_head WHERE org_id = $1", params{}.uuid(organisation)));
  return std::move(walked.verdict());
}

std::optional<std::string> audit_hash_at(session& on, organisation_id organisation, std::uint64_t number) {
  const result found =
      on.run("SELECT hash FROM audit_log WHERE org_id = $1 AND number = $2", params{}.uuid(organisation).int8(number));
  return found.rows() == 0 ? std::nullopt : std::optional{std::string(found.text(0, 0))};
}

}  // namespace dialer::sql
