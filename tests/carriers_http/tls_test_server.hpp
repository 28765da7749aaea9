#pragma once
// A TLS server on the loopback whose every connection follows a script, and a certification authority made on the spot.
// Each connection runs on a thread of its own with blocking calls, so that a script reads like the exchange it plays.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct x509_st;
struct evp_pkey_st;

namespace dialer::test {

/// What is wrong with a certificate.
enum class flaw { none, wrong_host, expired, unknown_authority };

/// The server's end of one connection. All calls block; after the peer is gone they return false or empty.
class server_connection {
 public:
  server_connection(ssl_st* ssl, int fd, std::size_t number) : ssl_{ssl}, fd_{fd}, number_{number} {}

  /// Counts the connections of a server from 0.
  std::size_t number() const { return number_; }
  /// One complete request (head and Content-Length body); empty when the peer closed.
  std::string read_request();
  /// Sends `bytes` as one TLS record.
  bool write(std::string_view bytes);
  /// Sends two TLS records that arrive in one segment.
  bool write_together(std::string_view first, std::string_view second);
  /// Ends the stream properly: close_notify, then FIN.
  void close();
  /// FIN without close_notify.
  void cut();
  /// RST.
  void reset();
  /// Returns when the peer has closed the connection.
  void wait_for_peer();
  /// The same, and leaves what the peer sends in the kernel.
  void wait_for_peer_without_reading();
  bool resumed() const;
  /// Bytes read beyond the request that was returned last: a pipelined one.
  std::size_t read_ahead() const { return received_.size(); }

 private:
  ssl_st* ssl_;
  int fd_;
  std::size_t number_;
  std::string received_;
  bool closed_ = false;
};

struct server_options {
  flaw certificate = flaw::none;
  int tls_version_max = 0;       ///< an OpenSSL version number; 0: the newest
  bool accept_tcp_only = false;  ///< never answers the TLS client hello
  int receive_buffer = 0;        ///< SO_RCVBUF; 0: the default
};

class tls_test_server {
 public:
  using script = std::function<void(server_connection&)>;

  explicit tls_test_server(script play, const server_options& options = {});
  ~tls_test_server();
  tls_test_server(const tls_test_server&) = delete;
  tls_test_server& operator=(const tls_test_server&) = delete;

  std::uint16_t port() const { return port_; }
  /// The name in the certificate, unless it is flawed.
  static const char* host() { return "carrier.test"; }
  /// PEM file of the authority that clients should trust.
  static const std::string& ca_file();

  std::size_t connections() const { return connections_; }
  std::size_t connections_at_once_max() const { return at_once_max_; }

 private:
  void accept_loop();
  void serve(int fd, std::size_t number);

  script play_;
  server_options options_;
  ssl_ctx_st* context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0}, at_once_{0}, at_once_max_{0};
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<int> open_;
  std::thread acceptor_;
};

}  // namespace dialer::test
