#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// Stores opt-outs, 10,000 numbers a transaction, each with its own generation; answers the last one. When this
/// returns, no intent that was decided without them can commit any more; calls already asked for may still start until
/// the owner has applied the generation (wait_applied). Known ones stay as they are. Throws std::invalid_argument for
/// an unknown organisation, sql_error (chunks before it are stored: repeat the call, it is idempotent).
std::uint64_t add_opt_outs(session& on, organisation_id organisation, std::span<const e164> numbers,
                           std::string_view source);

/// Likewise, at most opt_outs_max of them, in a transaction that does more.
inline constexpr std::size_t opt_outs_max = 10'000;
std::uint64_t add_opt_outs(transaction& in, organisation_id organisation, std::span<const e164> numbers,
                           std::string_view source);
std::uint64_t withdraw_opt_outs(transaction& in, organisation_id organisation, std::span<const e164> numbers,
                                std::string_view source);

struct opt_out_record {
  e164 number;
  utc_time at{};       ///< when it was last changed
  std::string source;  ///< who said so
};
/// Those in force, by number, the next `count` above `after`.
std::vector<opt_out_record> read_opt_outs(session& on, organisation_id organisation, e164 after, int count);
std::optional<opt_out_record> find_opt_out(session& on, organisation_id organisation, e164 number);

/// The person wants to be called again.
std::uint64_t withdraw_opt_outs(session& on, organisation_id organisation, std::span<const e164> numbers,
                                std::string_view source);

/// How long whoever made a change waits for the engine to act by it, before it is called pending.
inline constexpr std::chrono::milliseconds applied_within{2'000};

/// True once the organisation's owner has applied `generation` in memory; false when it has not within `timeout` (the
/// opt-out holds all the same: answer 202).
bool wait_applied(session& on, organisation_id organisation, std::uint64_t generation,
                  std::chrono::milliseconds timeout);

}  // namespace dialer::sql
