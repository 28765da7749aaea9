#include "api/webhook_signature.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <stdexcept>

#include "carriers/base64.hpp"
#include "carriers/hmac.hpp"

namespace dialer::api {
namespace {

constexpr std::string_view prefix = "whsec_";

}  // namespace

std::string make_webhook_secret() {
  std::array<std::uint8_t, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error{"there is no randomness for a secret"};
  }
  std::string secret{prefix};
  carriers::append_base64(bytes, carriers::base64_kind::standard, secret);
  return secret;
}

std::string sign_webhook(std::string_view secret, std::string_view message, std::int64_t timestamp,
                         std::string_view body) {
  const auto key = secret.starts_with(prefix)
                       ? carriers::decode_base64(secret.substr(prefix.size()), carriers::base64_kind::standard)
                       : std::nullopt;
  if (!key || key->empty()) throw std::invalid_argument{"this is no webhook secret"};
  const carriers::hmac mac{carriers::hmac_hash::sha256,
                           {reinterpret_cast<const std::uint8_t*>(key->data()), key->size()}};
  std::string text{message};
  text += "." + std::to_string(timestamp) + ".";
  text += body;
  const carriers::hmac::digest digest = mac.compute(text);
  std::string signature = "v1,";
  carriers::append_base64(digest, carriers::base64_kind::standard, signature);
  return signature;
}

}  // namespace dialer::api
