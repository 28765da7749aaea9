#pragma once
// The token that every create carries and every callback brings back. Self-describing: a lost ledger row can be
// rebuilt.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::carriers {

struct attempt_token {
  organisation_id organisation;
  campaign_id campaign;
  attempt_id attempt;
  contact_id contact;
  std::uint64_t epoch = 0;
  utc_time issued_at;  ///< whole seconds
  friend bool operator==(const attempt_token&, const attempt_token&) = default;
};

/// 256-bit key, kept beside the database (not in it).
using token_key = std::array<std::uint8_t, 32>;

/// URL-safe base64 of version, fields and the first 16 bytes of HMAC-SHA256: about 110 characters, no padding.
/// Appends to `out`. One per thread: holds a prepared MAC context.
class token_signer {
 public:
  explicit token_signer(const token_key& key);
  ~token_signer();
  token_signer(token_signer&&) noexcept;
  token_signer& operator=(token_signer&&) noexcept;
  void sign(const attempt_token& token, std::string& out) const;
  /// nullopt for anything not made by sign() with the same key. Constant-time comparison.
  std::optional<attempt_token> verify(std::string_view text) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Whether a text can be a token, signed with whatever key: its length, alphabet and version.
bool has_token_shape(std::string_view text);

}  // namespace dialer::carriers
