#include "carriers/http/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace dialer::carriers::http {
namespace {

std::string connect_error(int code) {
  return "connect: " + std::generic_category().message(code);
}

}  // namespace

connection::progress connection::fail(std::string why) {
  error_ = std::move(why);
  return progress::failed;
}

connection::progress connection::begin(const sockaddr* address, socklen_t size,
                                       std::chrono::milliseconds user_timeout) {
  stream_.reset();
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return fail("socket: " + std::generic_category().message(errno));
  const int on = 1;
  const auto patience = static_cast<unsigned>(user_timeout.count());
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
  const bool failed = ::connect(fd, address, size) != 0 && errno != EINPROGRESS;
  const int code = errno;
  if (failed) {
    ::close(fd);
    return fail(connect_error(code));
  }
  stream_ = std::make_unique<tls_stream>(tls_, fd);
  return progress::waiting;
}

connection::progress connection::advance_setup() {
  if (!reached_) {
    pollfd state{fd(), POLLOUT, 0};
    if (::poll(&state, 1, 0) == 0) return progress::waiting;
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return fail(connect_error(code));
    reached_ = true;
  }
  switch (stream_->handshake()) {
    case tls_stream::result::ok: return progress::done;
    case tls_stream::result::again: return progress::waiting;
    case tls_stream::result::end: return fail("TLS handshake: the peer closed the connection");
    case tls_stream::result::failed: break;
  }
  return fail(stream_->error());
}

bool connection::silent() {
  char unexpected = 0;
  std::size_t n = 0;
  return stream_->read(&unexpected, 1, n) == tls_stream::result::again;
}

connection::progress connection::send(std::string& request) {
  request_size_ = request.size();
  sent_ = 0;
  if (request.empty()) {
    request_size_ = 1;  // so that it never counts as sent
    return fail("the request is empty");
  }
  const progress sent = flush(request);
  if (sent == progress::waiting) unsent_.swap(request);
  return sent == progress::done ? progress::waiting : sent;
}

connection::progress connection::flush(const std::string& bytes) {
  while (sent_ < bytes.size()) {
    std::size_t n = 0;
    switch (stream_->write(bytes.data() + sent_, bytes.size() - sent_, n)) {
      case tls_stream::result::ok: sent_ += n; break;
      case tls_stream::result::again: return progress::waiting;
      case tls_stream::result::end: return fail("writing: the peer closed the connection");
      case tls_stream::result::failed: return fail(stream_->error());
    }
  }
  return progress::done;
}

connection::progress connection::advance_exchange(answer_buffer_stack& spare) {
  if (!fully_sent() && flush(unsent_) == progress::failed) return progress::failed;
  // Also while the request is not out: a peer may refuse it early, and says so before it closes.
  if (!buffer_) buffer_ = spare.take();
  const progress got = read_answer();
  if (got != progress::done && parser_.kept() == 0) spare.give_back(std::move(buffer_));
  return got;
}

connection::progress connection::read_answer() {
  for (;;) {
    if (buffer_.size() == parser_.kept()) buffer_.grow(parser_.kept());
    std::size_t n = 0;
    response_parser::progress parsed = response_parser::progress::more;
    switch (stream_->read(buffer_.data() + parser_.kept(), buffer_.size() - parser_.kept(), n)) {
      case tls_stream::result::ok:
        heard_ = true;
        parsed = parser_.push(buffer_.data(), n);
        break;
      case tls_stream::result::again: return progress::waiting;
      case tls_stream::result::end: parsed = parser_.finish(); break;
      case tls_stream::result::failed: return fail(stream_->error());
    }
    if (parsed == response_parser::progress::complete) return progress::done;
    if (parsed == response_parser::progress::broken) return fail(std::string{parser_.error()});
  }
}

void connection::describe(http_answer& answer) const {
  answer.how = delivery::answered;
  answer.bytes_sent = sent_;
  parser_.describe(buffer_.data(), answer);
}

bool connection::finish_exchange(answer_buffer_stack& spare) {
  // What arrived behind the answer would be taken for the next one's.
  const bool reusable =
      fully_sent() && parser_.keep_alive() && parser_.surplus() == 0 && (stream_->drained() || silent());
  parser_.reset();
  spare.give_back(std::move(buffer_));
  return reusable;
}

}  // namespace dialer::carriers::http
