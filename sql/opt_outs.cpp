#include "sql/opt_outs.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <vector>

#include "sql/generation.hpp"

namespace dialer::sql {
namespace {

constexpr std::string_view add_statement =
    "INSERT INTO opt_out (org_id, number, generation, source) SELECT DISTINCT $1, n, $3, $4 FROM unnest($2) n "
    "ON CONFLICT (org_id, number) DO UPDATE SET generation = excluded.generation, at = now(), "
    "source = excluded.source, revoked = false WHERE opt_out.revoked";
constexpr std::string_view withdraw_statement =
    "UPDATE opt_out SET generation = $3, at = now(), source = $4, revoked = true "
    "WHERE org_id = $1 AND number = ANY ($2) AND NOT revoked";

std::uint64_t write(transaction& tx, organisation_id organisation, std::span<const e164> numbers,
                    std::string_view source, std::string_view statement) {
  if (numbers.size() > opt_outs_max) throw std::invalid_argument("more opt-outs than a transaction takes");
  std::vector<std::int64_t> digits;
  digits.reserve(numbers.size());
  for (const e164 number : numbers) digits.push_back(static_cast<std::int64_t>(number.digits()));
  // First the owner's row: intents wait for us from here on, or we for theirs.
  const std::uint64_t generation = raise_generation(tx, organisation, changed::opt_outs);
  tx.run(statement, params{}.uuid(organisation).int8_array(digits).int8(generation).text(source));
  return generation;
}

std::uint64_t in_chunks(session& on, organisation_id organisation, std::span<const e164> numbers,
                        std::string_view source, std::string_view statement) {
  std::uint64_t generation = 0;
  do {
    const auto chunk = numbers.first(std::min(opt_outs_max, numbers.size()));
    numbers = numbers.subspan(chunk.size());
    transaction tx{on};
    generation = write(tx, organisation, chunk, source, statement);
    tx.commit();
  } while (!numbers.empty());
  return generation;
}

opt_out_record read_record(const result& rows, int i) {
  return {rows.phone(i, 0), rows.time(i, 1), std::string(rows.text(i, 2))};
}

}  // namespace

std::uint64_t add_opt_outs(session& on, organisation_id organisation, std::span<const e164> numbers,
                           std::string_view source) {
  return in_chunks(on, organisation, numbers, source, add_statement);
}

std::uint64_t add_opt_outs(transaction& in, organisation_id organisation, std::span<const e164> numbers,
                           std::string_view source) {
  return write(in, organisation, numbers, source, add_statement);
}

std::uint64_t withdraw_opt_outs(session& on, organisation_id organisation, std::span<const e164> numbers,
                                std::string_view source) {
  return in_chunks(on, organisation, numbers, source, withdraw_statement);
}

std::uint64_t withdraw_opt_outs(transaction& in, organisation_id organisation, std::span<const e164> numbers,
                                std::string_view source) {
  return write(in, organisation, numbers, source, withdraw_statement);
}

std::vector<opt_out_record> read_opt_outs(session& on, organisation_id organisation, e164 after, int count) {
  const result rows = on.run(
      "SELECT number, at, source FROM opt_out WHERE org_id = $1 AND number > $2 AND NOT revoked ORDER BY number "
      "LIMIT $3",
      params{}.uuid(organisation).int8(after.digits()).int8(std::int64_t{count}));
  std::vector<opt_out_record> all;
  for (int i = 0; i < rows.rows(); ++i) all.push_back(read_record(rows, i));
  return all;
}

std::optional<opt_out_record> find_opt_out(session& on, organisation_id organisation, e164 number) {
  const result rows = on.run("SELECT number, at, source FROM opt_out WHERE org_id = $1 AND number = $2 AND NOT revoked",
                             params{}.uuid(organisation).int8(number.digits()));
  return rows.rows() == 0 ? std::nullopt : std::optional{read_record(rows, 0)};
}

bool wait_applied(session& on, organisation_id organisation, std::uint64_t generation,
                  std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const result owner = on.run("SELECT applied_generation >= $2 FROM org_owner WHERE org_id = $1",
                                params{}.uuid(organisation).int8(generation));
    if (owner.rows() == 1 && owner.boolean(0, 0)) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

}  // namespace dialer::sql
