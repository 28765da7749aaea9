#pragma once
// One request to a host and its answer, for a thread that may wait. Not synchronised: one object per thread; the
// connection is kept alive between requests.

#include <memory>
#include <string>

#include "carriers/http/http_answer.hpp"
#include "carriers/http/https_pool.hpp"

namespace dialer::carriers::http {

/// An http_answer that owns its bytes.
struct kept_answer {
  delivery how = delivery::unknown;
  int status = 0;
  std::string body;
  std::string content_type, retry_after, rate_limit_reset, date, error;
  std::size_t bytes_sent = 0;

  explicit kept_answer(const http_answer& answer);
  /// Views into this object, which must outlive them.
  operator http_answer() const;
};

class exchange {
 public:
  /// Of the options' connections one is used. Throws like https_pool.
  explicit exchange(pool_options options);
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Sends one complete HTTP/1.1 request, once, and waits. not_sent when no connection could be made within
  /// connect_timeout; else what became of the request within request_timeout, as exact as the pool is about it.
  kept_answer ask(std::string request);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::carriers::http
