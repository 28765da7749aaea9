#pragma once
// Keys of the REST API as they are stored: never the key itself.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// What a key may be used for; none implies another. Stored as bits: append only.
enum class scope : std::uint8_t {
  read = 1,            ///< look at everything but keys
  operate = 2,         ///< what a manager does by day: import, start, pause, opt out
  admin = 4,           ///< set things up, and hand out keys
  numbers_create = 8,  ///< buy phone numbers
};
inline constexpr std::array all_scopes{scope::read, scope::operate, scope::admin, scope::numbers_create};
std::string_view to_string(scope value) noexcept;
std::optional<scope> parse_scope(std::string_view text) noexcept;

using scope_bits = std::uint8_t;
constexpr bool has(scope_bits granted, scope wanted) noexcept {
  return (granted & static_cast<scope_bits>(wanted)) != 0;
}

struct api_key_record {
  api_key_id id;
  std::string name;
  std::string hash;    ///< 32 bytes
  std::string pepper;  ///< mark of the pepper, 8 bytes
  scope_bits scopes = 0;
  std::optional<workspace_id> workspace;  ///< nothing: the whole organisation
  utc_time created_at{};
  std::optional<utc_time> expires_at;  ///< exclusive
  std::optional<utc_time> revoked_at;
  friend bool operator==(const api_key_record&, const api_key_record&) = default;
};

/// Stores a new key; `created_at` is the database's. Throws configuration_error when the organisation has a key in use
/// that was made under another pepper: engines could not check both.
void create_api_key(transaction& in, organisation_id organisation, const api_key_record& key);

/// False when there is no such key. Revoking a revoked key changes nothing. In force on every engine in under a second
/// from the commit.
bool revoke_api_key(transaction& in, organisation_id organisation, api_key_id key);

/// All of them, in the order of their making.
std::vector<api_key_record> read_api_keys(session& on, organisation_id organisation);

/// Where the keys of each organisation stand; organisations that never had one are left out.
struct keys_version {
  organisation_id organisation;
  std::uint64_t version = 0;
};
std::vector<keys_version> read_keys_versions(session& on);

}  // namespace dialer::sql
