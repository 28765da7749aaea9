#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/api/http_house.hpp"
#include "tests/api/loopback_client.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class HttpRefusals : public http_house {};

TEST_F(HttpRefusals, RequestId_IsTheCallersWhenItHasTheFormOfOne) {
  start();
  loopback_client client{port_};
  const auto with = [&](const std::string& id) {
    return client.exchange("GET /hello HTTP/1.1\r\nX-Request-Id: " + id + "\r\n\r\n").head;
  };
  EXPECT_THAT(with("job-7_a.B"), HasSubstr("X-Request-Id: job-7_a.B\r\n"));
  EXPECT_THAT(with(std::string(64, 'x')), HasSubstr("X-Request-Id: xxxx"));
  for (const std::string& bad : {std::string("a b"), std::string("\"quote"), std::string(65, 'x'), std::string()}) {
    EXPECT_THAT(with(bad), HasSubstr("X-Request-Id: req_")) << bad;
  }
  EXPECT_NE(client.get("/hello").head, client.get("/hello").head) << "each has an id of its own";
}

TEST_F(HttpRefusals, Refusal_IsAProblemThatNamesTheRequest) {
  start();
  loopback_client client{port_};
  const auto refused = client.exchange("GET /nowhere HTTP/1.1\r\nX-Request-Id: abc\r\n\r\n");
  EXPECT_THAT(refused.head, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_EQ(refused.body, R"({"type":"about:blank","title":"Not Found","status":404,"code":"not_found",)"
                          R"("detail":"there is nothing here","request_id":"abc"})");
}

// ---- bounds

TEST_F(HttpRefusals, Body_AtTheLimitPassesAndOneMoreIsRefused) {
  start({.body_bytes_max = 1000});
  loopback_client fits{port_};
  EXPECT_EQ(fits.post("/echo", "", std::string(1000, 'x')).body.size(), 1001U);
  loopback_client large{port_};
  EXPECT_EQ(large.post("/echo", "", std::string(1001, 'x')).status, 413);
  EXPECT_TRUE(large.closed_by_peer());
}

TEST_F(HttpRefusals, ChunkedBodyOverTheLimit_IsRefusedWhileItIsStillComing) {
  start({.body_bytes_max = 1000});
  loopback_client client{port_};
  client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 5; ++i) client.send("100\r\n" + std::string(256, 'x') + "\r\n");
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HttpRefusals, HugeBody_StillReceivesItsRefusal) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.post("/echo", "", std::string(3 * 1024 * 1024, 'x')).status, 413);
}

TEST_F(HttpRefusals, HugeHead_IsRefused) {
  start();
  loopback_client fits{port_};
  EXPECT_EQ(fits.exchange("GET /hello HTTP/1.1\r\nA: " + std::string(15'000, 'x') + "\r\n\r\n").status, 200);
  loopback_client large{port_};
  EXPECT_EQ(large.exchange("GET /hello HTTP/1.1\r\nA: " + std::string(17'000, 'x') + "\r\n\r\n").status, 431);
  loopback_client endless{port_};
  EXPECT_EQ(endless.exchange("GET /" + std::string(20'000, 'x')).status, 431);
}

TEST_F(HttpRefusals, SlowHead_IsCutOffWith408) {
  start({.read_within = 1s});
  loopback_client client{port_};
  client.send("GET /hello HTTP/1.1\r\nA:");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpRefusals, SlowBody_IsCutOffWith408) {
  start({.read_within = 1s});
  loopback_client client{port_};
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(HttpRefusals, SilentConnection_IsClosedWithoutAWord) {
  start({.read_within = 100ms});
  loopback_client client{port_};
  EXPECT_EQ(client.receive().status, 0);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpRefusals, ConnectionsBeyondTheLimit_AreRefusedAndTheOthersGoOn) {
  start({.connections_max = 2});
  loopback_client first{port_};
  loopback_client second{port_};
  ASSERT_EQ(first.get("/hello").status, 200);
  ASSERT_EQ(second.get("/hello").status, 200);
  loopback_client third{port_};
  EXPECT_EQ(third.receive().status, 503);
  EXPECT_EQ(server_->stats().connections_refused, 1U);
  EXPECT_EQ(first.get("/hello").status, 200);
}

// ---- requests that two readers could understand differently

class Ambiguous : public HttpRefusals, public testing::WithParamInterface<const char*> {};

TEST_P(Ambiguous, Request_IsRefusedAndTheConnectionEnds) {
  start();
  loopback_client client{port_};
  const std::string smuggled = "GET /tree/smuggled HTTP/1.1\r\n\r\n";
  EXPECT_EQ(client.exchange(GetParam() + smuggled).status, 400);
  EXPECT_EQ(client.receive().status, 0) << "what follows an ambiguous request must not be served";
}

INSTANTIATE_TEST_SUITE_P(
    Each, Ambiguous,
    testing::Values("POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                    "POST /echo HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc",
                    "POST /echo HTTP/1.1\r\nContent-Length: 3, 4\r\n\r\nabc",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", "\x16\x03\x01\x02\x01\x01",
                    "GET /hello\r\n\r\n", "GET /hel lo HTTP/1.1\r\n\r\n"));

}  // namespace
}  // namespace dialer::api
