#pragma once
// An answer that is a stream, on its way to one peer: from its head until one side ends it. On the server's thread
// only.

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "api/http_server.hpp"

namespace dialer::api {

class http_session;

/// Asks the stream for the next piece when the last one is through, and keeps none besides. Part of a connection, which
/// it keeps alive while a piece is on its way.
class answer_push {
 public:
  /// `core` must outlive it. `chunked`: the peer is told where the stream ends.
  answer_push(server_core& core, boost::asio::ip::tcp::socket& socket, std::shared_ptr<answer_stream> from,
              bool chunked);
  ~answer_push();
  answer_push(const answer_push&) = delete;
  answer_push& operator=(const answer_push&) = delete;

  bool chunked() const { return chunked_; }
  /// The head is written. `connection` is the one that this is part of.
  void begin(std::weak_ptr<http_session> connection);
  /// Sends what the stream has, if the last piece is through.
  void send();
  /// Lets the stream go.
  void stop();

 private:
  void sent(http_session& connection, const boost::system::error_code& error);

  server_core& core_;
  boost::asio::ip::tcp::socket& socket_;
  std::weak_ptr<http_session> connection_;
  std::shared_ptr<answer_stream> from_;
  const bool chunked_;
  std::string piece_;  // that the peer has not taken
  bool going_ = false;
  bool end_told_ = false;
};

}  // namespace dialer::api
