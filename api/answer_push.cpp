#include "api/answer_push.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>

#include "api/http_session.hpp"
#include "api/server_core.hpp"

namespace dialer::api {

namespace asio = boost::asio;

namespace {

/// Of the kernel, for a connection whose answer is a stream: many that have little to say, few that are files.
constexpr int stream_send_buffer = 32 * 1024;
constexpr int file_send_buffer = 256 * 1024;

}  // namespace

answer_push::answer_push(server_core& core, asio::ip::tcp::socket& socket, std::shared_ptr<answer_stream> from,
                         bool chunked)
    : core_{core}, socket_{socket}, from_{std::move(from)}, chunked_{chunked} {
  ++core_.stats.streams;
}

answer_push::~answer_push() {
  stop();
}

void answer_push::stop() {
  if (from_) --core_.stats.streams;
  from_.reset();
}

void answer_push::begin(std::weak_ptr<http_session> connection) {
  if (!from_) return;  // the connection was closed while the head went out
  connection_ = std::move(connection);
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::send_buffer_size{chunked_ ? file_send_buffer : stream_send_buffer}, ignored);
  core_.add_stream(connection_);
  from_->wake_by([core = core_.weak_from_this(), self = connection_] {
    const auto alive_core = core.lock();
    if (!alive_core) return;
    asio::post(alive_core->io, [self] {
      if (const auto alive = self.lock()) alive->push();
    });
  });
  send();
}

void answer_push::send() {
  const auto connection = connection_.lock();
  if (!connection || going_ || !from_) return;  // stopped, with an operation of the connection's still to end
  std::optional<std::string> piece;
  bool failed = false;
  try {
    piece = from_->next();
  } catch (const std::exception&) {
    ++core_.stats.handler_faults;
    failed = true;
  }
  if (piece && piece->empty()) return;
  if (!piece && (!chunked_ || failed)) return connection->shut_down();
  if (chunked_) {
    char size[2 * sizeof(std::size_t) + 1];
    std::snprintf(size, sizeof size, "%zx", piece ? piece->size() : 0);
    piece_ = std::string(size) + "\r\n" + piece.value_or("") + "\r\n";
    end_told_ = !piece;
  } else {
    piece_ = std::move(*piece);
  }
  going_ = true;
  core_.stats.stream_bytes += piece_.size();
  connection->guard(core_.limits.stream_write_within);
  asio::async_write(
      socket_, asio::buffer(piece_),
      [this, connection](const boost::system::error_code& error, std::size_t) { sent(*connection, error); });
}

void answer_push::sent(http_session& connection, const boost::system::error_code& error) {
  going_ = false;
  core_.stats.stream_bytes -= piece_.size();
  std::string{}.swap(piece_);
  if (error) return connection.close();
  if (!from_) return;
  connection.unguard();
  end_told_ ? connection.shut_down() : send();
}

}  // namespace dialer::api
