#include "sql/opt_outs.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include "sql/generation.hpp"

namespace dialer::sql {
namespace {

constexpr std::size_t chunk_max = 10'000;

std::uint64_t in_chunks(session& on, organisation_id organisation, std::span<const e164> numbers,
                        std::string_view source, std::string_view statement) {
  std::uint64_t generation = 0;
  do {
    const auto chunk = numbers.first(std::min(chunk_max, numbers.size()));
    numbers = numbers.subspan(chunk.size());
    std::vector<std::int64_t> digits;
    digits.reserve(chunk.size());
    for (const e164 number : chunk) digits.push_back(static_cast<std::int64_t>(number.digits()));
    transaction tx{on};
    // First the owner's row: intents wait for us from here on, or we for theirs.
    generation = raise_generation(tx, organisation);
    tx.run(statement, params{}.uuid(organisation).int8_array(digits).int8(generation).text(source));
    tx.commit();
  } while (!numbers.empty());
  return generation;
}

}  // namespace

std::uint64_t add_opt_outs(session& on, organisation_id organisation, std::span<const e164> numbers,
                           std::string_view source) {
  return in_chunks(
      on, organisation, numbers, source,
      "INSERT INTO opt_out (org_id, number, generation, source) SELECT DISTINCT $1, n, $3, $4 FROM unnest($2) n "
      "ON CONFLICT (org_id, number) DO UPDATE SET generation = excluded.generation, at = now(), "
      "source = excluded.source, revoked = false WHERE opt_out.revoked");
}

std::uint64_t withdraw_opt_outs(session& on, organisation_id organisation, std::span<const e164> numbers,
                                std::string_view source) {
  return in_chunks(on, organisation, numbers, source,
                   "UPDATE opt_out SET generation = $3, at = now(), source = $4, revoked = true "
                   "WHERE org_id = $1 AND number = ANY ($2) AND NOT revoked");
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
