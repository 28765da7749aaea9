#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct evp_mac_ctx_st;

namespace dialer::carriers {

enum class hmac_hash : std::uint8_t { sha1, sha256 };

/// HMAC (RFC 2104) under one key, prepared once; compute() may be called any number of times. Not synchronised.
class hmac {
 public:
  /// Throws std::runtime_error when the cryptographic library refuses (no memory, algorithm switched off).
  hmac(hmac_hash hash, std::span<const std::uint8_t> key);

  using digest = std::array<std::uint8_t, 32>;  ///< SHA-1 fills the first 20 bytes
  digest compute(std::span<const std::uint8_t> message) const;
  digest compute(std::string_view message) const;

 private:
  struct release {
    void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_mac_ctx_st, release> context_;
};

}  // namespace dialer::carriers
