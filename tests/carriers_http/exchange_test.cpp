// One request and its answer, waiting: what each way of going wrong says about the request.
#include "carriers/http/exchange.hpp"

#include <gtest/gtest.h>

#include <semaphore>

#include "tests/carriers_http/pool_harness.hpp"

namespace dialer::test {
namespace {

using carriers::http::exchange;
using namespace std::chrono_literals;

std::string_view body_of(const carriers::http::kept_answer& kept) {
  const http_answer got = kept;
  return got.body;
}

TEST(Exchange, Answer_IsKeptWholeAndPadded) {
  tls_test_server server{[](server_connection& c) {
    EXPECT_EQ(c.read_request(), post("To=1"));
    c.write(answer_with("{\"sid\":\"PN1\"}",
                        "Content-Type: application/json\r\nRetry-After: 5\r\nx-ratelimit-reset: 9\r\nDate: now\r\n"));
    c.wait_for_peer();
  }};
  exchange subject{pool_harness::options_for(server)};
  const carriers::http::kept_answer kept = subject.ask(post("To=1"));
  const http_answer got = kept;
  EXPECT_EQ(got.how, delivery::answered);
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, "{\"sid\":\"PN1\"}");
  EXPECT_EQ(got.content_type, "application/json");
  EXPECT_EQ(got.retry_after, "5");
  EXPECT_EQ(got.rate_limit_reset, "9");
  EXPECT_EQ(got.date, "now");
  EXPECT_EQ(got.bytes_sent, post("To=1").size());
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(got.body.data()[got.body.size() + i], '\0');
}

TEST(Exchange, SecondRequest_UsesTheSameConnection) {
  tls_test_server server{[](server_connection& c) {
    for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
      c.write(answer_with(request.substr(request.find("\r\n\r\n") + 4)));
    }
  }};
  exchange subject{pool_harness::options_for(server)};
  EXPECT_EQ(subject.ask(post("first")).status, 201);
  const auto second = subject.ask(post("second"));
  EXPECT_EQ(body_of(second), "second");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Exchange, ConnectionThatThePeerClosedMeanwhile_IsReplaced) {
  std::counting_semaphore<> closed{0};
  tls_test_server server{[&](server_connection& c) {
    const std::string request = c.read_request();
    c.write(answer_with(request.substr(request.find("\r\n\r\n") + 4), "Connection: keep-alive\r\n"));
    c.close();
    closed.release();
  }};
  exchange subject{pool_harness::options_for(server)};
  for (const char* body : {"first", "second", "third"}) {
    const auto kept = subject.ask(post(body));
    EXPECT_EQ(kept.how, delivery::answered) << kept.error;
    EXPECT_EQ(body_of(kept), body);
    closed.acquire();  // or the next request could still be on its way to who does not listen any more
  }
}

TEST(Exchange, NoAnswerInTime_IsUnknown) {
  tls_test_server server{[](server_connection& c) {
    c.read_request();
    c.wait_for_peer();
  }};
  pool_options options = pool_harness::options_for(server);
  options.request_timeout = 200ms;
  exchange subject{options};
  const auto got = subject.ask(post("x"));
  EXPECT_EQ(got.how, delivery::unknown);
  EXPECT_EQ(got.error, "no complete answer in time");
  EXPECT_EQ(got.bytes_sent, post("x").size());
}

TEST(Exchange, AnswerCutInItsBody_IsUnknown) {
  tls_test_server server{[](server_connection& c) {
    c.read_request();
    c.write("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\":");
    c.close();
  }};
  exchange subject{pool_harness::options_for(server)};
  const auto got = subject.ask(post("x"));
  EXPECT_EQ(got.how, delivery::unknown);
  EXPECT_EQ(got.status, 0);
  EXPECT_TRUE(body_of(got).empty());
}

TEST(Exchange, RefusedConnection_WasNotSentAndTheNextAskTriesAgain) {
  pool_options options;
  {
    tls_test_server gone{[](server_connection&) {}};
    options = pool_harness::options_for(gone);
  }
  options.connect_timeout = 2s;
  exchange subject{options};
  for (int i = 0; i < 2; ++i) {
    const auto got = subject.ask(post("x"));
    EXPECT_EQ(got.how, delivery::not_sent);
    EXPECT_EQ(got.bytes_sent, 0U);
    EXPECT_FALSE(got.error.empty());
  }
}

TEST(Exchange, PauseAfterFailedConnections_IsNotWaitedFor) {
  pool_options options;
  {
    tls_test_server gone{[](server_connection&) {}};
    options = pool_harness::options_for(gone);
  }
  options.connect_timeout = 50ms;
  exchange subject{options};
  // The pool's pauses grow with every failure, to seconds: one of the first asks meets one.
  bool met = false;
  for (int i = 0; i < 40 && !met; ++i) {
    const auto got = subject.ask(post("x"));
    EXPECT_EQ(got.how, delivery::not_sent);
    met = got.error == "no connection in time";
  }
  EXPECT_TRUE(met);
}

TEST(Exchange, PeerThatNeverSaysHello_IsNotWaitedForLongerThanToConnect) {
  server_options silent;
  silent.accept_tcp_only = true;
  tls_test_server server{[](server_connection&) {}, silent};
  pool_options options = pool_harness::options_for(server);
  options.connect_timeout = 200ms;
  exchange subject{options};
  const auto got = subject.ask(post("x"));
  EXPECT_EQ(got.how, delivery::not_sent);
  EXPECT_TRUE(got.error == "TLS handshake timed out" || got.error == "no connection in time") << got.error;
}

TEST(Exchange, RequestLeftOverFromAFailedAsk_IsNeverSent) {
  server_options stranger;
  stranger.certificate = flaw::unknown_authority;
  tls_test_server server{[](server_connection& c) { EXPECT_EQ(c.read_request(), ""); }, stranger};
  exchange subject{pool_harness::options_for(server)};
  EXPECT_EQ(subject.ask(post("x")).how, delivery::not_sent);
}

}  // namespace
}  // namespace dialer::test
