#pragma once
// One connection's mechanics: TCP, TLS, then one request and its answer at a time. It decides nothing: no timers, no
// callbacks, no policy. Its owner calls `advance_*` when the descriptor became readable or writable.
//
// Invariant: what fully_sent() says is exact. A request whose last byte has not been handed to the kernel as part of a
// complete TLS record can't be complete at the peer.

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "carriers/http/answer_buffer.hpp"
#include "carriers/http/http_answer.hpp"
#include "carriers/http/response_parser.hpp"
#include "carriers/http/tls_client.hpp"

namespace dialer::carriers::http {

class connection {
 public:
  enum class progress : std::uint8_t {
    waiting,  ///< for the descriptor
    done,
    failed,  ///< see error(); the connection is of no more use
  };

  connection(tls_context& tls, response_limits limits) : tls_{tls}, parser_{limits} {}

  /// Starts a TCP connection. After waiting, fd() wants to be watched. May be called again after a failure before TLS
  /// began, with another address. `user_timeout`: how long the kernel lets sent bytes go unacknowledged.
  progress begin(const sockaddr* address, socklen_t size, std::chrono::milliseconds user_timeout);
  /// done: TCP and TLS are up and the peer is who it should be.
  progress advance_setup();
  /// True once TCP is up: another address would not help any more.
  bool reached() const { return reached_; }

  /// While no request is in flight: true when the peer has neither closed nor sent anything (session tickets aside).
  bool silent();

  /// Sends a request. waiting: it is sent or being sent (bytes that have to wait are swapped out of `request`).
  progress send(std::string& request);
  /// done: the answer is complete, see describe(). The buffer comes from `spare` and goes back when nothing is in it.
  progress advance_exchange(answer_buffer_stack& spare);

  bool fully_sent() const { return sent_ == request_size_; }
  std::size_t bytes_sent() const { return sent_; }
  void describe(http_answer& answer) const;
  /// The answer's views end here. True: another request may be sent.
  bool finish_exchange(answer_buffer_stack& spare);

  /// The peer has answered something, ever.
  bool heard() const { return heard_; }
  int fd() const { return stream_ ? stream_->fd() : -1; }
  bool resumed() const { return stream_->resumed(); }
  std::string_view error() const { return error_; }
  void close() { stream_.reset(); }

 private:
  progress fail(std::string why);
  progress flush(const std::string& bytes);
  progress read_answer();

  tls_context& tls_;
  std::unique_ptr<tls_stream> stream_;
  bool reached_ = false;
  bool heard_ = false;
  std::size_t request_size_ = 0, sent_ = 0;
  std::string unsent_;  ///< the request, only while the kernel's buffer is full
  response_parser parser_;
  answer_buffer buffer_;
  std::string error_;
};

}  // namespace dialer::carriers::http
