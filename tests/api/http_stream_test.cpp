// Bodies that are given to a sink piece by piece, and not kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/api/http_house.hpp"
#include "tests/api/loopback_client.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class HttpStream : public http_house {
 protected:
  void start(http_limits limits = {}) {
    http_house::start(limits, {{.method = "POST",
                                .path = "/stream",
                                .unanswered_max = 2,
                                .stream = [this](http_request request, respond_function respond) {
                                  return open_stream(request, std::move(respond));
                                }}});
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
    HttpStream* test = nullptr;
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
};

TEST_F(HttpStream, StreamedBody_MayBeLargerThanAnyLimitAndComesInPieces) {
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

TEST_F(HttpStream, StreamAnsweredBeforeItsEnd_ClosesTheConnection) {
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

TEST_F(HttpStream, ExpectContinue_IsToldToProceedUnlessRefused) {
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

TEST_F(HttpStream, StreamThatBreaksOff_IsNeverFinished) {
  start({.read_within = 1s});  // of which a request needs a part, on a busy machine
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

TEST_F(HttpStream, SlowSink_IsNotGivenASecondPieceUnasked) {
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

TEST_F(HttpStream, StreamsBeyondTheRoutesMax_AreRefused) {
  start();
  loopback_client first{port_}, second{port_}, third{port_};
  for (loopback_client* each : {&first, &second}) {
    each->send("POST /stream HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    ASSERT_EQ(each->receive().status, 100);
  }
  EXPECT_EQ(third.post("/stream", "", "abc").status, 503);
}

}  // namespace
}  // namespace dialer::api
