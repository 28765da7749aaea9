#pragma once
// The engine's HTTP/1.1 listener. Plain HTTP: TLS ends at a proxy in front of it, or the peer is on this machine.
//
// Threads: one of its own, on which handlers run; a handler that has to wait keeps `respond` and returns. `respond` may
// be called from any thread.
// Invariants:
//   1. Every request that reached a handler gets exactly one answer: the first call of `respond` counts, dropping every
//      copy of it uncalled answers 500, and a handler that takes too long is answered for with 503.
//   2. Connections, bytes of head and body, time and unanswered requests are bounded; beyond a bound the peer gets
//      431, 413, 408 or 503, and other routes go on. What the server itself refuses has the form of problem.hpp.
//   3. An answer that is a stream costs what its last piece does: no queue is kept for a peer that does not read.
//   4. One request at a time per connection: pipelined ones wait in the socket.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialer::api {

using http_headers = std::vector<std::pair<std::string, std::string>>;
using http_params = std::vector<std::pair<std::string, std::string>>;

/// A complete request. All of it is foreign input.
struct http_request {
  std::string method;            ///< "POST"
  std::string target;            ///< path and query as sent, "/callbacks/twilio?t=..."
  std::string path;              ///< of the target, not percent-decoded
  std::string query;             ///< of the target, without "?", not decoded
  std::string body;              ///< chunks already joined; gzip, if unpacked_max says so
  std::size_t unpacked_max = 0;  ///< not 0: the body is gzip, and may unpack to so many bytes (packed_body.hpp)
  std::string content_type;      ///< of the header, as sent; empty when absent
  http_headers headers;
  http_params params;  ///< of the route's path, in its order, not decoded
  std::string id;  ///< the peer's X-Request-Id when it has the form of one, else made here; comes back in every answer

  /// What stands at a parameter of the route's path; empty when it has none of that name.
  std::string_view param(std::string_view name) const;
  /// First header of that name, whatever its case; empty when absent.
  std::string_view header(std::string_view name) const;
};

/// How long a stream waits at most until it is asked for what it has.
inline constexpr std::chrono::milliseconds stream_turn_every{400};

/// The body of an answer that goes on until one side ends it.
class answer_stream {
 public:
  virtual ~answer_stream() = default;
  /// What there is to send now; empty: nothing; no value: the end. Asked every stream_turn_every on the listener's
  /// thread, and never before the peer has taken all of the last piece: what a slow one can't take is not made. Must
  /// not wait. When it throws, the answer breaks off.
  virtual std::optional<std::string> next() = 0;
  /// Called once, before the first next(): `ready`, from any thread, has next() asked at once.
  virtual void wake_by(std::function<void()> /*ready*/) {}
};

struct http_response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  http_headers headers{};                   ///< besides those the server sets itself
  std::shared_ptr<answer_stream> stream{};  ///< instead of `body`; its end is the end of the connection
  bool end_is_told = false;  ///< the stream goes out in chunks: the peer knows one that broke off from one that ended
};

using respond_function = std::function<void(http_response)>;
using request_handler = std::function<void(http_request, respond_function)>;

/// Takes a body of any size, piece by piece. Used on the listener's thread; destroyed before finish() when the peer
/// went away, was too slow, or was answered early.
class body_sink {
 public:
  virtual ~body_sink() = default;
  /// Must not wait. `go_on`, called once from any thread, asks for the next piece: no other comes before.
  virtual void take(std::string piece, std::function<void()> go_on) = 0;
  virtual void finish() = 0;  ///< that was all of it
};
/// Given the head of a request. Nothing: it is answered without its body. An answer before finish() ends the
/// connection.
using stream_handler = std::function<std::unique_ptr<body_sink>(http_request, respond_function)>;

struct route {
  std::string method;
  std::string path;  ///< "/v1/campaigns/{campaign_id}": a parameter takes one segment, a literal goes before it
  request_handler handle;
  std::size_t unanswered_max = 1024;            ///< requests that may wait for `respond`; beyond it 503
  stream_handler stream{};                      ///< instead of `handle`: the body is not bounded, and not kept
  std::chrono::milliseconds respond_within{0};  ///< 0: the server's
  bool takes_gzip = false;                      ///< `handle` may get a body that is gzip; else 415
};

struct http_limits {
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t connections_max = 1024;
  std::chrono::milliseconds read_within{10'000};  ///< one whole request, the idle time before it included
  std::chrono::milliseconds respond_within{15'000};
  std::chrono::milliseconds write_within{10'000};
  std::size_t streams_max = 512;                          ///< of connections_max; beyond it 503
  std::chrono::milliseconds stream_write_within{60'000};  ///< one piece of a stream
};

/// Counted since the start; readable from any thread.
struct http_stats {
  std::uint64_t connections = 0;          ///< open now
  std::uint64_t connections_refused = 0;  ///< beyond connections_max
  std::uint64_t requests = 0;             ///< handed to a handler
  std::uint64_t requests_refused = 0;     ///< answered 4xx or 503 by the server itself
  std::uint64_t handler_faults = 0;       ///< handlers that threw, dropped `respond`, or took too long
  std::uint64_t streams = 0;              ///< open now
  std::uint64_t stream_bytes = 0;         ///< of pieces their peers have not taken yet
};

struct server_core;

class http_server {
 public:
  explicit http_server(std::vector<route> routes, http_limits limits = {});
  /// Stops without a drain if still running.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// Listens on "127.0.0.1:8080", "[::1]:8080" or "0.0.0.0:0" and returns the port, which the system chose if 0 was
  /// given. Throws std::runtime_error naming the address when it can't. Once per object.
  std::uint16_t start(const std::string& listen);

  /// Stops accepting, lets requests that have begun end for at most `drain`, closes the rest, and joins the thread.
  /// `respond` may still be called afterwards and does nothing. Not from a handler.
  void stop(std::chrono::milliseconds drain);

  http_stats stats() const;

  /// Whether the thread has come round since the last asking; the first answer is yes. For one thread to ask.
  bool turns();

 private:
  std::shared_ptr<server_core> core_;  // shared: a respond_function may outlive the server
};

}  // namespace dialer::api
