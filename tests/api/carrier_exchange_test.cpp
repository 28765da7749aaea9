#include "api/carrier_exchange.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <vector>

#include "tests/carriers_http/tls_test_server.hpp"

namespace dialer::api {
namespace {

using dialer::test::server_connection;
using dialer::test::tls_test_server;

TEST(CarrierExchange, AsManyConnectionsAsAskAtOnce_AreMadeOnce) {
  constexpr int threads = 8;
  constexpr int rounds = 3;
  std::barrier together{threads};
  tls_test_server server{[&](server_connection& c) {
    while (!c.read_request().empty()) {
      together.arrive_and_wait();  // none is answered before all have asked
      c.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    }
  }};
  carriers::account account;
  account.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  account.ca_file = tls_test_server::ca_file();
  carrier_exchange exchange{std::chrono::seconds{20}};
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i) {
      all.emplace_back([&] { EXPECT_EQ(exchange.ask(account, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200); });
    }
  }
  EXPECT_EQ(server.connections(), static_cast<std::size_t>(threads));
}

}  // namespace
}  // namespace dialer::api
