// What the pool does when nothing goes wrong: reuse, bounds, resumption, idle connections, stop.
#include <stdexcept>
#include <thread>

#include "tests/carriers_http/pool_harness.hpp"

namespace dialer::test {
namespace {

using namespace std::chrono_literals;

/// Answers every request with its own body.
void echo(server_connection& c) {
  for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
    EXPECT_EQ(c.read_ahead(), 0U) << "a pipelined request";
    c.write(answer_with(request.substr(request.find("\r\n\r\n") + 4)));
  }
}

TEST(HttpsPool, Post_IsAnsweredWithBodyAndFields) {
  tls_test_server server{[](server_connection& c) {
    EXPECT_EQ(c.read_request(), post("To=%2B12125550123"));
    c.write(answer_with("{\"sid\":\"CA1\"}",
                        "Content-Type: application/json\r\nRetry-After: 5\r\nx-ratelimit-reset: 9\r\nDate: now\r\n"));
    c.wait_for_peer();
  }};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 1;
  pool_harness pool{options};
  const kept_answer got = pool.exchange(post("To=%2B12125550123"));
  EXPECT_EQ(got.how, delivery::answered);
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, "{\"sid\":\"CA1\"}");
  EXPECT_EQ(got.content_type, "application/json");
  EXPECT_EQ(got.retry_after, "5");
  EXPECT_EQ(got.rate_limit_reset, "9");
  EXPECT_EQ(got.date, "now");
  EXPECT_EQ(got.bytes_sent, post("To=%2B12125550123").size());
}

TEST(HttpsPool, NumericHost_IsVerifiedAgainstTheAddressInTheCertificate) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.host = "127.0.0.1";
  options.connect_address.clear();
  pool_harness pool{options};
  EXPECT_EQ(pool.exchange(post("x")).how, delivery::answered);
}

TEST(HttpsPool, Name_IsResolved) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.connect_address = "localhost";  // may also be ::1, where nobody listens
  pool_harness pool{options};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.exchange(post("x")).how, delivery::answered);
}

TEST(HttpsPool, ManyRequests_UseTheSameConnectionsWithoutPipelining) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 3;
  pool_harness pool{options};
  pool.pool->warm(3);  // or a quick server would have answered all before the third was open
  pool.run_until([&] { return pool.pool->stats().connections_idle == 3; });
  for (int i = 0; i < 300; ++i) pool.source.to_send.push_back(post(std::to_string(i)));
  pool.pool->wake();
  pool.run_until([&] {
    EXPECT_LE(pool.pool->stats().connections_open, 3U);
    return pool.source.answers.size() == 300;
  });
  for (int i = 0; i < 300; ++i) {
    const kept_answer& got = pool.source.answers.at(static_cast<std::uint64_t>(i) + 1);
    EXPECT_EQ(got.how, delivery::answered);
    EXPECT_EQ(got.body, std::to_string(i));
  }
  EXPECT_EQ(server.connections(), 3U);
  EXPECT_EQ(server.connections_at_once_max(), 3U);
  EXPECT_EQ(pool.source.in_flight_max, 3U);
  const auto& stats = pool.pool->stats();
  EXPECT_EQ(stats.requests, 300U);
  EXPECT_EQ(stats.answers, 300U);
  EXPECT_EQ(stats.unknown + stats.not_sent + stats.stale_closed + stats.connect_failures, 0U);
}

TEST(HttpsPool, Warm_OpensConnectionsBeforeTheFirstRequest) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 5;
  pool_harness pool{options};
  pool.pool->warm(3);
  pool.run_until([&] { return pool.pool->stats().connections_idle == 3; });
  EXPECT_EQ(pool.source.taken, 0U);
  pool.pool->warm(99);
  pool.run_until([&] { return pool.pool->stats().connections_idle == 5; });
  EXPECT_EQ(server.connections(), 5U);
  EXPECT_EQ(pool.exchange(post("x")).how, delivery::answered);
  EXPECT_EQ(server.connections(), 5U);
}

TEST(HttpsPool, NothingToSend_OpensNothing) {
  tls_test_server server{echo};
  pool_harness pool{pool_harness::options_for(server)};
  pool.pool->wake();
  pool.io.run_one_for(1s);  // the wake-up itself
  EXPECT_EQ(pool.io.poll(), 0U);
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_EQ(pool.source.asked, 0U);
}

