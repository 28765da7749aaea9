#include "tests/carriers_http/tls_test_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace dialer::test {
namespace {

struct identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
};

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error{std::string{"test certificate: "} + what};
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  require(extension != nullptr, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Self-signed authority when `issuer` is null. Times are in seconds from now.
identity make_identity(const char* name, const char* alternative_name, const identity* issuer, long from, long until) {
  static std::atomic<long> serial{1};
  identity made;
  made.key = EVP_EC_gen("P-256");
  made.certificate = X509_new();
  X509* const c = made.certificate;
  require(made.key != nullptr && c != nullptr, "key");
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
  X509_gmtime_adj(X509_getm_notBefore(c), from);
  X509_gmtime_adj(X509_getm_notAfter(c), until);
  X509_set_pubkey(c, made.key);
  X509_NAME* const subject = X509_get_subject_name(c);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer->certificate : c;
  X509_set_issuer_name(c, X509_get_subject_name(signer));
  add_extension(c, signer, NID_basic_constraints, issuer != nullptr ? "critical,CA:FALSE" : "critical,CA:TRUE");
  if (alternative_name != nullptr) add_extension(c, signer, NID_subject_alt_name, alternative_name);
  require(X509_sign(c, issuer != nullptr ? issuer->key : made.key, EVP_sha256()) != 0, "signature");
  return made;
}

/// The trusted one and one that nobody knows; made once, kept for the life of the process.
const identity& authority(bool known) {
  static const identity trusted = make_identity("test authority", nullptr, nullptr, -3600, 86400);
  static const identity stranger = make_identity("stranger", nullptr, nullptr, -3600, 86400);
  return known ? trusted : stranger;
}

SSL_CTX* make_context(const server_options& options) {
  const bool expired = options.certificate == flaw::expired;
  identity own = make_identity(
      "carrier", options.certificate == flaw::wrong_host ? "DNS:other.test" : "DNS:carrier.test,IP:127.0.0.1",
      &authority(options.certificate != flaw::unknown_authority), expired ? -7200 : -3600, expired ? -3600 : 86400);
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  require(context != nullptr, "context");
  if (options.tls_version_max != 0) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, options.tls_version_max);
  }
  static constexpr unsigned char session_context[] = "test";
  SSL_CTX_set_session_id_context(context, session_context, sizeof session_context);
  require(SSL_CTX_use_certificate(context, own.certificate) == 1, "use certificate");
  require(SSL_CTX_use_PrivateKey(context, own.key) == 1, "use key");
  X509_free(own.certificate);
  EVP_PKEY_free(own.key);
  return context;
}

std::size_t content_length(std::string_view head) {
  const std::string_view name = "Content-Length: ";
  const std::size_t at = head.find(name);
  return at == std::string_view::npos ? 0 : std::strtoul(head.data() + at + name.size(), nullptr, 10);
}

}  // namespace

std::string server_connection::read_request() {
  for (;;) {
    const std::size_t head_end = received_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      const std::size_t size = head_end + 4 + content_length(std::string_view{received_}.substr(0, head_end + 2));
      if (received_.size() >= size) {
        std::string request = received_.substr(0, size);
        received_.erase(0, size);
        return request;
      }
    }
    char bytes[16384];
    const int n = closed_ ? 0 : SSL_read(ssl_, bytes, sizeof bytes);
    if (n <= 0) return {};
    received_.append(bytes, static_cast<std::size_t>(n));
  }
}

bool server_connection::write(std::string_view bytes) {
  return !closed_ && (bytes.empty() || SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0);
}

bool server_connection::write_together(std::string_view first, std::string_view second) {
  const auto cork = [this](int on) { ::setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &on, sizeof on); };
  cork(1);
  const bool written = write(first) && write(second);
  cork(0);
  return written;
}

void server_connection::close() {
  if (closed_) return;
  SSL_shutdown(ssl_);
  cut();
}

void server_connection::cut() {
  closed_ = true;
  ::shutdown(fd_, SHUT_WR);
}

void server_connection::reset() {
  closed_ = true;
  // Dissolving the association sends the RST and leaves the descriptor to serve().
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  ::connect(fd_, &none, sizeof none);
}

void server_connection::wait_for_peer() {
  char bytes[4096];
  while (SSL_read(ssl_, bytes, sizeof bytes) > 0) {
  }
}

void server_connection::wait_for_peer_without_reading() {
  pollfd hang_up{fd_, POLLRDHUP, 0};
  ::poll(&hang_up, 1, -1);
}

bool server_connection::resumed() const {
  return SSL_session_reused(ssl_) == 1;
}

const std::string& tls_test_server::ca_file() {
  static const struct file {
    file() {
      char name[] = "/tmp/dialer-test-ca-XXXXXX";
      const int fd = ::mkstemp(name);
      path = name;
      FILE* const out = ::fdopen(fd, "w");
      PEM_write_X509(out, authority(true).certificate);
      std::fclose(out);
    }
    ~file() { ::unlink(path.c_str()); }
    std::string path;
  } made;
  return made.path;
}

tls_test_server::tls_test_server(script play, const server_options& options)
    : play_{std::move(play)}, options_{options}, context_{make_context(options)} {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own BIO on the server's side
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (options_.receive_buffer != 0) {
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &options_.receive_buffer, sizeof options_.receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 256) != 0) {
    throw std::runtime_error{"test server can't listen"};
  }
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread{[this] { accept_loop(); }};
}

tls_test_server::~tls_test_server() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock{mutex_};
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  SSL_CTX_free(context_);
}

void tls_test_server::accept_loop() {
  for (std::size_t number = 0;; ++number) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    at_once_max_ = std::max<std::size_t>(at_once_max_, ++at_once_);
    const std::lock_guard lock{mutex_};
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number] { serve(fd, number); });
  }
}

void tls_test_server::serve(int fd, std::size_t number) {
  SSL* const ssl = SSL_new(context_);
  SSL_set_fd(ssl, fd);
  server_connection connection{ssl, fd, number};
  if (options_.accept_tcp_only) {
    connection.wait_for_peer_without_reading();
  } else if (SSL_accept(ssl) == 1) {
    play_(connection);
  }
  // Counted out before the peer can see the end: otherwise it could open the next one "too early".
  --at_once_;
  SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl);
  ERR_clear_error();
  const std::lock_guard lock{mutex_};
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
}

}  // namespace dialer::test
