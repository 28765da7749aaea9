#pragma once
// One connection of the server: reads a request, has a handler answer it, writes the answer, again. On the server's
// thread only.

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>

#include "api/http_server.hpp"

namespace dialer::api {

/// As others see it. It lives as long as one of its operations, and is in the core's `sessions` for as long.
class http_session {
 public:
  virtual ~http_session() = default;
  /// Answers request number `serial`, unless it has been answered for.
  virtual void answer(http_response response, std::uint64_t serial) = 0;
  /// Closes a connection on which no request has begun, or a stream has.
  virtual void close_if_idle() = 0;
  /// Sends what its stream has, if the last piece is through.
  virtual void push() = 0;
  /// What is under way may take so long.
  virtual void guard(std::chrono::steady_clock::duration within) = 0;
  virtual void unguard() = 0;
  /// Nothing more is sent; closed when the peer has read it.
  virtual void shut_down() = 0;
  virtual void close() = 0;
};

/// Serves an accepted connection until it ends. `core` must outlive it.
void serve(server_core& core, boost::asio::ip::tcp::socket socket);

}  // namespace dialer::api
