// Everything a network and a peer can do wrong, and the exact word for it: not_sent, unknown or answered.
#include "model/random.hpp"
#include "tests/carriers_http/pool_harness.hpp"

namespace dialer::test {
namespace {

using namespace std::chrono_literals;

const std::string plain_answer = answer_with("{\"sid\":\"CA1\"}", "Content-Type: application/json\r\n");
const std::string chunked_answer =
    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"sid\":\r\n6\r\n\"CA1\"}\r\n0\r\n\r\n";

enum class ending { close_notify, fin, rst };

void end(server_connection& c, ending how) {
  if (how == ending::close_notify) c.close();
  if (how == ending::fin) c.cut();
  if (how == ending::rst) c.reset();
}

pool_options one_connection(const tls_test_server& server) {
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 1;
  return options;
}

class HttpsPoolCut : public testing::TestWithParam<ending> {};

TEST_P(HttpsPoolCut, AtEveryByteOfTheAnswer_IsUnknownUntilTheLast) {
  for (const std::string& answer : {plain_answer, chunked_answer}) {
    tls_test_server server{[&](server_connection& c) {
      c.read_request();
      c.write(std::string_view{answer}.substr(0, c.number()));
      end(c, GetParam());
      c.wait_for_peer();
    }};
    pool_harness pool{one_connection(server)};
    for (std::size_t size = 0; size <= answer.size(); ++size) {
      const kept_answer got = pool.exchange(post("x"));
      if (size < answer.size()) {
        EXPECT_EQ(got.how, delivery::unknown) << size;
        EXPECT_EQ(got.status, 0);
        EXPECT_EQ(got.body, "");
        EXPECT_FALSE(got.error.empty());
      } else {
        EXPECT_EQ(got.how, delivery::answered);
        EXPECT_EQ(got.body, "{\"sid\":\"CA1\"}");
      }
      EXPECT_EQ(got.bytes_sent, post("x").size());
    }
    EXPECT_EQ(server.connections(), answer.size() + 1);
  }
}

std::string ending_name(const testing::TestParamInfo<ending>& info) {
  return info.param == ending::rst ? "Rst" : info.param == ending::fin ? "Fin" : "CloseNotify";
}
INSTANTIATE_TEST_SUITE_P(Ending, HttpsPoolCut, testing::Values(ending::close_notify, ending::fin, ending::rst),
                         ending_name);

TEST(HttpsPoolFaults, AnswerInTwoRecordsSplitAnywhere_IsReadWhole) {
  for (const std::string& answer : {plain_answer, chunked_answer, "HTTP/1.1 100 Continue\r\n\r\n" + plain_answer}) {
    tls_test_server server{[&](server_connection& c) {
      for (std::size_t at = 0; !c.read_request().empty(); ++at) {
        c.write(std::string_view{answer}.substr(0, at));
        c.write(std::string_view{answer}.substr(at));
      }
    }};
    pool_harness pool{one_connection(server)};
    for (std::size_t at = 0; at <= answer.size(); ++at) {
      const kept_answer got = pool.exchange(post("x"));
      EXPECT_EQ(got.how, delivery::answered) << at << got.error;
      EXPECT_EQ(got.body, "{\"sid\":\"CA1\"}");
    }
    EXPECT_EQ(server.connections(), 1U);
  }
}

TEST(HttpsPoolFaults, AnswerByteByByte_IsReadWhole) {
  tls_test_server server{[&](server_connection& c) {
    while (!c.read_request().empty()) {
      for (const char byte : chunked_answer) c.write({&byte, 1});
    }
  }};
  pool_harness pool{one_connection(server)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.exchange(post("x")).body, "{\"sid\":\"CA1\"}");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpsPoolFaults, Redirect_IsAnAnswerAndIsNotFollowed) {
  tls_test_server server{[&](server_connection& c) {
    while (!c.read_request().empty()) c.write(answer_with("", "Location: https://other.test/\r\n", "302 Found"));
  }};
  pool_harness pool{one_connection(server)};
  const kept_answer got = pool.exchange(post("x"));
  EXPECT_EQ(got.how, delivery::answered);
  EXPECT_EQ(got.status, 302);
  EXPECT_EQ(pool.source.taken, 1U);
}

TEST(HttpsPoolFaults, UnreadableAnswer_IsUnknownAndTheConnectionIsGone) {
  const std::vector<std::string> answers{
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      "HTTP/1.1 201 Created\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      "HTTP/1.1 201 Created\r\nContent-Length: 300000\r\n\r\n",
      "HTTP/1.1 201 Created\r\nX: " + std::string(20'000, 'h') + "\r\nContent-Length: 0\r\n\r\n",
  };
  tls_test_server server{[&](server_connection& c) {
    c.read_request();
    c.write(answers[c.number()]);
    c.wait_for_peer();
  }};
  pool_harness pool{one_connection(server)};
  for (const std::string& answer : answers) {
    const kept_answer got = pool.exchange(post("x"));
    EXPECT_EQ(got.how, delivery::unknown) << answer;
    EXPECT_EQ(got.status, 0);
    EXPECT_FALSE(got.error.empty());
  }
  EXPECT_EQ(server.connections(), answers.size());
}

TEST(HttpsPoolFaults, BytesBehindTheAnswer_AreNeverTheNextAnswer) {
  for (const bool in_one_record : {true, false}) {
    tls_test_server server{[&](server_connection& c) {
      c.read_request();
      if (in_one_record) {
        c.write(answer_with("mine") + answer_with("nobody's"));
      } else {
        c.write_together(answer_with("mine"), answer_with("nobody's"));
      }
      EXPECT_EQ(c.read_request(), "") << "written to a connection with an answer too many";
    }};
    pool_harness pool{one_connection(server)};
    // All are waiting, so the next is ready to be written the moment an answer is complete.
    for (int i = 0; i < 20; ++i) pool.source.to_send.push_back(post("x"));
    pool.pool->wake();
    pool.run_until([&] { return pool.source.answers.size() == 20; });
    for (const auto& [tag, got] : pool.source.answers) EXPECT_EQ(got.body, "mine");
    EXPECT_EQ(server.connections(), 20U);
  }
}

TEST(HttpsPoolFaults, Silence_IsUnknownAfterTheTimeout) {
  tls_test_server server{[](server_connection& c) { c.wait_for_peer(); }};
  pool_options options = one_connection(server);
  options.request_timeout = 60ms;
  pool_harness pool{options};
  const auto start = std::chrono::steady_clock::now();
  const kept_answer got = pool.exchange(post("x"));
  EXPECT_EQ(got.how, delivery::unknown);
  EXPECT_EQ(got.error, "no complete answer in time");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 60ms);
  EXPECT_EQ(pool.pool->stats().unknown, 1U);
}

TEST(HttpsPoolFaults, RequestThatDoesNotFitIntoTheKernel_IsNotSentAfterTheTimeout) {
  server_options small;
  small.receive_buffer = 4096;
  tls_test_server server{[](server_connection& c) {
                           if (c.number() == 0) {
                             c.wait_for_peer_without_reading();
                           } else {
                             c.read_request();
                             c.write(plain_answer);
                           }
                         },
                         small};
  pool_options options = one_connection(server);
  options.request_timeout = 200ms;
  pool_harness pool{options};
  const std::string request = post(std::string(64'000'000, 'x'));
  const kept_answer got = pool.exchange(request);
  EXPECT_EQ(got.how, delivery::not_sent);
  EXPECT_EQ(got.error, "the request could not be sent in time");
  EXPECT_LT(got.bytes_sent, request.size());
  EXPECT_GT(got.bytes_sent, 0U);
  EXPECT_EQ(pool.pool->stats().not_sent, 1U);
  EXPECT_EQ(pool.exchange(post("x")).how, delivery::answered);
}

TEST(HttpsPoolFaults, PeerGoneWhileTheRequestIsBeingSent_IsNotSent) {
  server_options small;
  small.receive_buffer = 4096;
  for (const ending how : {ending::close_notify, ending::fin, ending::rst}) {
    tls_test_server server{[how](server_connection& c) { end(c, how); }, small};
    pool_harness pool{one_connection(server)};
    const kept_answer got = pool.exchange(post(std::string(64'000'000, 'x')));
    EXPECT_EQ(got.how, delivery::not_sent) << got.error;
  }
}

TEST(HttpsPoolFaults, AnswerBeforeTheRequestIsOut_IsTheAnswer) {
  server_options small;
  small.receive_buffer = 4096;
  tls_test_server server{[](server_connection& c) {
                           c.write(answer_with("too large", "", "413 Content Too Large"));
                           c.wait_for_peer_without_reading();
                         },
                         small};
  pool_options options = one_connection(server);
  pool_harness pool{options};
  // The server speaks unasked, so the pool may also see it before it sends, and then takes nothing.
  std::string request = post(std::string(64'000'000, 'x'));
  pool.send(request);
  pool.run_until([&] { return !pool.source.answers.empty() || pool.pool->stats().stale_closed > 3; });
  for (const auto& [tag, got] : pool.source.answers) {
    EXPECT_EQ(got.how, delivery::answered);
    EXPECT_EQ(got.status, 413);
    EXPECT_LT(got.bytes_sent, request.size());
  }
  EXPECT_EQ(pool.pool->stats().connections_idle, 0U);
}

TEST(HttpsPoolFaults, EmptyRequest_IsNotSent) {
  tls_test_server server{[](server_connection& c) { c.wait_for_peer(); }};
  pool_harness pool{one_connection(server)};
  EXPECT_EQ(pool.exchange("").how, delivery::not_sent);
}

TEST(HttpsPoolFaults, IdleConnectionClosedByThePeer_IsNotUsed) {
  for (const ending how : {ending::close_notify, ending::fin, ending::rst}) {
    tls_test_server server{[how](server_connection& c) {
      c.read_request();
      c.write(plain_answer);
      end(c, how);
      c.wait_for_peer();
    }};
    pool_harness pool{one_connection(server)};
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(pool.exchange(post("x")).how, delivery::answered);
      pool.run_until([&] { return pool.pool->stats().connections_open == 0; });
    }
    EXPECT_EQ(pool.pool->stats().requests, 20U);
    EXPECT_EQ(pool.pool->stats().unknown, 0U);
  }
}

TEST(HttpsPoolFaults, CloseSeenOnlyWhenARequestComes_TakesAnotherConnection) {
  std::atomic<bool> may_close{false}, closed{false};
  tls_test_server server{[&](server_connection& c) {
    if (c.number() == 0) {
      may_close.wait(false);
      c.close();
      closed = true;
      closed.notify_one();
    }
    while (!c.read_request().empty()) c.write(plain_answer);
  }};
  pool_harness pool{one_connection(server)};
  pool.pool->warm(1);
  pool.run_until([&] { return pool.pool->stats().connections_idle == 1; });
  // The close arrives while the io_context does not run: the wake-up and the event are waiting side by side.
  may_close = true;
  may_close.notify_one();
  closed.wait(false);
  EXPECT_EQ(pool.exchange(post("x")).how, delivery::answered);
  EXPECT_EQ(pool.pool->stats().requests, 1U);
  EXPECT_EQ(pool.pool->stats().unknown, 0U);
}

TEST(HttpsPoolFaults, UnsolicitedBytesOnAnIdleConnection_CloseIt) {
  tls_test_server server{[](server_connection& c) {
    c.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    c.wait_for_peer();
  }};
  pool_harness pool{one_connection(server)};
  pool.pool->warm(1);
  pool.run_until([&] { return pool.pool->stats().stale_closed == 1; });
  EXPECT_EQ(pool.source.taken, 0U);
}

TEST(HttpsPoolFaults, PeerThatHangsUpAfterEveryHandshake_IsNotStormed) {
  tls_test_server server{[](server_connection& c) { c.close(); }};
  pool_harness pool{one_connection(server)};
  pool.source.to_send.push_back(post("x"));
  const auto start = std::chrono::steady_clock::now();
  bool over = false;
  // Some requests may be written before the close is seen; keep wanting.
  pool.run_until([&] {
    if (pool.source.to_send.empty()) pool.source.to_send.push_back(post("x"));
    pool.pool->wake();
    over = std::chrono::steady_clock::now() - start > 300ms;
    return over;
  });
  EXPECT_LE(server.connections(), 10U);
}

struct refused_server {
  const char* name;
  server_options options;
  const char* error;
};

class HttpsPoolRefuses : public testing::TestWithParam<refused_server> {};

TEST_P(HttpsPoolRefuses, Server_AndTakesNothing) {
  tls_test_server server{[](server_connection& c) { EXPECT_EQ(c.read_request(), ""); }, GetParam().options};
  pool_options options = one_connection(server);
  if (GetParam().options.accept_tcp_only) options.connect_timeout = 60ms;
  pool_harness pool{options};
  pool.send(post("x"));
  pool.run_until([&] { return pool.source.connect_errors.size() == 2; });  // it keeps trying
  ASSERT_FALSE(pool.source.connect_errors.empty());
  EXPECT_NE(pool.source.connect_errors[0].find(GetParam().error), std::string::npos) << pool.source.connect_errors[0];
  EXPECT_EQ(pool.source.taken, 0U);
  EXPECT_EQ(pool.pool->stats().connect_failures, 2U);
  EXPECT_EQ(pool.pool->stats().handshakes_full, 0U);
}

const refused_server refused_servers[] = {
    {"WrongHost", {.certificate = flaw::wrong_host}, "hostname mismatch"},
    {"Expired", {.certificate = flaw::expired}, "certificate has expired"},
    {"UnknownAuthority", {.certificate = flaw::unknown_authority}, "certificate refused"},
    {"Tls11", {.tls_version_max = 0x0302}, "protocol version"},
    {"Deaf", {.accept_tcp_only = true}, "TLS handshake timed out"},
};
std::string refused_name(const testing::TestParamInfo<refused_server>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Server, HttpsPoolRefuses, testing::ValuesIn(refused_servers), refused_name);

TEST(HttpsPoolFaults, NobodyListening_IsAConnectFailureAndRecovers) {
  std::uint16_t port = 0;
  {
    tls_test_server gone{[](server_connection&) {}};
    port = gone.port();
  }
  tls_test_server server{[](server_connection&) {}};
  pool_options options = one_connection(server);
  options.port = port;
  pool_harness pool{options};
  pool.send(post("x"));
  pool.run_until([&] { return pool.source.connect_errors.size() == 2; });
  ASSERT_FALSE(pool.source.connect_errors.empty());
  EXPECT_EQ(pool.source.connect_errors[0], "connect: Connection refused");
  EXPECT_EQ(pool.source.taken, 0U);
}

TEST(HttpsPoolFaults, NameThatDoesNotResolve_IsAConnectFailure) {
  tls_test_server server{[](server_connection&) {}};
  pool_options options = one_connection(server);
  options.connect_address = "no-such-host.invalid";
  pool_harness pool{options};
  pool.send(post("x"));
  pool.run_until([&] { return !pool.source.connect_errors.empty(); });
  ASSERT_FALSE(pool.source.connect_errors.empty());
  EXPECT_NE(pool.source.connect_errors[0].find("resolving no-such-host.invalid"), std::string::npos)
      << pool.source.connect_errors[0];
  EXPECT_EQ(pool.source.taken, 0U);
}

TEST(HttpsPoolFaults, RandomFaults_EveryRequestEndsExactlyOnceAndTruthfully) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    std::mutex mutex;
    std::map<std::string, int> seen;  // body: how often the server read it
    tls_test_server server{[&](server_connection& c) {
      random_source random{seed * 1'000'003 + c.number()};
      for (;;) {
        if (random.chance(0.05)) return end(c, ending::fin);
        const std::string request = c.read_request();
        if (request.empty()) return;
        const std::string body = request.substr(request.find("\r\n\r\n") + 4);
        {
          const std::lock_guard lock{mutex};
          ++seen[body];
        }
        const std::string answer = answer_with(body);
        switch (random.below(12)) {
          case 0: return end(c, ending::rst);
          case 1:
            c.write(std::string_view{answer}.substr(0, random.below(answer.size())));
            return end(c, random.chance(0.5) ? ending::fin : ending::close_notify);
          case 2: c.write("HTTP/1.1 garbage\r\n\r\n"); return c.wait_for_peer();
          case 3: c.write(answer); return end(c, ending::fin);
          case 4: return c.wait_for_peer();  // silence
          case 5:
            for (const char byte : answer) c.write({&byte, 1});
            break;
          default: c.write(answer); break;
        }
      }
    }};
    pool_options options = pool_harness::options_for(server);
    options.connections_max = 8;
    options.request_timeout = 100ms;
    options.idle_retire = 50ms;
    pool_harness pool{options};
    constexpr int total = 400;
    for (int i = 0; i < total; ++i) pool.source.to_send.push_back(post("request " + std::to_string(i)));
    pool.pool->wake();
    pool.run_until([&] { return pool.source.answers.size() == total; });
    pool.stop();

    const std::lock_guard lock{mutex};
    int answered = 0;
    for (const auto& [tag, got] : pool.source.answers) {
      const std::string body = "request " + std::to_string(tag - 1);
      const int times = seen.contains(body) ? seen.at(body) : 0;
      EXPECT_LE(times, 1) << "repeated by the pool: " << body;
      if (got.how == delivery::answered) {
        ++answered;
        EXPECT_EQ(times, 1);
        EXPECT_EQ(got.body, body);
      }
      if (got.how == delivery::not_sent) {
        EXPECT_EQ(times, 0) << body;
      }
    }
    EXPECT_GT(answered, total / 2);
    EXPECT_EQ(pool.source.taken, static_cast<std::uint64_t>(total)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace dialer::test
