#pragma once
// The carriers' signatures of their callbacks, made here and not by the code under test.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <map>
#include <memory>
#include <string>

namespace dialer::api::test {

inline std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// Twilio's signature over a URL and decoded form fields.
inline std::string twilio_signature(const std::string& url, const std::map<std::string, std::string>& fields,
                                    const std::string& key) {
  std::string text = url;
  for (const auto& [name, value] : fields) text += name + value;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return base64(digest, size);
}

/// A key pair of Telnyx's kind, from a fixed seed.
class telnyx_key {
 public:
  telnyx_key() {
    const unsigned char seed[32] = {7};
    key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof seed));
  }
  std::string public_base64() const {
    unsigned char bytes[32];
    std::size_t size = sizeof bytes;
    EVP_PKEY_get_raw_public_key(key_.get(), bytes, &size);
    return base64(bytes, size);
  }
  std::string sign(const std::string& timestamp, const std::string& body) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    const std::string text = timestamp + "|" + body;
    unsigned char bytes[64];
    std::size_t size = sizeof bytes;
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), bytes, &size, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return base64(bytes, size);
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, &EVP_PKEY_free};
};

}  // namespace dialer::api::test
