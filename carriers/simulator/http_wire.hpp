#pragma once
// Reading HTTP/1.1 as bytes come in. The only place of the simulator that knows Beast.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "carriers/simulator/api_message.hpp"

namespace dialer::carriers::simulator {

enum class read_state : std::uint8_t { more, complete, broken };

/// Requests of one connection, one after the other; pipelined bytes are kept for the next.
class request_reader {
 public:
  request_reader();
  ~request_reader();

  void append(std::string_view bytes);
  /// Reads on. Heads above 32 KiB, bodies above 1 MiB and nonsense are broken.
  read_state parse();
  /// REQUIRES: complete. The views live until next().
  api_request request() const;
  bool keep_alive() const;
  /// Forgets the request in hand.
  void next();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The answer to a callback.
class response_reader {
 public:
  response_reader();
  ~response_reader();

  void append(std::string_view bytes);
  read_state parse();
  /// The peer has closed: completes an answer without a length.
  read_state finish();
  int status() const;
  /// The view lives until next().
  std::string_view body() const;
  bool keep_alive() const;
  void next();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The complete answer, head and body. `now` becomes the Date header.
void append_http_answer(std::string& out, const api_answer& answer, bool keep_alive, utc_time now);

}  // namespace dialer::carriers::simulator
