#include "carriers/attempt_token.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "carriers/base64.hpp"
#include "carriers/hmac.hpp"

namespace dialer::carriers {
namespace {

// version 1, organisation 16, campaign 16, attempt 8, contact 8, epoch 8, issued_at 8 (seconds), all big-endian;
// MAC 16. 81 bytes are 108 characters without padding, so every bit of the text carries a bit of the token.
constexpr std::uint8_t version = 1;
constexpr std::size_t signed_bytes = 1 + 16 + 16 + 8 + 8 + 8 + 8;
constexpr std::size_t mac_bytes = 16;
constexpr std::size_t token_bytes = signed_bytes + mac_bytes;
static_assert(token_bytes % 3 == 0);
constexpr std::size_t token_characters = token_bytes / 3 * 4;

void put(std::uint8_t*& at, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(value >> shift);
}

std::uint64_t take(const std::uint8_t*& at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = (value << 8) | *at++;
  return value;
}

id128 take_wide(const std::uint8_t*& at) {
  const std::uint64_t high = take(at);
  return {high, take(at)};
}

}  // namespace

struct token_signer::impl {
  hmac mac;
};

token_signer::token_signer(const token_key& key)
    : impl_{std::make_unique<impl>(impl{hmac{hmac_hash::sha256, std::span{key}}})} {}
token_signer::~token_signer() = default;
token_signer::token_signer(token_signer&&) noexcept = default;
token_signer& token_signer::operator=(token_signer&&) noexcept = default;

void token_signer::sign(const attempt_token& token, std::string& out) const {
  std::array<std::uint8_t, token_bytes> bytes;
  std::uint8_t* at = bytes.data();
  *at++ = version;
  put(at, token.organisation.high);
  put(at, token.organisation.low);
  put(at, token.campaign.high);
  put(at, token.campaign.low);
  put(at, token.attempt.value);
  put(at, token.contact.value);
  put(at, token.epoch);
  put(at,
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(token.issued_at.time_since_epoch()).count()));
  const hmac::digest mac = impl_->mac.compute(std::span{bytes}.first(signed_bytes));
  std::copy_n(mac.begin(), mac_bytes, at);
  append_base64(bytes, base64_kind::url, out);
}

std::optional<attempt_token> token_signer::verify(std::string_view text) const {
  if (text.size() != token_characters) return std::nullopt;
  const auto decoded = decode_base64(text, base64_kind::url);
  if (!decoded) return std::nullopt;
  const std::uint8_t* at = reinterpret_cast<const std::uint8_t*>(decoded->data());
  const hmac::digest mac = impl_->mac.compute(std::span{at, signed_bytes});
  if (CRYPTO_memcmp(mac.data(), at + signed_bytes, mac_bytes) != 0) return std::nullopt;
  if (*at++ != version) return std::nullopt;
  attempt_token token;
  token.organisation = organisation_id{take_wide(at)};
  token.campaign = campaign_id{take_wide(at)};
  token.attempt = attempt_id{take(at)};
  token.contact = contact_id{take(at)};
  token.epoch = take(at);
  token.issued_at = utc_time{std::chrono::seconds{static_cast<std::int64_t>(take(at))}};
  return token;
}

bool has_token_shape(std::string_view text) {
  if (text.size() != token_characters) return false;
  const auto decoded = decode_base64(text, base64_kind::url);
  return decoded && static_cast<std::uint8_t>(decoded->front()) == version;
}

}  // namespace dialer::carriers
