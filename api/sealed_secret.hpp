#pragma once
// Secrets of carrier accounts and webhooks as the database keeps them. Envelope encryption: each secret under a random
// key of its own, that key under a master key of the engine, both with AES-256-GCM:
//
//   sealed:<base64url: version 1 | mark of the master key, 8 | nonce, 12 | own key, 32 | tag, 16
//                      | nonce, 12 | the secret | tag, 16>
//
// Both are bound to the place they stand in: a row copied elsewhere opens nothing.

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sql/snapshot.hpp"

namespace dialer::api {

using secret_key = std::array<std::uint8_t, 32>;

/// A secret can't be sealed or opened; says why and what to do about it, never anything of the secret.
class secret_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whether a stored reference is a sealed secret, rather than a place where the engine finds one.
bool is_sealed(std::string_view reference);

/// Where a sealed secret stands, and the only place it opens in. Those of an account differ by column; a webhook's
/// secret and the one before it are the same place, as a rotation moves the one into the column of the other.
struct sealed_place {
  sealed_place(const sql::secret_place& of);  // NOLINT(google-explicit-constructor): it is one
  sealed_place(organisation_id organisation, webhook_id webhook);
  /// The password of a number's trunk.
  sealed_place(organisation_id organisation, phone_number_id number);

  std::string bound_to;  ///< differs from that of any other place
  std::string owner;     ///< "integration": what kind of thing
  std::string remedy;    ///< what to do about one that can't be opened
};

/// The master keys of an engine. Immutable; any thread.
class secret_keys {
 public:
  /// None: seals and opens nothing.
  secret_keys() = default;
  /// The first seals; each opens what was sealed under it, so that a new key can be put before an old one.
  explicit secret_keys(std::vector<secret_key> keys) : keys_{std::move(keys)} {}

  bool empty() const { return keys_.empty(); }
  /// Throws secret_error when there is no key.
  std::string seal(std::string_view secret, const sealed_place& of) const;
  /// Throws secret_error for one that was sealed under another key, for another place, or altered since.
  std::string open(std::string_view reference, const sealed_place& of) const;

 private:
  std::vector<secret_key> keys_;
};

}  // namespace dialer::api
