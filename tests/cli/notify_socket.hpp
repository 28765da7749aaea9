#pragma once
// The other end of sd_notify(3): a datagram socket that is told how a service is.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace dialer::cli::test {

class notify_socket {
 public:
  /// A path, or "@..." of the abstract name space.
  explicit notify_socket(std::string name) : name_{std::move(name)} {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::memcpy(here.sun_path, name_.data(), name_.size());
    if (name_.front() == '@') here.sun_path[0] = '\0';
    const std::size_t end = name_.front() == '@' ? 0 : 1;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size() + end);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&here), length), 0) << std::strerror(errno);
  }
  ~notify_socket() { close(socket_); }
  notify_socket(const notify_socket&) = delete;
  notify_socket& operator=(const notify_socket&) = delete;

  const std::string& name() const { return name_; }
  /// The next message; empty when none comes within so many seconds, 0 being at once.
  std::string next(int within_s = 30) {
    const timeval bound{.tv_sec = within_s, .tv_usec = within_s == 0 ? 1 : 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    char text[256];
    const ssize_t size = recv(socket_, text, sizeof text, 0);
    return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  const std::string name_;
  const int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace dialer::cli::test
