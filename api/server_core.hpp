#pragma once
// What http_server.cpp and the connections it accepts share. No other source needs it.

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
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
    std::atomic<std::uint64_t> streams{0};
    std::atomic<std::uint64_t> stream_bytes{0};
  };

  server_core(std::vector<route> table, http_limits bounds);

  /// A name for a request that brought none: not to be guessed, and never given twice.
  std::string next_request_id();

  void accept();
  void begin_drain(std::chrono::milliseconds drain);
  void session_closed(http_session* closed);
  /// From here on the connection's stream is asked for what it has, until the connection is gone.
  void add_stream(std::weak_ptr<http_session> connection);

  // Constant after construction.
  const http_limits limits;
  const route_table routes;
  const std::uint64_t id_base;
  // Any thread.
  atomic_stats stats;
  std::atomic<bool> came_round{true};
  // The server's thread, `io` apart, to which any thread may post.
  std::unordered_set<http_session*> sessions;
  std::uint64_t requests_named = 0;
  bool draining = false;
  boost::asio::io_context io{1};
  boost::asio::ip::tcp::acceptor acceptor{io};
  boost::asio::steady_timer pause{io};  // before accepting again, or until the drain is over
  std::array<char, 8192> discarded{};   // what peers send that nobody reads
  // The same. One timer for all streams; each turn takes a part of them, so that requests are not held up.
  std::deque<std::weak_ptr<http_session>> streams;
  boost::asio::steady_timer next_turn{io};
  // The owner's thread.
  std::thread thread;

 private:
  void wait_for_turn();
  void take_turn();
};

}  // namespace dialer::api
