#include "carriers/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdexcept>
#include <string>

namespace dialer::carriers {
namespace {

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error{std::string{"HMAC: the cryptographic library failed to "} + what};
}

/// Fetching an algorithm searches the providers (microseconds): once per process.
EVP_MAC* fetched_hmac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr, "supply HMAC");
  return mac;
}

}  // namespace

void hmac::release::operator()(evp_mac_ctx_st* context) const noexcept {
  EVP_MAC_CTX_free(context);
}

hmac::hmac(hmac_hash hash, std::span<const std::uint8_t> key) : context_{EVP_MAC_CTX_new(fetched_hmac())} {
  require(context_ != nullptr, "make a context");
  char name_sha1[] = "SHA1";
  char name_sha256[] = "SHA256";
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash == hmac_hash::sha1 ? name_sha1 : name_sha256, 0),
      OSSL_PARAM_construct_end()};
  // A null pointer would mean "keep the key of before", which there is none of: an empty key still needs an address.
  constexpr std::uint8_t empty_key = 0;
  require(EVP_MAC_init(context_.get(), key.empty() ? &empty_key : key.data(), key.size(), parameters.data()) == 1,
          "take the key");
}

hmac::digest hmac::compute(std::span<const std::uint8_t> message) const {
  digest result{};
  std::size_t written = 0;
  // Without a key, init rewinds to the prepared key block: no allocation and two hash blocks saved.
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1, "start over");
  require(EVP_MAC_update(context_.get(), message.data(), message.size()) == 1, "hash");
  require(EVP_MAC_final(context_.get(), result.data(), &written, result.size()) == 1, "finish");
  return result;
}

hmac::digest hmac::compute(std::string_view message) const {
  return compute(std::span{reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
}

}  // namespace dialer::carriers
