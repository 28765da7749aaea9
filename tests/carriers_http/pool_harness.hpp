#pragma once
// A pool, its io_context and a source that hands out prepared requests and keeps every answer.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "carriers/http/https_pool.hpp"
#include "tests/carriers_http/tls_test_server.hpp"

namespace dialer::test {

using carriers::http::delivery;
using carriers::http::http_answer;
using carriers::http::https_pool;
using carriers::http::pool_options;
using carriers::http::request_source;

struct kept_answer {
  delivery how = delivery::unknown;
  int status = -1;
  std::string body, content_type, retry_after, rate_limit_reset, date, error;
  std::size_t bytes_sent = 0;
};

inline std::string post(std::string_view body, std::string_view path = "/calls") {
  return "POST " + std::string{path} +
         " HTTP/1.1\r\nHost: carrier.test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string{body};
}

inline std::string answer_with(std::string_view body, std::string_view fields = "",
                               std::string_view status = "201 Created") {
  return "HTTP/1.1 " + std::string{status} + "\r\n" + std::string{fields} +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

class kept_source : public request_source {
 public:
  std::uint64_t next_request(std::string& bytes) override {
    EXPECT_TRUE(bytes.empty());
    ++asked;
    if (to_send.empty()) return 0;
    bytes = to_send.front();
    to_send.pop_front();
    in_flight_max = std::max(in_flight_max, ++in_flight);
    return ++taken;
  }

  void on_answer(std::uint64_t tag, const http_answer& a) override {
    --in_flight;
    EXPECT_TRUE(answers
                    .emplace(tag, kept_answer{a.how, a.status, std::string{a.body}, std::string{a.content_type},
                                              std::string{a.retry_after}, std::string{a.rate_limit_reset},
                                              std::string{a.date}, std::string{a.error}, a.bytes_sent})
                    .second)
        << "request " << tag << " was answered twice";
    if (a.how == delivery::answered) {
      // simdjson reads this far behind the body; ASan watches.
      volatile char sum = 0;
      for (int i = 0; i < 64; ++i)
        sum = static_cast<char>(sum + a.body.data()[a.body.size() + static_cast<std::size_t>(i)]);
    }
    if (after_answer) after_answer();
  }

  bool wants_connection() const override { return !to_send.empty(); }

  void on_connect_failure(std::string_view error) override {
    connect_errors.emplace_back(error);
    if (after_connect_failure) after_connect_failure();
  }

  std::deque<std::string> to_send;
  std::uint64_t taken = 0, asked = 0;
  std::size_t in_flight = 0, in_flight_max = 0;
  std::map<std::uint64_t, kept_answer> answers;
  std::vector<std::string> connect_errors;
  std::function<void()> after_answer, after_connect_failure;
};

class pool_harness {
 public:
  static pool_options options_for(const tls_test_server& server) {
    pool_options options;
    options.host = tls_test_server::host();
    options.connect_address = "127.0.0.1";
    options.port = server.port();
    options.ca_file = tls_test_server::ca_file();
    options.connections_max = 4;
    options.request_timeout = std::chrono::milliseconds{20'000};
    options.connect_timeout = std::chrono::milliseconds{20'000};
    options.handshakes_per_second = 100'000;
    return options;
  }

  explicit pool_harness(const pool_options& options) : pool{std::in_place, io, options, source} {}
  ~pool_harness() {
    if (pool) stop();
  }

  /// Runs handlers until `done`; far too long is a failure.
  void run_until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{40};
    while (!testing::Test::HasFatalFailure() && !done()) {
      if (io.run_one_until(limit) == 0) {
        FAIL() << "what the test waits for does not happen";
      }
    }
  }

  void send(std::string request) {
    source.to_send.push_back(std::move(request));
    pool->wake();
  }

  /// Sends one request and returns what became of it.
  kept_answer exchange(std::string request) {
    const std::uint64_t tag = source.taken + 1;
    send(std::move(request));
    run_until([&] { return source.answers.contains(tag); });
    return source.answers.contains(tag) ? source.answers.at(tag) : kept_answer{};
  }

  void stop() {
    bool stopped = false;
    pool->stop([&] { stopped = true; });
    run_until([&] { return stopped; });
    EXPECT_EQ(source.answers.size(), source.taken);
    pool.reset();
  }

  boost::asio::io_context io;
  kept_source source;
  std::optional<https_pool> pool;
};

}  // namespace dialer::test
