#pragma once
// A server on loopback with a few routes, for the tests of its parts.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/http_server.hpp"
#include "tests/api/loopback_client.hpp"

namespace dialer::api {

/// "/later" hands its respond function to the test.
class http_house : public testing::Test {
 protected:
  /// Serves `more` as well.
  void start(http_limits limits = {}, std::vector<route> more = {}) {
    std::vector<route> routes{
        {"GET", "/hello", [](http_request, respond_function respond) { respond({.body = "hello"}); }},
        {"POST", "/echo",
         [](http_request request, respond_function respond) {
           respond({.content_type = request.content_type, .body = request.query + "|" + request.body});
         }},
        {"GET", "/tree/{what}",
         [](http_request request, respond_function respond) { respond({.body = std::string{request.param("what")}}); }},
        {"GET", "/tree/leaf", [](http_request, respond_function respond) { respond({.body = "leaf"}); }},
        {"GET", "/header",
         [](http_request request, respond_function respond) {
           respond({.body = std::string{request.header("x-MINE")}});
         }},
        {"GET", "/throws", [](http_request, respond_function) { throw std::runtime_error{"secret"}; }},
        {"GET", "/drops", [](http_request, respond_function) {}},
        {"POST", "/later", [this](http_request, respond_function respond) { held_.set_value(std::move(respond)); }, 1},
    };
    routes.insert(routes.end(), more.begin(), more.end());
    server_.emplace(std::move(routes), limits);
    port_ = server_->start("127.0.0.1:0");
  }
  /// Before the members of a derived fixture, which its handlers use.
  void TearDown() override { server_.reset(); }

  /// Sends a request to /later and waits until its handler has it.
  respond_function hold(loopback_client& client) {
    client.send("POST /later HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    auto arrived = held_.get_future();
    if (arrived.wait_for(std::chrono::seconds{5}) != std::future_status::ready) {
      throw std::runtime_error{"/later was not handled"};
    }
    respond_function respond = arrived.get();
    held_ = {};
    return respond;
  }

  std::promise<respond_function> held_;
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace dialer::api
