#include "carriers/http/tls_client.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace dialer::carriers::http {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in the whole process when the peer is gone; this
// one uses send(MSG_NOSIGNAL), and notes what the kernel said.
struct socket_bio {
  static tls_stream& stream(BIO* bio) { return *static_cast<tls_stream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    tls_stream& self = stream(bio);
    BIO_clear_retry_flags(bio);
    ssize_t n = 0;
    do {
      n = ::recv(self.fd_, into, static_cast<std::size_t>(size), 0);
    } while (n < 0 && errno == EINTR);
    self.emptied_ = n < size;
    if (n > 0) return static_cast<int>(n);
    if (n == 0) {
      self.ended_ = true;
    } else if (errno == EAGAIN) {
      BIO_set_retry_read(bio);
    } else {
      self.errno_ = errno;
    }
    return n == 0 ? 0 : -1;
  }

  static int write(BIO* bio, const char* from, int size) {
    tls_stream& self = stream(bio);
    BIO_clear_retry_flags(bio);
    ssize_t n = 0;
    do {
      n = ::send(self.fd_, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) return static_cast<int>(n);
    if (errno == EAGAIN) {
      BIO_set_retry_write(bio);
    } else {
      self.errno_ = errno;
    }
    return -1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dialer socket");
      if (m == nullptr) throw std::bad_alloc{};
      BIO_meth_set_read(m, read);
      BIO_meth_set_write(m, write);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

namespace {

/// SSL_get_error looks at the thread's error queue, which may hold what other users of OpenSSL left there.
void forget_old_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

bool is_numeric(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

[[noreturn]] void refuse(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = what + ": " + (reason != nullptr ? reason : "unknown TLS library error");
  ERR_clear_error();
  throw std::runtime_error{text};
}

void trust(SSL_CTX* context, const std::string& ca_file) {
  if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
    refuse("ca_file " + ca_file + " is not a readable PEM file of certificates");
  }
}

}  // namespace

void tls_context::free_context::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}
void tls_context::free_session::operator()(ssl_session_st* session) const {
  SSL_SESSION_free(session);
}

tls_context::tls_context(std::string host, const std::string& ca_file, std::size_t sessions_max)
    : host_{std::move(host)},
      host_is_numeric_{is_numeric(host_)},
      sessions_max_{sessions_max},
      context_{SSL_CTX_new(TLS_client_method())} {
  if (!context_) refuse("no TLS context");
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, 2);  // no SHA-1 signatures, no RSA below 2048 bits
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_default_verify_paths(context) != 1) refuse("the system's certification authorities can't be read");
  if (!ca_file.empty()) trust(context, ca_file);
  static constexpr unsigned char http_1_1[] = "\x08http/1.1";
  if (SSL_CTX_set_alpn_protos(context, http_1_1, sizeof http_1_1 - 1) != 0) refuse("ALPN can't be set");

  // Moving: the bytes may have been swapped into another string between two tries. Partial: says after each record how
  // much has left. Release: an idle connection keeps no record buffers; they come from a warm free list when needed.
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // one recv per record instead of two

  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_sess_set_new_cb(context, keep_session);
}

tls_context::~tls_context() = default;

void check_ca_file(const std::string& ca_file) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  if (!context) refuse("no TLS context");
  trust(context.get(), ca_file);
}

int tls_context::keep_session(ssl_st* ssl, ssl_session_st* session) {
  auto& self = *static_cast<tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (self.sessions_.size() >= self.sessions_max_) self.sessions_.erase(self.sessions_.begin());
  self.sessions_.emplace_back(session);
  return 1;  // the reference is ours now
}

tls_context::session_ptr tls_context::take_session() {
  while (!sessions_.empty()) {
    session_ptr session = std::move(sessions_.back());
    sessions_.pop_back();
    if (SSL_SESSION_is_resumable(session.get()) != 1) continue;
    // A TLS 1.3 ticket is best used once (RFC 8446 C.4), but using the last one again beats a full handshake.
    if (sessions_.empty() && SSL_SESSION_up_ref(session.get()) == 1) sessions_.emplace_back(session.get());
    return session;
  }
  return nullptr;
}

ssl_st* tls_context::make_ssl() {
  SSL* const ssl = SSL_new(context_.get());
  if (ssl == nullptr) throw std::bad_alloc{};
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named = host_is_numeric_
                         ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host_.c_str()) == 1
                         : SSL_set1_host(ssl, host_.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host_.c_str()) == 1;
  if (!named) {
    // Without the name in place any valid certificate would do.
    SSL_free(ssl);
    throw std::bad_alloc{};
  }
  if (const session_ptr session = take_session()) SSL_set_session(ssl, session.get());
  SSL_set_connect_state(ssl);
  return ssl;
}

tls_stream::tls_stream(tls_context& context, int fd) : fd_{fd}, ssl_{context.make_ssl()} {
  BIO* const bio = BIO_new(socket_bio::method());
  if (bio == nullptr) {
    SSL_free(ssl_);
    throw std::bad_alloc{};
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
}

tls_stream::~tls_stream() {
  forget_old_errors();
  if (!failed_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  // OpenSSL forgets the session of a connection that is freed before it was shut down.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
  forget_old_errors();
  ::close(fd_);
}

tls_stream::result tls_stream::handshake() {
  forget_old_errors();
  const int returned = SSL_do_handshake(ssl_);
  return returned == 1 ? result::ok : outcome(returned, "TLS handshake");
}

tls_stream::result tls_stream::read(char* into, std::size_t size, std::size_t& n) {
  forget_old_errors();
  const int returned = SSL_read_ex(ssl_, into, size, &n);
  return returned == 1 ? result::ok : outcome(returned, "reading");
}

tls_stream::result tls_stream::write(const char* from, std::size_t size, std::size_t& n) {
  forget_old_errors();
  const int returned = SSL_write_ex(ssl_, from, size, &n);
  return returned == 1 ? result::ok : outcome(returned, "writing");
}

tls_stream::result tls_stream::outcome(int returned, const char* doing) {
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return result::again;
    case SSL_ERROR_ZERO_RETURN: return result::end;
    default:
      failed_ = true;
      error_ = std::string{doing} + ": " + explain();
      ERR_clear_error();
      return result::failed;
  }
}

std::string tls_stream::explain() const {
  if (errno_ != 0) return std::generic_category().message(errno_);
  if (const long verdict = SSL_get_verify_result(ssl_); verdict != X509_V_OK) {
    return std::string{"certificate refused, "} + X509_verify_cert_error_string(verdict);
  }
  if (ended_) return "the peer closed the connection without close_notify";
  const char* const reason = ERR_reason_error_string(ERR_peek_error());
  return reason != nullptr ? reason : "unknown TLS failure";
}

bool tls_stream::drained() const {
  return emptied_ && SSL_has_pending(ssl_) == 0;
}

bool tls_stream::resumed() const {
  return SSL_session_reused(ssl_) == 1;
}

}  // namespace dialer::carriers::http
