// Bodies that come packed, and answers that go out packed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "api/gzip.hpp"
#include "api/packed_body.hpp"
#include "api/problem.hpp"
#include "tests/api/http_house.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class HttpCoding : public http_house {
 protected:
  void start(http_limits limits = {}) {
    const auto answer = [](const char* path, const http_response& with) {
      return route{"GET", path, [with](const http_request&, const respond_function& respond) {
                     std::thread{[with, respond] { respond(with); }}.join();
                   }};
    };
    http_house::start(limits,
                      {answer("/large", {.body = large_}),
                       answer("/boundary", {.body = std::string(1'024, 'x')}),
                       answer("/problem", to_response({409, "no", std::string(5'000, 'x')})),
                       {"GET", "/at_once",
                        [this](const http_request&, const respond_function& respond) { respond({.body = large_}); }},
                       {.method = "POST",
                        .path = "/unpacked",
                        .handle =
                            [](http_request request, const respond_function& respond) {
                              auto refused = unpack_body(request);
                              respond(refused ? std::move(*refused) : http_response{.body = request.body});
                            },
                        .takes_gzip = true},
                       {.method = "POST",
                        .path = "/as_it_came",
                        .handle = [](http_request request,
                                     const respond_function& respond) { respond({.body = std::move(request.body)}); },
                        .takes_gzip = true},
                       {.method = "POST", .path = "/stream", .stream = [this](http_request, respond_function to) {
                          auto sink = std::make_unique<joining_sink>(*this);
                          sink->respond = std::move(to);
                          return sink;
                        }}});
  }
  /// Answers with the length of all it took.
  struct joining_sink : body_sink {
    explicit joining_sink(HttpCoding& of) : test{of} {}
    void take(std::string piece, std::function<void()> go_on) override {
      test.largest_ = std::max(test.largest_, piece.size());
      taken += piece.size();
      go_on();
    }
    void finish() override {
      ++test.finished_;
      respond({.body = std::to_string(taken)});
    }
    HttpCoding& test;
    std::size_t taken = 0;
    respond_function respond;
  };
  client_response post(const std::string& path, const std::string& body, const std::string& coding = "gzip") {
    return loopback_client{port_}.post(path, "Content-Encoding: " + coding + "\r\n", body);
  }
  client_response get(const std::string& path, const std::string& accepted) {
    return loopback_client{port_}.exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + accepted + "\r\n");
  }

  const std::string large_ = std::string(1'025, 'x');
  // The server's thread.
  std::size_t largest_ = 0;
  int finished_ = 0;
};

std::string unpacked(const client_response& response) {
  gunzip from;
  from.feed(response.body);
  return from.read(1 << 20);
}

TEST_F(HttpCoding, PackedBody_ReachesItsHandlerPacked) {
  start();
  EXPECT_EQ(post("/as_it_came", gzip("hello")).body, gzip("hello"));
  EXPECT_EQ(post("/unpacked", gzip("hello")).body, "hello");
  EXPECT_EQ(post("/unpacked", gzip("hello"), "GZip").body, "hello");
  EXPECT_EQ(post("/unpacked", "hello", "identity").body, "hello");
  EXPECT_EQ(post("/unpacked", "").body, "") << "there is nothing to unpack";
}

TEST_F(HttpCoding, RouteThatTakesNoGzip_SaysSo) {
  start();
  loopback_client client{port_};
  for (const std::string& body : {gzip("hello"), std::string("no gzip")}) {
    const client_response refused = client.post("/echo", "Content-Encoding: gzip\r\n", body);
    EXPECT_EQ(refused.status, 415);
    EXPECT_THAT(refused.body, HasSubstr("\"code\":\"unsupported_content_encoding\""));
    EXPECT_THAT(refused.body, HasSubstr("\"param\":\"Content-Encoding\""));
    EXPECT_THAT(refused.body, HasSubstr("send it without"));
  }
  EXPECT_EQ(client.get("/hello").body, "hello") << "the connection is as good as before";
  EXPECT_EQ(post("/echo", "hello", "identity").body, "|hello");
  EXPECT_EQ(post("/echo", "").body, "|");
}

TEST_F(HttpCoding, PackedBody_IsBoundedByWhatItUnpacksTo) {
  start({.body_bytes_max = 100'000});
  EXPECT_EQ(post("/unpacked", gzip(std::string(100'000, 'x'))).body.size(), 100'000U);
  EXPECT_EQ(post("/unpacked", gzip(std::string(100'001, 'x'))).status, 413);
  const std::string bomb = gzip(std::string(90'000'000, 'x'));
  ASSERT_LT(bomb.size(), 1'000'000U);
  http_limits wide{.body_bytes_max = 1'000'000};
  server_.reset();
  start(wide);
  loopback_client client{port_};
  const client_response refused = client.post("/unpacked", "Content-Encoding: gzip\r\n", bomb);
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("body_too_large"));
  EXPECT_EQ(client.get("/hello").body, "hello") << "the connection is as good as before";
}

TEST_F(HttpCoding, BodyThatIsNoGzip_IsRefused) {
  start();
  const std::string whole = gzip("hello");
  for (const std::string& body : {std::string("hello"), whole.substr(0, whole.size() - 1), whole + "x"}) {
    for (const char* path : {"/unpacked", "/stream"}) {
      const client_response refused = post(path, body);
      EXPECT_EQ(refused.status, 400) << path;
      EXPECT_THAT(refused.body, HasSubstr("\"code\":\"malformed_gzip\""));
      EXPECT_THAT(refused.body, HasSubstr("Content-Encoding"));
    }
  }
  server_->stop(std::chrono::seconds{1});
  EXPECT_EQ(finished_, 0);
}

TEST_F(HttpCoding, OtherCodings_AreRefusedByName) {
  start();
  for (const char* coding : {"br", "deflate", "gzip, gzip"}) {
    for (const char* path : {"/echo", "/stream"}) {
      const client_response refused = post(path, "hello", coding);
      EXPECT_EQ(refused.status, 415) << path;
      EXPECT_THAT(refused.head, HasSubstr("\r\nAccept-Encoding: gzip\r\n"));
      EXPECT_THAT(refused.body, HasSubstr("\"code\":\"unsupported_content_encoding\""));
      EXPECT_THAT(refused.body, HasSubstr("\"param\":\"Content-Encoding\""));
    }
  }
}

TEST_F(HttpCoding, StreamedBody_IsUnpackedInPieces) {
  start({.body_bytes_max = 1'000});
  std::string text;
  for (int n = 0; text.size() < 3'000'000; ++n) text += std::to_string(n) + std::string(100, 'x') + "\n";
  EXPECT_EQ(post("/stream", gzip(text)).body, std::to_string(text.size()));
  std::string members;
  for (int i = 0; i < 1'000; ++i) members += gzip(std::to_string(i) + "," + std::string(200, 'y'));
  EXPECT_EQ(post("/stream", members).body, std::to_string(1'000 * 201 + 10 + 180 + 2'700));
  EXPECT_EQ(post("/stream", "plain", "identity").body, "5");
  loopback_client twice{port_};
  const std::string header = "Content-Encoding: gzip\r\n";
  EXPECT_EQ(twice.post("/stream", header, gzip("hello")).body, "5");
  EXPECT_EQ(twice.post("/stream", "", "hello, all").body, "10") << "one request's coding is not the next one's";
  server_->stop(std::chrono::seconds{1});
  EXPECT_LE(largest_, 64U * 1024);
}

TEST_F(HttpCoding, StreamedBodyThatIsPackedTooTightly_IsRefused) {
  start({.body_bytes_max = 100'000});
  EXPECT_EQ(post("/stream", gzip(std::string(100'000, 'x'))).body, "100000") << "it could have come in one piece";
  const client_response refused = post("/stream", gzip(std::string(50'000'000, 'x')));
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("\"code\":\"packed_too_tightly\""));
  EXPECT_THAT(refused.body, HasSubstr("send it plain"));
  server_->stop(std::chrono::seconds{1});
  EXPECT_EQ(finished_, 1);
}

TEST_F(HttpCoding, Answer_IsPackedForWhoTakesIt) {
  start();
  const client_response packed = get("/large", "Accept-Encoding: deflate, gzip\r\n");
  EXPECT_THAT(packed.head, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(packed.head, HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_LT(packed.body.size(), 100U);
  EXPECT_EQ(unpacked(packed), large_);
  for (const char* accepted : {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n"}) {
    const client_response plain = get("/large", accepted);
    EXPECT_THAT(plain.head, Not(HasSubstr("Content-Encoding")));
    EXPECT_THAT(plain.head, HasSubstr("\r\nVary: Accept-Encoding\r\n")) << "a cache must not give it to others";
    EXPECT_EQ(plain.body, large_);
  }
}

TEST_F(HttpCoding, AnswerOfTheListenersThread_GoesOutAsItIs) {
  start();
  const client_response plain = get("/at_once", "Accept-Encoding: gzip\r\n");
  EXPECT_THAT(plain.head, Not(HasSubstr("Content-Encoding")));
  EXPECT_EQ(plain.body, large_);
}

TEST_F(HttpCoding, WhatIsSmallOrAProblem_StaysPlain) {
  start();
  EXPECT_EQ(get("/boundary", "Accept-Encoding: gzip\r\n").body.size(), 1'024U);
  const client_response problem = get("/problem", "Accept-Encoding: gzip\r\nX-Request-Id: mine\r\n");
  EXPECT_THAT(problem.head, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(problem.body, HasSubstr("\"request_id\":\"mine\""));
}

}  // namespace
}  // namespace dialer::api
