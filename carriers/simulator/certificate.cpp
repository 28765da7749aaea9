#include "carriers/simulator/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace dialer::carriers::simulator {

namespace {

template <auto release>
struct releaser {
  template <class T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};

using key_ptr = std::unique_ptr<EVP_PKEY, releaser<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, releaser<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, releaser<BIO_free_all>>;

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL could not make the simulator's certificate");
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, releaser<X509_EXTENSION_free>> extension{
      X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

/// A certificate with everything but its extensions and its signature.
certificate_ptr blank_certificate(EVP_PKEY* key, const char* common_name) {
  certificate_ptr certificate{X509_new()};
  require(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1) == 1);
  constexpr long day = 86'400;
  require(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day) != nullptr);
  require(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 730 * day) != nullptr);
  require(X509_set_pubkey(certificate.get(), key) == 1);
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0) == 1);
  return certificate;
}

template <class Write>
std::string pem(Write write) {
  const bio_ptr memory{BIO_new(BIO_s_mem())};
  require(memory != nullptr && write(memory.get()) == 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

server_identity make_server_identity() {
  const key_ptr authority_key{EVP_EC_gen("P-256")};
  const key_ptr server_key{EVP_EC_gen("P-256")};
  require(authority_key && server_key);

  const auto authority = blank_certificate(authority_key.get(), "Carrier simulator authority");
  require(X509_set_issuer_name(authority.get(), X509_get_subject_name(authority.get())) == 1);
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  require(X509_sign(authority.get(), authority_key.get(), EVP_sha256()) > 0);

  const auto server = blank_certificate(server_key.get(), "localhost");
  require(X509_set_issuer_name(server.get(), X509_get_subject_name(authority.get())) == 1);
  add_extension(server.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(server.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  add_extension(server.get(), authority.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  add_extension(server.get(), authority.get(), NID_authority_key_identifier, "keyid");
  require(X509_sign(server.get(), authority_key.get(), EVP_sha256()) > 0);

  return {pem([&](BIO* out) { return PEM_write_bio_X509(out, server.get()); }), pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, server_key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }),
          pem([&](BIO* out) { return PEM_write_bio_X509(out, authority.get()); })};
}

}  // namespace dialer::carriers::simulator
