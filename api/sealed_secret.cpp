#include "api/sealed_secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "carriers/base64.hpp"
#include "model/hex.hpp"

namespace dialer::api {
namespace {

constexpr std::string_view prefix = "sealed:";
constexpr char version = 1;
constexpr std::size_t mark_bytes = 8;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t head_bytes = 1 + mark_bytes;
constexpr std::size_t wrapped_bytes = nonce_bytes + std::tuple_size_v<secret_key> + tag_bytes;

unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error{std::string(what) + " failed"};
}

using cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

cipher make_cipher() {
  cipher made{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  require(made != nullptr, "EVP_CIPHER_CTX_new");
  return made;
}

/// A fresh nonce, the text encrypted, its tag.
std::string encrypt(std::string_view text, const secret_key& key, std::string_view bound_to) {
  std::string out(nonce_bytes + text.size() + tag_bytes, '\0');
  require(RAND_bytes(bytes(out), nonce_bytes) == 1, "RAND_bytes");
  unsigned char* const body = bytes(out) + nonce_bytes;
  const cipher with = make_cipher();
  int size = 0;
  require(EVP_EncryptInit_ex(with.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes(out)) == 1 &&
              EVP_EncryptUpdate(with.get(), nullptr, &size, bytes(bound_to), static_cast<int>(bound_to.size())) == 1 &&
              EVP_EncryptUpdate(with.get(), body, &size, bytes(text), static_cast<int>(text.size())) == 1 &&
              EVP_EncryptFinal_ex(with.get(), body + size, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, body + text.size()) == 1,
          "AES-256-GCM");
  return out;
}

/// Nothing when a bit of it, the key or what it is bound to is another.
std::optional<std::string> decrypt(std::string_view sealed, const secret_key& key, std::string_view bound_to) {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  std::string tag{sealed.substr(sealed.size() - tag_bytes)};
  const std::string_view text = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
  std::string out(text.size(), '\0');
  const cipher with = make_cipher();
  int size = 0;
  require(EVP_DecryptInit_ex(with.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes(sealed)) == 1 &&
              EVP_DecryptUpdate(with.get(), nullptr, &size, bytes(bound_to), static_cast<int>(bound_to.size())) == 1 &&
              EVP_DecryptUpdate(with.get(), bytes(out), &size, bytes(text), static_cast<int>(text.size())) == 1 &&
              EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1,
          "AES-256-GCM");
  if (EVP_DecryptFinal_ex(with.get(), bytes(out) + size, &size) != 1) return std::nullopt;
  return out;
}

/// By which keys are told apart; says nothing about the key.
std::string mark_of(const secret_key& key) {
  constexpr std::string_view label = "mark of a secret key";
  std::string mark(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(label), label.size(), bytes(mark),
               &size) != nullptr,
          "HMAC-SHA-256");
  mark.resize(mark_bytes);
  return mark;
}

}  // namespace

sealed_place::sealed_place(const sql::secret_place& of)
    : bound_to{"dialer carrier secret\n" + of.organisation.text() + "\n" + of.integration.text() + "\n" +
               (of.secondary ? "secondary_secret" : "secret")},
      owner{"integration"},
      remedy{"enter the secret again: PATCH /v1/integrations/" + of.integration.text()} {}

// The one before can't be opened either, so it is not to sign beside the new one.
sealed_place::sealed_place(organisation_id organisation, webhook_id webhook)
    : bound_to{"dialer webhook secret\n" + organisation.text() + "\n" + webhook.text()},
      owner{"webhook"},
      remedy{"make a new secret: POST /v1/webhooks/" + webhook.text() + R"(/rotate with {"overlap_s": 0})"} {}

sealed_place::sealed_place(organisation_id organisation, phone_number_id number)
    : bound_to{"dialer trunk password\n" + organisation.text() + "\n" + number.text()},
      owner{"phone number"},
      remedy{"enter the password again: PATCH /v1/phone-numbers/" + number.text()} {}

bool is_sealed(std::string_view reference) {
  return reference.starts_with(prefix);
}

std::string secret_keys::seal(std::string_view secret, const sealed_place& of) const {
  if (keys_.empty()) {
    throw secret_error(
        "this engine has no key to encrypt secrets with, so it keeps none; start it with --secret-key FILE, 32 random "
        "bytes made with: (umask 077; head -c 32 /dev/urandom > FILE)");
  }
  secret_key own{};
  require(RAND_bytes(own.data(), own.size()) == 1, "RAND_bytes");
  std::string sealed(1, version);
  sealed += mark_of(keys_.front());
  sealed += encrypt({reinterpret_cast<const char*>(own.data()), own.size()}, keys_.front(), of.bound_to);
  sealed += encrypt(secret, own, of.bound_to);
  OPENSSL_cleanse(own.data(), own.size());
  std::string text{prefix};
  carriers::append_base64(sealed, carriers::base64_kind::url, text);
  return text;
}

std::string secret_keys::open(std::string_view reference, const sealed_place& of) const {
  const auto sealed = is_sealed(reference)
                          ? carriers::decode_base64(reference.substr(prefix.size()), carriers::base64_kind::url)
                          : std::nullopt;
  if (!sealed || sealed->size() < head_bytes + wrapped_bytes || sealed->front() != version) {
    throw secret_error("its stored secret was altered; " + of.remedy);
  }
  const std::string_view mark = std::string_view{*sealed}.substr(1, mark_bytes);
  const auto key = std::ranges::find(keys_, mark, mark_of);
  if (key == keys_.end()) {
    throw secret_error("its secret was encrypted under the key " + to_hex(mark) +
                       ", which this engine does not have; give it that key's file with --secret-key, or " + of.remedy);
  }
  auto own = decrypt(std::string_view{*sealed}.substr(head_bytes, wrapped_bytes), *key, of.bound_to);
  std::optional<std::string> secret;
  if (own) {
    secret_key opened{};
    std::ranges::copy(*own, opened.begin());
    OPENSSL_cleanse(own->data(), own->size());
    secret = decrypt(std::string_view{*sealed}.substr(head_bytes + wrapped_bytes), opened, of.bound_to);
    OPENSSL_cleanse(opened.data(), opened.size());
  }
  if (!secret)
    throw secret_error("its stored secret was altered, or belongs to another " + of.owner + "; " + of.remedy);
  return std::move(*secret);
}

}  // namespace dialer::api
