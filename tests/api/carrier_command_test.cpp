#include "api/carrier_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <stdexcept>
#include <string>

#include "tests/carriers_http/tls_test_server.hpp"

namespace dialer::api {
namespace {

using carriers::command_result;
using dialer::test::server_connection;
using dialer::test::tls_test_server;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

carriers::account telnyx_at(const tls_test_server& server) {
  carriers::account account{.kind = carriers::carrier_kind::telnyx};
  account.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  account.ca_file = tls_test_server::ca_file();
  account.secret = "KEY";
  return account;
}

std::string http_answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

const carriers::telnyx_command reject{"v3:leg", "reject", R"({"cause":"USER_BUSY"})"};

TEST(CommandOver, Command_IsSentOnceAndItsAnswerRead) {
  carrier_exchange exchange{std::chrono::seconds{5}};
  std::mutex mutex;
  std::string request;
  tls_test_server server{[&](server_connection& c) {
    {
      const std::lock_guard lock{mutex};
      request = c.read_request();
    }
    c.write(http_answer("200 OK", R"({"data":{"result":"ok"}})"));
    c.wait_for_peer();
  }};
  EXPECT_EQ(command_over(exchange, telnyx_at(server), reject).result, command_result::done);
  const std::lock_guard lock{mutex};
  EXPECT_THAT(request, StartsWith("POST /v2/calls/v3%3Aleg/actions/reject HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer KEY\r\n"));
  EXPECT_THAT(request, EndsWith(R"({"cause":"USER_BUSY"})"));
}

TEST(CommandOver, RefusalAndLostAnswer_AreToldApart) {
  carrier_exchange exchange{std::chrono::seconds{5}};
  tls_test_server refuses{[](server_connection& c) {
    c.read_request();
    c.write(http_answer("422 Unprocessable", R"({"errors":[{"code":"90018","title":"Call has already ended"}]})"));
    c.wait_for_peer();
  }};
  const carriers::command_answer over = command_over(exchange, telnyx_at(refuses), reject);
  EXPECT_EQ(over.result, command_result::call_over);
  EXPECT_THAT(over.why, HasSubstr("already ended"));
  tls_test_server cuts{[](server_connection& c) {
    c.read_request();
    c.reset();
  }};
  EXPECT_EQ(command_over(exchange, telnyx_at(cuts), reject).result, command_result::again);
}

TEST(CommandOver, AccountThatCantBeUsed_Throws) {
  carrier_exchange exchange{std::chrono::seconds{5}};
  tls_test_server server{[](server_connection&) { FAIL() << "asked"; }};
  carriers::account account = telnyx_at(server);
  account.secret.clear();
  EXPECT_THROW(command_over(exchange, account, reject), std::invalid_argument);
  account = telnyx_at(server);
  account.base_url = "http://127.0.0.1";
  EXPECT_THROW(command_over(exchange, account, reject), std::invalid_argument);
}

}  // namespace
}  // namespace dialer::api
