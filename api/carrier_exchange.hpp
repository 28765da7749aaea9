#pragma once
// Single requests to carriers, for threads that may wait.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "carriers/account.hpp"
#include "carriers/http/exchange.hpp"

namespace dialer::api {

/// One complete HTTP/1.1 request over an account, and what became of it. Any thread; waits for some seconds at most.
using ask_carrier = std::function<carriers::http::kept_answer(const carriers::account& over, std::string request)>;

/// Over TLS, on connections that the next request to the same host finds open: as many as threads have asked at once. A
/// handshake costs both ends as much as dozens of requests. Any thread.
class carrier_exchange {
 public:
  /// `answer_within`: of a request, once there is a connection.
  explicit carrier_exchange(std::chrono::milliseconds answer_within) : answer_within_{answer_within} {}

  /// Throws std::invalid_argument for a base URL that is none.
  carriers::http::kept_answer ask(const carriers::account& over, std::string request);

 private:
  using idle_connections = std::vector<std::unique_ptr<carriers::http::exchange>>;
  const std::chrono::milliseconds answer_within_;
  std::mutex mutex_;
  std::map<std::string, idle_connections> idle_;  // by base URL and authority
};

}  // namespace dialer::api
