#pragma once
// The addresses of one host: resolved once, used in turn, and looked up again behind the scenes when they have aged.
// Compiled only into this folder (Asio types).

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dialer::carriers::http {

class host_addresses {
 public:
  using endpoint = boost::asio::ip::tcp::endpoint;
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds fresh_for{60};

  /// A numeric host is known at once and never looked up.
  host_addresses(boost::asio::io_context& io, std::string host, std::uint16_t port);

  std::size_t count() const { return endpoints_.size(); }
  /// The next address in turn. REQUIRES: count() != 0.
  endpoint next();

  /// Starts a look-up when none is under way and the addresses are missing or old. `done` gets an empty text, or what
  /// went wrong; old addresses stay in use when a refresh fails. Never calls `done` from inside.
  void refresh(time_point now, std::function<void(std::string_view error)> done);
  /// Connecting failed: the host may have moved.
  void distrust() { fresh_until_ = {}; }
  void cancel() { resolver_.cancel(); }

 private:
  using resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  std::string host_, port_;
  resolver resolver_;
  std::vector<endpoint> endpoints_;
  std::size_t turn_ = 0;
  bool numeric_ = false;
  bool asking_ = false;
  time_point fresh_until_{};
};

}  // namespace dialer::carriers::http
