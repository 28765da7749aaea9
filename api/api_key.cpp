#include "api/api_key.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <stdexcept>

namespace dialer::api {
namespace {

constexpr std::string_view prefix = "dlr_";
constexpr std::size_t id_characters = 26;
constexpr std::size_t secret_characters = 52;
constexpr std::size_t checksum_characters = 13;
constexpr std::size_t checked_characters = prefix.size() + id_characters + 1 + secret_characters;
constexpr std::size_t characters = checked_characters + 1 + checksum_characters;

// "_" and 63 bits of the SHA-256 of what stands before it.
std::string checksum(std::string_view checked) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(checked.data()), checked.size(), digest.data());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | digest[i];
  return detail::id_text("_", value >> 1);
}

std::string hmac(std::string_view text, const key_pepper& pepper) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  unsigned size = 0;
  const auto* done = HMAC(EVP_sha256(), pepper.data(), static_cast<int>(pepper.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          reinterpret_cast<unsigned char*>(&hash[0]), &size);
  if (done == nullptr || size != hash.size()) throw std::runtime_error{"HMAC-SHA-256 failed"};
  return hash;
}

}  // namespace

std::string mark_of(const key_pepper& pepper) {
  return hmac("mark of an API key pepper", pepper).substr(0, 8);
}

std::string api_key_text(api_key_id id, const std::array<id128, 2>& random) {
  const std::string checked =
      detail::id_text(prefix, id) + detail::id_text("_", random[0]) + detail::id_text("", random[1]);
  return checked + checksum(checked);
}

std::optional<api_key_id> api_key_id_of(std::string_view text) {
  if (text.size() != characters || !text.starts_with(prefix)) return std::nullopt;
  if (checksum(text.substr(0, checked_characters)) != text.substr(checked_characters)) return std::nullopt;
  const auto id = detail::id_parse(prefix, text.substr(0, prefix.size() + id_characters));
  return id ? std::optional{api_key_id{*id}} : std::nullopt;
}

std::string api_key_hash(std::string_view text, const key_pepper& pepper) {
  return hmac(text, pepper);
}

bool equal_secrets(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace dialer::api
