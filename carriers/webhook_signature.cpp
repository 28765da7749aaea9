// As the carriers document it: Twilio, "Webhooks security"; Telnyx, "Webhook signing".

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

#include "carriers/base64.hpp"
#include "carriers/codec.hpp"
#include "carriers/form.hpp"
#include "carriers/hmac.hpp"

namespace dialer::carriers {
namespace {

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// scheme://userinfo@ | host | :port | path and query; the fragment is never requested, so it is dropped.
struct url_parts {
  std::string_view front;
  std::string_view host;
  std::string_view port;
  std::string_view rest;
};

/// By hand, because the text must survive byte for byte and may hold characters that no strict parser lets through.
std::optional<url_parts> split(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return std::nullopt;
  const std::size_t authority = scheme + 3;
  const std::size_t path = std::min(url.find_first_of("/?", authority), url.size());
  const std::size_t at = url.substr(0, path).rfind('@');
  const std::size_t host = at == std::string_view::npos || at < authority ? authority : at + 1;
  const std::string_view host_and_port = url.substr(host, path - host);
  const std::size_t bracket = host_and_port.rfind(']');  // of an IPv6 address, whose colons start no port
  const std::size_t colon =
      std::min(host_and_port.find(':', bracket == std::string_view::npos ? 0 : bracket), host_and_port.size());
  return url_parts{url.substr(0, host), host_and_port.substr(0, colon), host_and_port.substr(colon), url.substr(path)};
}

std::string_view standard_port(std::string_view front) {
  const auto equal = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  constexpr std::string_view https = "https://";
  const bool secure = front.size() >= https.size() && std::equal(https.begin(), https.end(), front.begin(),
                                                                 [&](char b, char a) { return equal(a, b); });
  return secure ? ":443" : ":80";
}

/// Name and value of each field, by name in byte order; equal repetitions once, other repetitions by value.
std::string signed_fields(std::string_view body) {
  std::vector<form_field> fields = parse_form(body);
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  std::string text;
  for (const form_field& field : fields) {
    text += field.name;
    text += field.value;
  }
  return text;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned written = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &written, EVP_sha256(), nullptr) != 1) return {};
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  }
  return hex;
}

bool is_form(std::string_view content_type) {
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return content_type.empty() ||
         (type.size() >= form.size() &&
          std::equal(form.begin(), form.end(), type.begin(),
                     [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); }) &&
          type.find_first_not_of(' ', form.size()) == std::string_view::npos);
}

struct key_release {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct context_release {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

bool verify_twilio(const callback_request& request, std::string_view key) {
  const auto url = split(request.url);
  if (!url || key.empty() || request.twilio_signature.size() != 28) return false;

  std::string fields;
  const std::vector<form_field> query = parse_form(query_of(request.url));
  const std::string_view body_hash = form_value(query, "bodySHA256");
  if (!body_hash.empty()) {
    if (!equal_in_constant_time(body_hash, sha256_hex(request.body))) return false;
  } else if (request.method != "GET" && !request.body.empty()) {
    // A body that is neither form nor hashed in the URL is not covered by the signature.
    if (!is_form(request.content_type)) return false;
    fields = signed_fields(request.body);
  }

  const hmac mac{hmac_hash::sha1, std::span{reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}};
  const auto signed_as = [&](std::string_view port) {
    std::string message;
    for (const std::string_view part : {url->front, url->host, port, url->rest, std::string_view{fields}}) {
      message += part;
    }
    std::string expected;
    const hmac::digest digest = mac.compute(message);
    constexpr std::size_t sha1_bytes = 20;
    append_base64(std::span{digest}.first(sha1_bytes), base64_kind::standard, expected);
    return equal_in_constant_time(expected, request.twilio_signature);
  };
  // Twilio's services differ in whether they sign the port.
  return signed_as("") || signed_as(url->port.empty() ? standard_port(url->front) : url->port);
}

bool verify_telnyx(const callback_request& request, std::string_view public_key_base64, utc_time now) {
  constexpr std::chrono::seconds tolerance{300};
  const std::string_view timestamp = request.telnyx_timestamp;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  constexpr std::size_t digits_max = 12;  // no overflow in microseconds
  const bool digits = std::ranges::all_of(timestamp, [](char c) { return c >= '0' && c <= '9'; });
  if (timestamp.empty() || !digits || timestamp.size() > digits_max || error != std::errc{}) return false;
  if (std::chrono::abs(now - utc_time{std::chrono::seconds{seconds}}) > tolerance) return false;

  const auto key_bytes = decode_base64(public_key_base64, base64_kind::standard);
  const auto signature = decode_base64(request.telnyx_signature, base64_kind::standard);
  if (!key_bytes || key_bytes->size() != 32 || !signature || signature->size() != 64) return false;
  const std::unique_ptr<EVP_PKEY, key_release> key{EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key_bytes->data()), key_bytes->size())};
  const std::unique_ptr<EVP_MD_CTX, context_release> context{EVP_MD_CTX_new()};
  if (!key || !context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) return false;
  std::string message{timestamp};
  message += '|';
  message += request.body;
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature->data()), signature->size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

}  // namespace dialer::carriers
