#pragma once
// Pooled HTTPS to one host, for one thread.
//
// Thread-safety: an object lives on the thread that runs its io_context; every member is called there, except wake().
// Object lifetimes: destroy only after stop()'s handler ran. The io_context must outlive the pool.
// Invariants: (1) one request in flight per connection, no pipelining; (2) a request is never repeated by the pool;
// (3) every request taken from the source ends in exactly one on_answer; (4) no TLS early data.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "carriers/http/http_answer.hpp"

namespace boost::asio {
class io_context;
}

namespace dialer::carriers::http {

struct pool_options {
  std::string host;  ///< for SNI, certificate check and the Host header
  std::uint16_t port = 443;
  std::string connect_address;  ///< connect there instead of resolving `host`; numeric or a name. Usually empty
  std::string ca_file;          ///< PEM file of an extra certification authority; empty = system only
  std::size_t connections_max = 64;
  std::chrono::milliseconds connect_timeout{3000};   ///< resolve + TCP + TLS
  std::chrono::milliseconds request_timeout{10000};  ///< from the first byte written to the last byte read
  std::chrono::milliseconds idle_retire{20000};      ///< retired before the carrier does it
  std::size_t answer_bytes_max = 256 * 1024;         ///< longer answers end `unknown`
  std::size_t handshakes_per_second = 200;           ///< connection set-up budget
};

/// Where requests come from and answers go to. Called on the pool's thread.
class request_source {
 public:
  virtual ~request_source() = default;
  /// The pool has a connection ready to write *now*. Put the complete HTTP/1.1 request (head, Content-Length, body)
  /// into `bytes` (cleared by the pool, capacity kept) and return a tag that comes back with the answer; or return 0:
  /// nothing may be sent now (call wake() when that changes). This is the place for the last look.
  virtual std::uint64_t next_request(std::string& bytes) = 0;
  virtual void on_answer(std::uint64_t tag, const http_answer& answer) = 0;
  /// True while next_request might return something: the pool then opens connections ahead. May be approximate.
  virtual bool wants_connection() const = 0;
  /// A connection could not be made: nothing was taken from next_request. `error` in words.
  virtual void on_connect_failure(std::string_view error) = 0;
};

struct pool_stats {
  std::uint64_t connections_open = 0, connections_idle = 0, handshakes_full = 0, handshakes_resumed = 0,
                connect_failures = 0, requests = 0, answers = 0, unknown = 0, not_sent = 0, stale_closed = 0;
};

class https_pool {
 public:
  https_pool(boost::asio::io_context& io, pool_options options, request_source& source);
  ~https_pool();
  https_pool(const https_pool&) = delete;
  https_pool& operator=(const https_pool&) = delete;

  /// The source may have something to send. Any thread; cheap; coalesced.
  void wake();
  /// Opens up to n connections ahead of the first request.
  void warm(std::size_t n);
  /// Takes nothing more from the source, lets requests in flight end (bounded by their deadlines), closes, then calls
  /// `stopped` once on the pool's thread.
  void stop(std::function<void()> stopped);
  const pool_stats& stats() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;  // shared: pending handlers keep it alive until they have run
};

}  // namespace dialer::carriers::http
