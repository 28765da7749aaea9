#include "api/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/api/http_house.hpp"
#include "tests/api/loopback_client.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class HttpServer : public http_house {};

TEST_F(HttpServer, Get_IsAnsweredWithTheSafeHeaders) {
  start();
  loopback_client client{port_};
  const auto response = client.get("/hello");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_THAT(response.head, HasSubstr("X-Content-Type-Options: nosniff"));
  EXPECT_THAT(response.head, HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_THAT(response.head, HasSubstr("Cache-Control: no-store"));
  EXPECT_THAT(response.head, Not(HasSubstr("Access-Control")));
}

TEST_F(HttpServer, KeepAlive_ServesManyRequestsOnOneConnection) {
  start();
  loopback_client client{port_};
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.get("/hello").body, "hello");
  EXPECT_EQ(server_->stats().connections, 1U);
  EXPECT_EQ(server_->stats().requests, 100U);
}

TEST_F(HttpServer, ThreadThatIsStuck_DoesNotTurn) {
  std::promise<void> stuck, leave;
  start({}, {{"GET", "/stuck", [&](const http_request&, const respond_function& respond) {
                stuck.set_value();
                leave.get_future().wait();
                respond({});
              }}});
  const auto comes_round = [this] {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!server_->turns() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return std::chrono::steady_clock::now() < end;
  };
  EXPECT_TRUE(server_->turns());
  EXPECT_TRUE(comes_round());
  loopback_client client{port_};
  client.send("GET /stuck HTTP/1.1\r\n\r\n");
  stuck.get_future().wait();
  (void)server_->turns();  // what was asked before may have been answered before
  EXPECT_FALSE(server_->turns());
  EXPECT_FALSE(server_->turns());
  leave.set_value();
  EXPECT_TRUE(comes_round()) << "it is forgiven";
}

TEST_F(HttpServer, ConnectionClose_IsHonoured) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.exchange("GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n").status, 200);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpServer, Http10_ClosesAfterTheAnswer) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.exchange("GET /hello HTTP/1.0\r\n\r\n").body, "hello");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpServer, BodyAndQuery_ReachTheHandlerAsSent) {
  start();
  loopback_client client{port_};
  const std::string bytes("\0\r\n\xff", 4);
  const auto response = client.post("/echo?a=%41&b", "Content-Type: text/x\r\n", bytes);
  EXPECT_EQ(response.body, "a=%41&b|" + bytes);
  EXPECT_THAT(response.head, HasSubstr("Content-Type: text/x"));
}

TEST_F(HttpServer, ChunkedBody_IsJoined) {
  start();
  loopback_client client{port_};
  const auto response =
      client.exchange("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(response.body, "|abcde");
}

// Who is asking is settled by the head, which proxies have seen.
TEST_F(HttpServer, FieldAfterAChunkedBody_IsNoHeader) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.exchange("GET /header HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Mine: 7\r\n\r\n").body,
            "");
  EXPECT_EQ(client.exchange("GET /header HTTP/1.1\r\nX-Mine: 8\r\n\r\n").body, "8");
}

TEST_F(HttpServer, HeaderName_IsFoundInAnyCase) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.exchange("GET /header HTTP/1.1\r\nX-Mine: 7\r\n\r\n").body, "7");
}

TEST_F(HttpServer, LiteralSegment_GoesBeforeAParameter) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.get("/tree/leaf").body, "leaf");
  EXPECT_EQ(client.get("/tree/leaves").body, "leaves");
  EXPECT_EQ(client.get("/tree/a%2Fb").body, "a%2Fb");
  EXPECT_EQ(client.get("/tree").status, 404);
  EXPECT_EQ(client.get("/tree/").status, 404);
  EXPECT_EQ(client.get("/tree/a/b").status, 404);
}

TEST_F(HttpServer, UnknownPathAndMethod_AreTold) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.get("/hello/").status, 404);
  EXPECT_EQ(client.get("/../hello").status, 404);
  EXPECT_EQ(client.exchange("GET http://x/hello HTTP/1.1\r\n\r\n").status, 404);
  const auto response = client.post("/hello", "", "x");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.head, HasSubstr("Allow: GET"));
  EXPECT_EQ(client.get("/hello").status, 200) << "a refusal that was read whole keeps the connection";
}

TEST_F(HttpServer, Pipelined_AreAnsweredInOrder) {
  start();
  loopback_client client{port_};
  client.send("GET /tree/1 HTTP/1.1\r\n\r\nGET /tree/2 HTTP/1.1\r\n\r\nGET /tree/3 HTTP/1.1\r\n\r\n");
  for (const char* leaf : {"1", "2", "3"}) EXPECT_EQ(client.receive().body, leaf);
}

