#include "api/http_server.hpp"

#include <sys/random.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "api/http_session.hpp"
#include "api/listen_address.hpp"
#include "api/server_core.hpp"
#include "model/ascii.hpp"
#include "model/ids.hpp"

namespace dialer::api {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    throw std::system_error(errno, std::generic_category(), "no randomness for request ids");
  }
  return bits;
}

}  // namespace

std::string_view http_request::param(std::string_view name) const {
  const auto found = std::ranges::find(params, name, &http_params::value_type::first);
  return found == params.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view http_request::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [name](const auto& field) { return same_ignoring_case(field.first, name); });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

// ---- connections ---------------------------------------------------------------------------------------------------

server_core::server_core(std::vector<route> table, http_limits bounds)
    : limits{bounds}, routes{std::move(table)}, id_base{random_bits()} {}

std::string server_core::next_request_id() {
  return detail::id_text("req_", id128{id_base, ++requests_named});
}

void server_core::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (draining) return;
    if (error) {
      // Out of descriptors, most likely: the backlog keeps callers waiting until some are free again.
      pause.expires_after(std::chrono::milliseconds{100});
      pause.async_wait([this](error_code cancelled) {
        if (!cancelled) accept();
      });
      return;
    }
    if (sessions.size() >= limits.connections_max) {
      ++stats.connections_refused;
      static constexpr std::string_view busy =
          "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(busy), ignored);
    } else {
      error_code ignored;
      socket.set_option(tcp::no_delay{true}, ignored);
      serve(*this, std::move(socket));
    }
    accept();
  });
}

void server_core::begin_drain(std::chrono::milliseconds drain) {
  draining = true;
  error_code ignored;
  acceptor.close(ignored);
  next_turn.cancel();
  for (http_session* each : sessions) each->close_if_idle();
  pause.expires_after(drain);
  // No io.stop(): closing ends every operation, so that run() returns with no session left inside `io`.
  pause.async_wait([this](error_code) {
    for (http_session* each : sessions) each->close();
  });
  if (sessions.empty()) pause.cancel();
}

void server_core::session_closed(http_session* closed) {
  sessions.erase(closed);
  if (draining && sessions.empty()) pause.cancel();
}

// ---- streams -------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t parts = 8;  // of the streams; each has its turn at a time of its own

}  // namespace

void server_core::add_stream(std::weak_ptr<http_session> connection) {
  streams.push_back(std::move(connection));
  if (streams.size() == 1) wait_for_turn();
}

void server_core::wait_for_turn() {
  next_turn.expires_after(stream_turn_every / parts);
  next_turn.async_wait([this](error_code cancelled) {
    if (!cancelled) take_turn();
  });
}

void server_core::take_turn() {
  for (std::size_t left = (streams.size() + parts - 1) / parts; left > 0; --left) {
    std::weak_ptr<http_session> next = std::move(streams.front());
    streams.pop_front();
    const auto alive = next.lock();
    if (!alive) continue;
    streams.push_back(std::move(next));
    alive->push();
  }
  if (!streams.empty() && !draining) wait_for_turn();
}

// ---- server --------------------------------------------------------------------------------------------------------

http_server::http_server(std::vector<route> routes, http_limits limits)
    : core_{std::make_shared<server_core>(std::move(routes), limits)} {}

http_server::~http_server() {
  stop(std::chrono::milliseconds{0});
}

std::uint16_t http_server::start(const std::string& listen) {
  const tcp::endpoint endpoint = parse_listen(listen);
  try {
    core_->acceptor.open(endpoint.protocol());
    core_->acceptor.set_option(tcp::acceptor::reuse_address{true});
    core_->acceptor.bind(endpoint);
    core_->acceptor.listen();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error{"can't listen on '" + listen + "': " + error.code().message()};
  }
  core_->accept();
  core_->thread = std::thread{[core = core_.get()] { core->io.run(); }};
  return core_->acceptor.local_endpoint().port();
}

void http_server::stop(std::chrono::milliseconds drain) {
  if (!core_->thread.joinable()) return;
  asio::post(core_->io, [core = core_.get(), drain] { core->begin_drain(drain); });
  core_->thread.join();
}

bool http_server::turns() {
  if (!core_->came_round.exchange(false)) return false;
  asio::post(core_->io, [core = core_.get()] { core->came_round = true; });
  return true;
}

http_stats http_server::stats() const {
  const server_core::atomic_stats& counted = core_->stats;
  return {counted.connections,      counted.connections_refused, counted.requests,
          counted.requests_refused, counted.handler_faults,      counted.streams,
          counted.stream_bytes};
}

}  // namespace dialer::api
