// Answers that go on: who reads them, who does not, and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "api/event_stream.hpp"
#include "tests/api/http_house.hpp"
#include "tests/api/manual_clock.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr int small_buffer = 4096;

/// Has a numbered piece whenever it is asked.
class endless final : public answer_stream {
 public:
  endless(std::size_t bytes, std::shared_ptr<std::atomic<int>> asked) : bytes_{bytes}, asked_{std::move(asked)} {}
  std::optional<std::string> next() override {
    std::string piece = std::to_string(++*asked_) + ";";
    piece.resize(bytes_, '.');
    return piece;
  }

 private:
  const std::size_t bytes_;
  const std::shared_ptr<std::atomic<int>> asked_;
};

class HttpAnswerStream : public http_house {
 protected:
  /// GET /board follows the board, GET /endless is a piece of 16 KiB after the other.
  void serve_streams(http_limits limits = {}) {
    key_.id = api_key_id{id128{3, 4}};
    key_.pepper = mark_of(key_pepper{});
    ring_.replace({}, {key_});
    ring_.confirm(time_.now().steady);
    start(limits, {{"GET", "/board",
                    [this](const http_request& request, const respond_function& respond) {
                      http_response response;
                      response.content_type = "text/event-stream";
                      response.stream = std::make_shared<event_stream>(board_, caller{{}, key_.id, {}, 1},
                                                                       request.header("Last-Event-ID"), ring_, time_);
                      respond(std::move(response));
                    }},
                   {"GET", "/endless", [this](const http_request&, const respond_function& respond) {
                      http_response response;
                      response.stream = std::make_shared<endless>(16 * 1024, asked_);
                      respond(std::move(response));
                    }}});
  }
  /// Until `done`, for at most 10 s.
  template <class Condition>
  static bool becomes(Condition done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return done();
  }
  static void ask(loopback_client& client, const std::string& target, const std::string& headers = "") {
    client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
  }

  test::manual_clock time_;
  key_ring ring_{key_pepper{}, time_};
  sql::api_key_record key_;
  std::shared_ptr<organisation_board> board_ = std::make_shared<organisation_board>(1);
  std::shared_ptr<std::atomic<int>> asked_ = std::make_shared<std::atomic<int>>(0);
};