TEST_F(HttpServer, TwoRoutesForOneRequest_AreAMistakeOfTheSource) {
  const request_handler none = [](http_request, respond_function) {};
  EXPECT_THROW((http_server{{{"GET", "/a/{b}", none}, {"GET", "/a/{c}", none}}}), std::invalid_argument);
  http_server different{{{"GET", "/a/{b}", none}, {"POST", "/a/{c}", none}, {"GET", "/a/b", none}}};
}

// ---- answers that come later

TEST_F(HttpServer, RespondFromAnotherThread_AnswersOnce) {
  start();
  loopback_client client{port_};
  const respond_function respond = hold(client);
  std::thread{[&respond] {
    respond({.body = "first"});
    respond({.body = "second"});
  }}.join();
  EXPECT_EQ(client.receive().body, "first");
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(HttpServer, WhileOneWaits_OthersAreServed) {
  start();
  loopback_client waiting{port_};
  const respond_function respond = hold(waiting);
  loopback_client other{port_};
  EXPECT_EQ(other.get("/hello").status, 200);
  respond({.status = 204});
  const auto response = waiting.receive();
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(response.head, Not(HasSubstr("Content-Type:")));
  EXPECT_THAT(response.head, Not(HasSubstr("Content-Length")));
}

TEST_F(HttpServer, BeyondUnansweredMax_Answers503UntilOneIsAnswered) {
  start();
  loopback_client waiting{port_};
  const respond_function respond = hold(waiting);
  loopback_client other{port_};
  const auto refused = other.post("/later", "", "");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After: 1"));
  EXPECT_EQ(other.get("/hello").status, 200) << "the bound is the route's own";
  respond({});
  EXPECT_EQ(waiting.receive().status, 200);
  hold(other)({.body = "now"});
  EXPECT_EQ(other.receive().body, "now");
}

TEST_F(HttpServer, DroppedRespond_Answers500) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.get("/drops").status, 500);
  EXPECT_EQ(server_->stats().handler_faults, 1U);
}

TEST_F(HttpServer, ThrowingHandler_Answers500WithoutItsWords) {
  start();
  loopback_client client{port_};
  const auto response = client.get("/throws");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_EQ(server_->stats().handler_faults, 1U);
}

TEST_F(HttpServer, AnswerThatTakesTooLong_Is503AndTheLateOneIsIgnored) {
  start({.respond_within = 50ms});
  loopback_client client{port_};
  const respond_function respond = hold(client);
  EXPECT_EQ(client.receive().status, 503);
  respond({.body = "late"});
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(HttpServer, PeerGoneBeforeTheAnswer_HarmsNobody) {
  start();
  respond_function respond;
  {
    loopback_client client{port_};
    respond = hold(client);
  }
  respond({.body = "into the void"});
  loopback_client other{port_};
  EXPECT_EQ(other.get("/hello").status, 200);
}

// ---- start and stop

TEST_F(HttpServer, Drain_FinishesWhatHasBegunAndRefusesTheRest) {
  start();
  loopback_client idle{port_};
  ASSERT_EQ(idle.get("/hello").status, 200);
  std::optional<loopback_client> waiting{port_};
  const respond_function respond = hold(*waiting);
  auto stopped = std::async(std::launch::async, [this] { server_->stop(10s); });
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_THROW(loopback_client{port_}, boost::system::system_error);
  respond({.body = "done"});
  const auto response = waiting->receive();
  EXPECT_EQ(response.body, "done");
  EXPECT_THAT(response.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(waiting->closed_by_peer());
  waiting.reset();
  EXPECT_EQ(stopped.wait_for(9s), std::future_status::ready);
}

TEST_F(HttpServer, DrainThatIsOver_ClosesWhatStillWaits) {
  start();
  loopback_client waiting{port_};
  const respond_function respond = hold(waiting);
  server_->stop(20ms);
  EXPECT_TRUE(waiting.closed_by_peer());
  respond({});
  server_.reset();
  respond({});
}

TEST_F(HttpServer, AddressInUse_IsAnErrorThatNamesIt) {
  start();
  http_server second{{}};
  const std::string taken = "127.0.0.1:" + std::to_string(port_);
  try {
    second.start(taken);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(taken));
  }
}

TEST_F(HttpServer, UnreadableAddress_IsAnErrorThatShowsTheForm) {
  for (const char* listen : {"", "8080", "localhost:8080", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "::1"}) {
    http_server server{{}};
    EXPECT_THROW(server.start(listen), std::runtime_error) << listen;
  }
}

}  // namespace
}  // namespace dialer::api