TEST(HttpsPool, WakeFromAnotherThread_IsHeard) {
  tls_test_server server{echo};
  pool_harness pool{pool_harness::options_for(server)};
  pool.exchange(post("first"));
  pool.source.to_send.push_back(post("second"));
  std::thread other{[&] {
    for (int i = 0; i < 1000; ++i) pool.pool->wake();
  }};
  pool.run_until([&] { return pool.source.answers.size() == 2; });
  other.join();
  EXPECT_EQ(pool.source.answers.at(2).body, "second");
}

TEST(HttpsPool, LargeRequestAndAnswer_ArriveWhole) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.answer_bytes_max = 3'000'000;
  pool_harness pool{options};
  std::string body(3'000'000, 'b');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  const kept_answer got = pool.exchange(post(body));
  EXPECT_EQ(got.how, delivery::answered) << got.error;
  EXPECT_EQ(got.body, body);
  EXPECT_EQ(got.bytes_sent, post(body).size());
  EXPECT_EQ(pool.exchange(post("small")).body, "small");
}

TEST(HttpsPool, AnswerAtTheLimit_IsReadAndOneByteMoreIsUnknown) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.answer_bytes_max = 50'000;
  pool_harness pool{options};
  EXPECT_EQ(pool.exchange(post(std::string(50'000, 'x'))).how, delivery::answered);
  const kept_answer got = pool.exchange(post(std::string(50'001, 'x')));
  EXPECT_EQ(got.how, delivery::unknown);
  EXPECT_NE(got.error.find("longer than allowed"), std::string::npos);
}

TEST(HttpsPool, Reconnect_ResumesTheSession) {
  std::atomic<int> resumed{0};
  tls_test_server server{[&](server_connection& c) {
    resumed += c.resumed() ? 1 : 0;
    c.read_request();
    c.write(answer_with("x", "Connection: close\r\n"));
    c.close();
  }};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 1;
  pool_harness pool{options};
  for (int i = 0; i < 5; ++i) ASSERT_EQ(pool.exchange(post("x")).how, delivery::answered);
  EXPECT_EQ(pool.pool->stats().handshakes_full, 1U);
  EXPECT_EQ(pool.pool->stats().handshakes_resumed, 4U);
  EXPECT_EQ(resumed, 4);
  EXPECT_EQ(server.connections(), 5U);
}

TEST(HttpsPool, ReconnectAfterACut_StillResumesTheSession) {
  tls_test_server server{[](server_connection& c) {
    c.read_request();
    c.write("HTTP/1.1 201 Cre");
    c.cut();
    c.wait_for_peer();
  }};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 1;
  pool_harness pool{options};
  for (int i = 0; i < 5; ++i) ASSERT_EQ(pool.exchange(post("x")).how, delivery::unknown);
  EXPECT_EQ(pool.pool->stats().handshakes_full, 1U);
  EXPECT_EQ(pool.pool->stats().handshakes_resumed, 4U);
}

TEST(HttpsPool, Tls12_WorksAndResumes) {
  server_options server_side;
  server_side.tls_version_max = 0x0303;
  tls_test_server server{[&](server_connection& c) {
                           c.read_request();
                           c.write(answer_with("x", "Connection: close\r\n"));
                           c.close();
                         },
                         server_side};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 1;
  pool_harness pool{options};
  for (int i = 0; i < 2; ++i) ASSERT_EQ(pool.exchange(post("x")).how, delivery::answered);
  EXPECT_EQ(pool.pool->stats().handshakes_resumed, 1U);
}

TEST(HttpsPool, IdleConnection_IsRetiredEvenIfLookedAtAllTheTime) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 1;
  options.idle_retire = 40ms;
  pool_harness pool{options};
  pool.exchange(post("x"));
  EXPECT_EQ(pool.pool->stats().connections_idle, 1U);
  pool.run_until([&] {
    pool.pool->wake();  // asks the source, which has nothing
    return pool.pool->stats().connections_open == 0;
  });
  EXPECT_EQ(pool.pool->stats().stale_closed, 0U);
  EXPECT_EQ(pool.exchange(post("y")).body, "y");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpsPool, HandshakeBudget_IsKept) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 8;
  options.handshakes_per_second = 40;  // a burst of 4, then one every 25 ms
  pool_harness pool{options};
  const auto start = std::chrono::steady_clock::now();
  pool.pool->warm(8);
  pool.run_until([&] { return pool.pool->stats().connections_idle == 8; });
  EXPECT_GE(std::chrono::steady_clock::now() - start, 95ms);
}

TEST(HttpsPool, Stop_LetsTheRequestInFlightEndAndTakesNoMore) {
  tls_test_server server{echo};
  pool_options options = pool_harness::options_for(server);
  options.connections_max = 2;
  pool_harness pool{options};
  bool stopped = false;
  for (int i = 0; i < 10; ++i) pool.source.to_send.push_back(post("x"));
  pool.pool->wake();
  pool.run_until([&] { return pool.source.taken >= 1; });
  const std::uint64_t taken = pool.source.taken;
  pool.pool->stop([&] {
    EXPECT_FALSE(stopped);
    stopped = true;
    EXPECT_EQ(pool.source.answers.size(), taken);
    pool.pool.reset();  // the handler may destroy the pool
  });
  EXPECT_FALSE(stopped) << "never called from inside stop()";
  pool.run_until([&] { return stopped; });
  EXPECT_EQ(pool.source.taken, taken);
  for (const auto& [tag, got] : pool.source.answers) EXPECT_EQ(got.how, delivery::answered);
  pool.io.run_for(5s);
  EXPECT_TRUE(pool.io.stopped()) << "nothing keeps the io_context busy after stop";
}

TEST(HttpsPool, StopFromInsideAnAnswer_StopsOnce) {
  tls_test_server server{echo};
  pool_harness pool{pool_harness::options_for(server)};
  int stopped = 0;
  pool.source.after_answer = [&] {
    if (pool.source.answers.size() == 2) pool.pool->stop([&] { ++stopped; });
  };
  for (int i = 0; i < 50; ++i) pool.source.to_send.push_back(post("x"));
  pool.pool->wake();
  pool.run_until([&] { return stopped != 0; });
  EXPECT_EQ(stopped, 1);
  EXPECT_EQ(pool.source.answers.size(), pool.source.taken);
  EXPECT_LE(pool.source.taken, 2U + 3U);
  pool.pool.reset();
}

TEST(HttpsPool, StopWithASilentPeer_EndsWithTheDeadline) {
  tls_test_server server{[](server_connection& c) { c.wait_for_peer(); }};
  pool_options options = pool_harness::options_for(server);
  options.request_timeout = 50ms;
  pool_harness pool{options};
  pool.send(post("x"));
  pool.run_until([&] { return pool.source.taken == 1; });
  pool.stop();
  EXPECT_EQ(pool.source.answers.at(1).how, delivery::unknown);
}

TEST(HttpsPool, StopWhileConnecting_EndsAtOnce) {
  server_options deaf;
  deaf.accept_tcp_only = true;
  tls_test_server server{echo, deaf};
  pool_harness pool{pool_harness::options_for(server)};
  pool.send(post("x"));
  pool.run_until([&] { return server.connections() != 0; });
  pool.stop();
  EXPECT_EQ(pool.source.taken, 0U);
  EXPECT_TRUE(pool.source.connect_errors.empty());
}

TEST(HttpsPool, DestroyedWithoutStop_CallsNobody) {
  tls_test_server server{[](server_connection& c) { c.wait_for_peer(); }};
  pool_harness pool{pool_harness::options_for(server)};
  pool.send(post("x"));
  pool.run_until([&] { return pool.source.taken == 1; });
  pool.pool.reset();
  pool.io.run_for(5s);
  EXPECT_TRUE(pool.io.stopped());
  EXPECT_TRUE(pool.source.answers.empty());
}

TEST(HttpsPool, UnusableOptions_AreRefusedByName) {
  tls_test_server server{echo};
  const auto refused_because_of = [&](const char* name, auto change) {
    pool_options options = pool_harness::options_for(server);
    change(options);
    boost::asio::io_context io;
    kept_source source;
    try {
      https_pool pool{io, options, source};
      ADD_FAILURE() << name << " was accepted";
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string_view{error.what()}.find(name), std::string_view::npos) << error.what();
    }
  };
  refused_because_of("host", [](pool_options& o) { o.host.clear(); });
  refused_because_of("host", [](pool_options& o) { o.host.assign(254, 'h'); });
  refused_because_of("connections_max", [](pool_options& o) { o.connections_max = 0; });
  refused_because_of("handshakes_per_second", [](pool_options& o) { o.handshakes_per_second = 0; });
  refused_because_of("connect_timeout", [](pool_options& o) { o.connect_timeout = 0ms; });
  refused_because_of("request_timeout", [](pool_options& o) { o.request_timeout = 0ms; });
  refused_because_of("idle_retire", [](pool_options& o) { o.idle_retire = 0ms; });
  refused_because_of("/nowhere/ca.pem", [](pool_options& o) { o.ca_file = "/nowhere/ca.pem"; });
}

}  // namespace
}  // namespace dialer::test
