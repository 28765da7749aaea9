#pragma once
// A client that sends exactly the bytes it is given, over loopback, blocking, with a bound on every read.

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dialer::api {

struct client_response {
  int status = 0;    ///< 0: the connection ended without an answer
  std::string head;  ///< status line and headers
  std::string body;
  bool whole = true;  ///< false: it came in chunks, and not the last one
};

class loopback_client {
 public:
  /// `receive_buffer` 0: the system's.
  explicit loopback_client(std::uint16_t port, int receive_buffer = 0,
                           std::chrono::seconds read_bound = std::chrono::seconds{5}) {
    socket_.open(boost::asio::ip::tcp::v4());
    if (receive_buffer != 0) socket_.set_option(boost::asio::socket_base::receive_buffer_size{receive_buffer});
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    const timeval bound{.tv_sec = read_bound.count(), .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  }

  /// False when the peer has closed or reset the connection.
  bool send(std::string_view bytes) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(bytes), error);
    return !error;
  }

  client_response receive() {
    const std::size_t head_size = fill([this] {
      const auto end = received_.find("\r\n\r\n");
      return end == std::string::npos ? 0 : end + 4;
    });
    if (head_size == 0) return {};
    client_response response;
    response.head = received_.substr(0, head_size);
    response.status = std::stoi(response.head.substr(9, 3));
    received_.erase(0, head_size);
    if (response.head.find("Transfer-Encoding: chunked") != std::string::npos) {
      response.body = receive_chunks();
      response.whole = chunks_ended();
      return response;
    }
    const auto length = response.head.find("Content-Length: ");
    const std::size_t size = length == std::string::npos ? 0 : std::stoul(response.head.substr(length + 16));
    if (size != 0 && fill([this, size] { return received_.size() >= size ? size : 0; }) == 0) return {};
    response.body = received_.substr(0, size);
    received_.erase(0, size);
    return response;
  }

  client_response exchange(std::string_view bytes) {
    send(bytes);
    return receive();
  }

  client_response get(const std::string& target) { return exchange("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  client_response post(const std::string& target, const std::string& headers, const std::string& body) {
    return exchange("POST " + target + " HTTP/1.1\r\nHost: x\r\n" + headers +
                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  /// All that comes up to the end of `marker`; empty when the connection ends or goes silent before.
  std::string receive_until(std::string_view marker) {
    const std::size_t size = fill([this, marker] {
      const auto at = received_.find(marker);
      return at == std::string::npos ? 0 : at + marker.size();
    });
    std::string text = received_.substr(0, size);
    received_.erase(0, size);
    return text;
  }

  /// A body in chunks, put together; as far as it came.
  std::string receive_chunks() {
    std::string body;
    for (ended_ = false; !ended_;) {
      const std::string line = receive_until("\r\n");
      if (line.empty()) break;
      const std::size_t size = std::stoul(line, nullptr, 16);
      if (fill([&] { return received_.size() >= size + 2 ? size + 2 : 0; }) == 0) break;
      body.append(received_, 0, size);
      received_.erase(0, size + 2);
      ended_ = size == 0;
    }
    return body;
  }
  /// Whether the last chunk of such a body came.
  bool chunks_ended() const { return ended_; }

  /// True once the peer has closed its side and nothing is left to read.
  bool closed_by_peer() {
    return received_.empty() && fill([this] { return received_.size(); }) == 0 && at_end_;
  }

 private:
  /// Reads until done() is not 0; 0 when the connection ends or goes silent before.
  template <class Done>
  std::size_t fill(Done done) {
    for (;;) {
      if (const std::size_t size = done()) return size;
      char chunk[4096];
      const ssize_t count = ::recv(socket_.native_handle(), chunk, sizeof chunk, 0);
      if (count <= 0) {
        at_end_ = count == 0 || errno == ECONNRESET;
        return 0;
      }
      received_.append(chunk, static_cast<std::size_t>(count));
    }
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  std::string received_;
  bool at_end_ = false;
  bool ended_ = false;
};

}  // namespace dialer::api
