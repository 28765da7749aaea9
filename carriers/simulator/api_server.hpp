#pragma once
// The TLS server of one simulated carrier: bytes in, bytes out. It decides nothing but when a connection ends.

#include <memory>
#include <string>

#include "carriers/simulator/api_message.hpp"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace dialer::carriers::simulator {

/// What stands behind the server. Called on the server's thread.
class request_handler {
 public:
  virtual ~request_handler() = default;
  virtual api_answer on_request(const api_request& request) = 0;
  /// The answer with this account number has left, or its connection is gone.
  virtual void on_answer_finished(int account) = 0;
  virtual utc_time now() const = 0;
};

/// Thread-safety: lives on the thread that runs its io_context. The io_context, the TLS context and the handler must
/// outlive every connection, that is, the last run of the io_context.
class api_server {
 public:
  /// Listens at once; `address` is "127.0.0.1:8443", "[::1]:0" or "localhost:0". Throws std::runtime_error naming it.
  api_server(boost::asio::io_context& io, boost::asio::ssl::context& tls, const std::string& address,
             request_handler& handler);
  ~api_server();
  api_server(const api_server&) = delete;
  api_server& operator=(const api_server&) = delete;

  /// "127.0.0.1:41234": where it really listens.
  std::string address() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;  // shared: the pending accept keeps it alive until it has run
};

}  // namespace dialer::carriers::simulator
