#pragma once
// TLS as this client speaks it: 1.2 or newer, chain and host name always verified, sessions resumed, no early data, no
// renegotiation. OpenSSL's types are only named here.
//
// Thread-safety: a context and its streams belong to one thread.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct bio_st;

namespace dialer::carriers::http {

/// What every connection of one pool shares: trust, the name that is verified, and the sessions to resume.
class tls_context {
 public:
  /// `host`: a name (sent as SNI) or a numeric address. `ca_file`: PEM, in addition to the system's authorities; may be
  /// empty. Throws std::runtime_error that names the file when it can't be used.
  tls_context(std::string host, const std::string& ca_file, std::size_t sessions_max);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

 private:
  friend class tls_stream;
  struct free_context {
    void operator()(ssl_ctx_st* context) const;
  };
  struct free_session {
    void operator()(ssl_session_st* session) const;
  };
  using session_ptr = std::unique_ptr<ssl_session_st, free_session>;

  static int keep_session(ssl_st* ssl, ssl_session_st* session);
  ssl_st* make_ssl();
  session_ptr take_session();

  std::string host_;
  bool host_is_numeric_;
  std::size_t sessions_max_;
  std::vector<session_ptr> sessions_;  ///< newest last
  std::unique_ptr<ssl_ctx_st, free_context> context_;
};

/// Throws std::runtime_error that names the file when no tls_context can be made with it.
void check_ca_file(const std::string& ca_file);

/// One TLS connection over a non-blocking socket, which it owns. Works on the descriptor directly: when an operation
/// says `again`, call it again after the descriptor became readable or writable.
class tls_stream {
 public:
  enum class result {
    ok,
    again,
    end,     ///< the peer closed deliberately (close_notify)
    failed,  ///< see error()
  };

  /// Owns `fd`, which may still be connecting, once constructed. REQUIRES: `context` outlives the stream. Throws
  /// std::bad_alloc.
  tls_stream(tls_context& context, int fd);
  /// Closes the descriptor; says close_notify first unless something failed.
  ~tls_stream();
  tls_stream(const tls_stream&) = delete;
  tls_stream& operator=(const tls_stream&) = delete;

  result handshake();
  /// After ok: 1 <= n <= size bytes were read.
  result read(char* into, std::size_t size, std::size_t& n);
  /// After ok: the n first bytes have been handed to the kernel as complete records. After again, none of the bytes can
  /// be read by the peer yet; the same bytes (at any address) must be offered again.
  result write(const char* from, std::size_t size, std::size_t& n);

  /// The last read emptied the kernel's buffer, and nothing undelivered is left in ours.
  bool drained() const;
  bool resumed() const;
  int fd() const { return fd_; }
  const std::string& error() const { return error_; }

 private:
  friend struct socket_bio;
  result outcome(int returned, const char* doing);
  std::string explain() const;

  int fd_;
  ssl_st* ssl_;
  int errno_ = 0;
  bool ended_ = false;    ///< the kernel reported end of file
  bool emptied_ = false;  ///< the kernel had less than was asked for
  bool failed_ = false;
  std::string error_;
};

}  // namespace dialer::carriers::http
