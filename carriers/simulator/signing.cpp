#include "carriers/simulator/signing.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace dialer::carriers::simulator {

std::string twilio_signature(std::string_view auth_token, std::string_view url, const form_fields& fields) {
  std::vector<const form_field*> sorted;
  for (const auto& field : fields.all()) sorted.push_back(&field);
  std::sort(sorted.begin(), sorted.end(), [](const form_field* a, const form_field* b) { return a->name < b->name; });
  std::string data{url};
  for (const auto* field : sorted) data.append(field->name).append(field->value);

  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha1(), auth_token.data(), static_cast<int>(auth_token.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), mac.data(), &size);
  return base64_encode({reinterpret_cast<const char*>(mac.data()), size});
}

ed25519_key::ed25519_key(const seed& bytes)
    : key_{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size())} {
  std::array<unsigned char, 32> raw{};
  std::size_t size = raw.size();
  if (!key_ || EVP_PKEY_get_raw_public_key(static_cast<EVP_PKEY*>(key_.get()), raw.data(), &size) != 1) {
    throw std::runtime_error("OpenSSL could not make an Ed25519 key");
  }
  public_base64_ = base64_encode({reinterpret_cast<const char*>(raw.data()), size});
}

ed25519_key::~ed25519_key() = default;
ed25519_key::ed25519_key(ed25519_key&&) noexcept = default;
ed25519_key& ed25519_key::operator=(ed25519_key&&) noexcept = default;

void ed25519_key::key_deleter::operator()(void* key) const noexcept {
  EVP_PKEY_free(static_cast<EVP_PKEY*>(key));
}

std::string ed25519_key::sign_base64(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::array<unsigned char, 64> signature{};
  std::size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(message.data()),
                     message.size()) != 1) {
    throw std::runtime_error("OpenSSL could not sign with Ed25519");
  }
  return base64_encode({reinterpret_cast<const char*>(signature.data()), size});
}

}  // namespace dialer::carriers::simulator
