#pragma once
// How the carriers sign their callbacks, in an implementation of its own.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "carriers/simulator/wire_text.hpp"

namespace dialer::carriers::simulator {

/// X-Twilio-Signature: base64 of HMAC-SHA1 under the auth token over the URL and the fields in byte order of their
/// names. `url` is the URL as requested, without its fragment.
std::string twilio_signature(std::string_view auth_token, std::string_view url, const form_fields& fields);

/// An Ed25519 key made from a 32-byte seed (RFC 8032, 5.1.5).
class ed25519_key {
 public:
  using seed = std::array<std::uint8_t, 32>;
  /// Throws std::runtime_error when OpenSSL has no Ed25519.
  explicit ed25519_key(const seed& bytes);
  ~ed25519_key();
  ed25519_key(ed25519_key&&) noexcept;
  ed25519_key& operator=(ed25519_key&&) noexcept;

  /// 32 bytes in base64, as Telnyx's portal shows the public key.
  const std::string& public_base64() const noexcept { return public_base64_; }
  /// telnyx-signature-ed25519: base64 of the 64-byte signature.
  std::string sign_base64(std::string_view message) const;

 private:
  struct key_deleter {
    void operator()(void* key) const noexcept;
  };
  std::unique_ptr<void, key_deleter> key_;
  std::string public_base64_;
};

}  // namespace dialer::carriers::simulator
