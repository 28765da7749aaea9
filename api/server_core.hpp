#pragma once
// What http_server.cpp and the connections it accepts share. No other source needs it.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "api/http_server.hpp"
#include "api/route_table.hpp"

namespace dialer::api {

class http_session;

/// State of the server. Owned by http_server and, for the length of a call, by a respond_function; never by a session,
/// whose handlers live inside `io`.
struct server_core : std::enable_shared_from_this<server_core> {
  struct atomic_stats {
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> connections_refused{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> requests_refused{0};
    std::atomic<std::uint64_t> handler_faults{0};
  };

  server_core(std::vector<route> table, http_limits bounds);

  /// A name for a request that brought none: not to be guessed, and never given twice.
  std::string next_request_id();

  void accept();
  void begin_drain(std::chrono::milliseconds drain);
  void session_closed(http_session* closed);

  // Constant after construction.
  const http_limits limits;
  const route_table routes;
  const std::uint64_t id_base;
  // Any thread.
  atomic_stats stats;
  // The server's thread, `io` apart, to which any thread may post.
  std::unordered_set<http_session*> sessions;
  std::uint64_t requests_named = 0;
  bool draining = false;
  boost::asio::io_context io{1};
  boost::asio::ip::tcp::acceptor acceptor{io};
  boost::asio::steady_timer pause{io};  // before accepting again, or until the drain is over
  // The owner's thread.
  std::thread thread;
};

}  // namespace dialer::api