TEST_F(HttpAnswerStream, Events_ComeAsTheyHappenAndResumeWhereTheyBrokeOff) {
  serve_streams();
  board_->replace({{"campaign", "a", {}, "1"}});
  {
    loopback_client client{port_};
    ask(client, "/board", "Accept-Encoding: gzip\r\n");
    const std::string head = client.receive_until("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("200 OK"));
    EXPECT_THAT(head, Not(HasSubstr("Encoding"))) << "events are never packed";
    EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(head, HasSubstr("X-Request-Id: req_"));
    EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
    EXPECT_EQ(client.receive_until("data: 1\n\n"), "retry: 2000\n\nid: 1-1\nevent: campaign\ndata: 1\n\n");
    board_->replace({{"campaign", "a", {}, "2"}});
    EXPECT_EQ(client.receive_until("data: 2\n\n"), "id: 1-2\nevent: campaign\ndata: 2\n\n");
    EXPECT_EQ(server_->stats().streams, 1U);
  }
  EXPECT_TRUE(becomes([&] { return server_->stats().streams == 0 && board_->readers == 0; })) << "a client that left";
  board_->replace({{"campaign", "a", {}, "2"}, {"campaign", "b", {}, "3"}});
  loopback_client again{port_};
  ask(again, "/board", "Last-Event-ID: 1-2\r\n");
  (void)again.receive_until("\r\n\r\n");
  EXPECT_EQ(again.receive_until("data: 3\n\n"), "retry: 2000\n\nid: 1-3\nevent: campaign\ndata: 3\n\n");
}

TEST_F(HttpAnswerStream, OneThatNeverReads_IsAskedNothingMoreOnceItsSocketIsFull) {
  serve_streams();
  loopback_client stuck{port_, small_buffer};
  ask(stuck, "/endless");
  ASSERT_TRUE(becomes([&] { return asked_->load() > 0; }));
  loopback_client follower{port_};
  ask(follower, "/board");
  (void)follower.receive_until("retry");
  // A turn of the follower's is a turn of everybody's.
  int asked_before = -1;
  for (int turn = 0; turn < 20 && asked_before != asked_->load(); ++turn) {
    asked_before = asked_->load();
    board_->replace({{"campaign", "a", {}, std::to_string(turn)}});
    (void)follower.receive_until("data: " + std::to_string(turn) + "\n");
  }
  EXPECT_EQ(asked_->load(), asked_before);
  EXPECT_LT(asked_before, 64) << "a mebibyte is more than its sockets hold";
  EXPECT_TRUE(becomes([&] { return server_->stats().stream_bytes == 16U * 1024; }))
      << "the piece that does not go through, and nothing else";
}

TEST_F(HttpAnswerStream, OneThatStopsReadingOverAHundredThousandChanges_CostsOnePieceAndGetsTheLatest) {
  serve_streams();
  constexpr std::size_t things = 250;
  std::vector<board_fact> facts;
  for (std::size_t i = 0; i < things; ++i) facts.push_back({"campaign", std::to_string(i), {}, ""});
  const auto change = [&](int round) {
    for (board_fact& each : facts) each.data = std::to_string(round) + ";" + std::string(4'000, '.');
    board_->replace(facts);
  };
  change(0);
  loopback_client slow{port_, small_buffer};
  ask(slow, "/board");
  ASSERT_TRUE(becomes([&] { return server_->stats().stream_bytes != 0; })) << "a megabyte does not fit its sockets";
  std::uint64_t held_max = 0;
  for (int round = 1; round <= 400; ++round) {
    change(round);
    held_max = std::max(held_max, server_->stats().stream_bytes);
  }
  EXPECT_EQ(board_->version(), 401 * things);
  EXPECT_LE(held_max, event_stream::piece_bytes);

  std::string all;
  while (all.find("id: 1-" + std::to_string(401 * things) + "\n") == std::string::npos) {
    const std::string more = slow.receive_until("\n\n");
    ASSERT_FALSE(more.empty()) << "it ended before the latest came";
    all += more;
  }
  EXPECT_LT(all.size(), 3U * things * 4'100) << "not the 400 MB that the changes were";
  std::size_t latest = 0;
  for (auto at = all.find("data: 400;"); at != std::string::npos; at = all.find("data: 400;", at + 1)) ++latest;
  EXPECT_EQ(latest, things);
}

TEST_F(HttpAnswerStream, PieceThatDoesNotGoThrough_EndsTheConnection) {
  serve_streams({.stream_write_within = 100ms});
  loopback_client stuck{port_, small_buffer};
  ask(stuck, "/endless");
  ASSERT_TRUE(becomes([&] { return asked_->load() > 0; }));
  EXPECT_TRUE(becomes([&] { return server_->stats().streams == 0 && server_->stats().stream_bytes == 0; }));
}

TEST_F(HttpAnswerStream, RevokedKey_EndsTheConnection) {
  serve_streams();
  loopback_client client{port_};
  ask(client, "/board");
  (void)client.receive_until("retry: 2000\n\n");
  ring_.replace({}, {});
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(HttpAnswerStream, MoreThanTheLimit_AreRefusedAndTheRestGoesOn) {
  serve_streams({.streams_max = 2});
  loopback_client one{port_}, two{port_}, three{port_};
  for (loopback_client* each : {&one, &two}) {
    ask(*each, "/board");
    EXPECT_THAT(each->receive_until("retry"), HasSubstr("200 OK"));
  }
  const client_response refused = three.get("/board");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After: 10\r\n"));
  EXPECT_THAT(refused.body, HasSubstr("--event-streams"));
  EXPECT_EQ(three.get("/hello").status, 200) << "on the same connection";
  EXPECT_EQ(board_->readers, 2U);
}

TEST_F(HttpAnswerStream, Stop_EndsStreamsAtOnce) {
  serve_streams();
  loopback_client client{port_}, stuck{port_, small_buffer};
  ask(client, "/board");
  ask(stuck, "/endless");
  (void)client.receive_until("retry: 2000\n\n");
  ASSERT_TRUE(becomes([&] { return server_->stats().stream_bytes != 0; }));
  server_->stop(1h);
  EXPECT_TRUE(client.closed_by_peer());
}

/// Sockets without a client around them: there are many.
class idle_clients {
 public:
  idle_clients(std::uint16_t port, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      sockets_.emplace_back(io_);
      sockets_.back().connect({boost::asio::ip::address_v4::loopback(), port});
      boost::asio::write(sockets_.back(), boost::asio::buffer(std::string("GET /board HTTP/1.1\r\nHost: x\r\n\r\n")));
    }
  }
  /// How many have been sent `marker`; blocks until each has or has ended.
  std::size_t told(std::string_view marker) {
    std::size_t all = 0;
    for (auto& each : sockets_) {
      std::string text;
      boost::system::error_code error;
      boost::asio::read_until(each, boost::asio::dynamic_buffer(text), marker, error);
      if (!error) ++all;
    }
    return all;
  }

 private:
  boost::asio::io_context io_;
  std::vector<boost::asio::ip::tcp::socket> sockets_;
};

TEST_F(HttpAnswerStream, FiveThousandClients_AreToldAndHoldUpNobody) {
  constexpr std::size_t clients = 5'000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < 2 * clients + 100) GTEST_SKIP() << "needs 10,100 open files: ulimit -Hn";
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  serve_streams({.connections_max = clients + 100, .streams_max = clients});
  idle_clients all{port_, clients};
  EXPECT_EQ(all.told("retry: 2000\n\n"), clients);
  EXPECT_EQ(server_->stats().streams, clients);
  EXPECT_TRUE(becomes([&] { return server_->stats().stream_bytes == 0; }));
  loopback_client other{port_};
  EXPECT_EQ(other.get("/hello").status, 200);
  board_->replace({{"campaign", "a", {}, "1"}});
  EXPECT_EQ(all.told("data: 1\n\n"), clients);
  EXPECT_EQ(other.get("/hello").status, 200);
}

}  // namespace
}  // namespace dialer::api
