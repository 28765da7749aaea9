#include "api/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/api/loopback_client.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// A server with a few routes; "/later" hands its respond function to the test.
class HttpServer : public testing::Test {
 protected:
  void start(http_limits limits = {}) {
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
    routes.push_back({.method = "POST",
                      .path = "/stream",
                      .unanswered_max = 2,
                      .stream = [this](http_request request, respond_function respond) {
                        return open_stream(request, std::move(respond));
                      }});
    server_.emplace(std::move(routes), limits);
    port_ = server_->start("127.0.0.1:0");
  }
  /// Sends a request to /later and waits until its handler has it.
  respond_function hold(loopback_client& client) {
    client.send("POST /later HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    auto arrived = held_.get_future();
    if (arrived.wait_for(5s) != std::future_status::ready) throw std::runtime_error{"/later was not handled"};
    respond_function respond = arrived.get();
    held_ = {};
    return respond;
  }

  /// Counts what it takes; answers when it is all there. "X-Do: refuse" is answered without a sink, "X-Do: early" after
  /// the first piece, "X-Do: slow" goes on only when the test says so.
  struct counting_sink : body_sink {
    void take(std::string piece, std::function<void()> go_on) override {
      taken += piece.size();
      largest = std::max(largest, piece.size());
      if (what == "early") respond({.status = 422, .body = "enough"});
      if (what == "slow") {
        test->go_on_.set_value(std::move(go_on));
      } else {
        go_on();
      }
    }
    void finish() override {
      finished = true;
      respond({.body = std::to_string(taken)});
    }
    ~counting_sink() override {
      if (!finished) ++test->abandoned_;
      test->largest_ = largest;
    }
    HttpServer* test = nullptr;
    std::string what;
    respond_function respond;
    std::size_t taken = 0, largest = 0;
    bool finished = false;
  };
  std::unique_ptr<body_sink> open_stream(const http_request& request, respond_function respond) {
    const std::string what{request.header("X-Do")};
    if (what == "refuse") {
      respond({.status = 403, .body = "no"});
      return nullptr;
    }
    if (what == "throw") throw std::runtime_error{"secret"};
    auto sink = std::make_unique<counting_sink>();
    sink->test = this;
    sink->what = what;
    sink->respond = std::move(respond);
    return sink;
  }

  std::atomic<int> abandoned_{0};
  std::atomic<std::size_t> largest_{0};
  std::promise<std::function<void()>> go_on_;
  std::promise<respond_function> held_;
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
};

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

// ---- what every refusal looks like

TEST_F(HttpServer, RequestId_IsTheCallersWhenItHasTheFormOfOne) {
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

TEST_F(HttpServer, Refusal_IsAProblemThatNamesTheRequest) {
  start();
  loopback_client client{port_};
  const auto refused = client.exchange("GET /nowhere HTTP/1.1\r\nX-Request-Id: abc\r\n\r\n");
  EXPECT_THAT(refused.head, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_EQ(refused.body, R"({"type":"about:blank","title":"Not Found","status":404,"code":"not_found",)"
                          R"("detail":"there is nothing here","request_id":"abc"})");
}

// ---- bounds

TEST_F(HttpServer, Body_AtTheLimitPassesAndOneMoreIsRefused) {
  start({.body_bytes_max = 1000});
  loopback_client fits{port_};
  EXPECT_EQ(fits.post("/echo", "", std::string(1000, 'x')).body.size(), 1001U);
  loopback_client large{port_};
  EXPECT_EQ(large.post("/echo", "", std::string(1001, 'x')).status, 413);
  EXPECT_TRUE(large.closed_by_peer());
}

TEST_F(HttpServer, ChunkedBodyOverTheLimit_IsRefusedWhileItIsStillComing) {
  start({.body_bytes_max = 1000});
  loopback_client client{port_};
  client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 5; ++i) client.send("100\r\n" + std::string(256, 'x') + "\r\n");
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HttpServer, HugeBody_StillReceivesItsRefusal) {
  start();
  loopback_client client{port_};
  EXPECT_EQ(client.post("/echo", "", std::string(3 * 1024 * 1024, 'x')).status, 413);
}

TEST_F(HttpServer, HugeHead_IsRefused) {
  start();
  loopback_client fits{port_};
  EXPECT_EQ(fits.exchange("GET /hello HTTP/1.1\r\nA: " + std::string(15'000, 'x') + "\r\n\r\n").status, 200);
  loopback_client large{port_};
  EXPECT_EQ(large.exchange("GET /hello HTTP/1.1\r\nA: " + std::string(17'000, 'x') + "\r\n\r\n").status, 431);
  loopback_client endless{port_};
  EXPECT_EQ(endless.exchange("GET /" + std::string(20'000, 'x')).status, 431);
}

TEST_F(HttpServer, SlowHead_IsCutOffWith408) {
  start({.read_within = 100ms});
  loopback_client client{port_};
  client.send("GET /hello HTTP/1.1\r\nA:");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpServer, SlowBody_IsCutOffWith408) {
  start({.read_within = 100ms});
  loopback_client client{port_};
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(HttpServer, SilentConnection_IsClosedWithoutAWord) {
  start({.read_within = 100ms});
  loopback_client client{port_};
  EXPECT_EQ(client.receive().status, 0);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpServer, ConnectionsBeyondTheLimit_AreRefusedAndTheOthersGoOn) {
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

class Ambiguous : public HttpServer, public testing::WithParamInterface<const char*> {};

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

// ---- bodies that are not kept

TEST_F(HttpServer, StreamedBody_MayBeLargerThanAnyLimitAndComesInPieces) {
  start({.body_bytes_max = 1000});
  loopback_client client{port_};
  const std::string body(3'000'000, 'x');
  EXPECT_EQ(client.post("/stream", "", body).body, "3000000");
  EXPECT_LE(largest_.load(), 64U * 1024);
  EXPECT_EQ(client.post("/stream", "", "").body, "0") << "the connection is kept";
  EXPECT_EQ(
      client.exchange("POST /stream HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
          .body,
      "5");
  EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_EQ(client.post("/echo", "", std::string(1001, 'x')).status, 413) << "others keep their limit";
  EXPECT_EQ(abandoned_.load(), 0);
}

TEST_F(HttpServer, StreamAnsweredBeforeItsEnd_ClosesTheConnection) {
  start();
  for (const char* what : {"refuse", "early", "throw"}) {
    loopback_client client{port_};
    client.send(std::string("POST /stream HTTP/1.1\r\nX-Do: ") + what + "\r\nContent-Length: 50000000\r\n\r\n");
    client.send(std::string(200'000, 'x'));
    const auto response = client.receive();
    EXPECT_EQ(response.status, what == std::string("refuse") ? 403 : what == std::string("early") ? 422 : 500) << what;
    EXPECT_THAT(response.head, HasSubstr("Connection: close"));
    EXPECT_THAT(response.body, Not(HasSubstr("secret")));
    EXPECT_TRUE(client.closed_by_peer()) << what;
  }
}

TEST_F(HttpServer, ExpectContinue_IsToldToProceedUnlessRefused) {
  start();
  loopback_client client{port_};
  client.send("POST /stream HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.send("abc");
  EXPECT_EQ(client.receive().body, "3");
  loopback_client refused{port_};
  refused.send("POST /stream HTTP/1.1\r\nX-Do: refuse\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(refused.receive().status, 403);
}

TEST_F(HttpServer, StreamThatBreaksOff_IsNeverFinished) {
  start({.read_within = 100ms});
  {
    loopback_client gone{port_};
    gone.send("POST /stream HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  }
  loopback_client silent{port_};
  silent.send("POST /stream HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(silent.receive().status, 408);
  loopback_client broken{port_};
  broken.send("POST /stream HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n");
  EXPECT_EQ(broken.receive().status, 400);
  server_->stop(1s);
  EXPECT_EQ(abandoned_.load(), 3);
}

TEST_F(HttpServer, SlowSink_IsNotGivenASecondPieceUnasked) {
  start();
  loopback_client client{port_};
  client.send("POST /stream HTTP/1.1\r\nX-Do: slow\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x'));
  for (std::size_t taken = 0; taken < 200'000; taken += 64 * 1024) {
    auto asked = go_on_.get_future();
    ASSERT_EQ(asked.wait_for(5s), std::future_status::ready);
    const auto go_on = asked.get();
    go_on_ = {};  // a second piece now would find a promise that is already kept
    loopback_client other{port_};
    EXPECT_EQ(other.get("/hello").status, 200);
    go_on();
  }
  EXPECT_EQ(client.receive().body, "200000");
}

TEST_F(HttpServer, StreamsBeyondTheRoutesMax_AreRefused) {
  start();
  loopback_client first{port_}, second{port_}, third{port_};
  for (loopback_client* each : {&first, &second}) {
    each->send("POST /stream HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    ASSERT_EQ(each->receive().status, 100);
  }
  EXPECT_EQ(third.post("/stream", "", "abc").status, 503);
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
