#pragma once
// The audit log: who changed what, as a chain of hashes per organisation.
//
// A row's hash is SHA-256 over its fields in this order, each written as its length in bytes in decimal, ":", the bytes
// and ",":
//
//   "dialer audit 1" | organisation's id (org_...) | number in decimal | previous row's hash, 32 bytes (zeros for the
//   first) | instant in microseconds since 1970 in decimal | actor | action | resource | reason | request id
//
// Who alters a row has to alter all that follow and the head. Who can do that is found by comparing the head with one
// that was kept elsewhere: `dialer audit verify --head`.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// What was done. Foreign text is cut and made storable.
struct audit_entry {
  std::string actor;         ///< an API key's id, or "cli:" and the user of the machine
  std::string action;        ///< "pauseCampaign": the name of the operation
  std::string resource;      ///< id of what was changed, or the path of it
  std::string reason{};      ///< as a person gave it; may be empty
  std::string request_id{};  ///< or empty
};
inline constexpr std::size_t audit_reason_max = 500;  ///< bytes

struct audit_record {
  std::uint64_t number = 0;
  utc_time at{};
  audit_entry what;
  std::string previous;  ///< 32 bytes
  std::string hash;      ///< 32 bytes
};

/// In the transaction of the effect, and last in it: later ones of the organisation wait here for its commit.
void append_audit(transaction& in, organisation_id organisation, audit_entry what);

/// The newest first, below `before` (0: from the newest on).
std::vector<audit_record> read_audit(session& on, organisation_id organisation, std::uint64_t before, int count);

/// As the chain's definition says.
std::string audit_hash(organisation_id organisation, const audit_record& of);

struct audit_verdict {
  std::uint64_t rows = 0;    ///< found in order
  std::string head;          ///< hash of the last of them; 32 zeros when there is none
  std::string fault;         ///< what is wrong first; empty: nothing
  std::uint64_t number = 0;  ///< the row that is about, when something is
};

/// Reads the whole chain, as of one instant.
audit_verdict verify_audit(session& on, organisation_id organisation);

/// Hash of the row of that number; nothing when there is none.
std::optional<std::string> audit_hash_at(session& on, organisation_id organisation, std::uint64_t number);

}  // namespace dialer::sql
