// `dialer serve` as its service manager sees it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "tests/api/carrier_signatures.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/metrics_lint.hpp"
#include "tests/cli/notify_socket.hpp"
#include "tests/e2e/process.hpp"
#include "tests/scratch.hpp"
#include "tests/sql/database.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;

class serve_command : public testing::Test {
 protected:
  e2e::process serve(const std::map<std::string, std::string>& environment,
                     const std::vector<std::string>& arguments = {"--listen", "127.0.0.1:0"}) const {
    e2e::launch what;
    what.argv = {getenv("DIALER_BINARY"), "serve", "--database", sql::test::fresh_database(), "--state-dir", state_};
    what.argv.insert(what.argv.end(), arguments.begin(), arguments.end());
    what.environment = environment;
    what.output = dir_.path() / "out";
    what.errors = dir_.path() / "err";
    return e2e::process{what};
  }

  const scratch dir_;
  const std::string state_ = (dir_.path() / "state").string();
  test::notify_socket heard_{"@dialer-serve-" + std::to_string(getpid())};
};

TEST_F(serve_command, tells_when_it_is_ready_that_it_lives_and_when_it_stops) {
  e2e::process engine = serve({{"NOTIFY_SOCKET", heard_.name()}, {"WATCHDOG_USEC", "200000"}});
  EXPECT_EQ(heard_.next(), "READY=1") << e2e::read_file(dir_.path() / "err");
  EXPECT_EQ(heard_.next(), "WATCHDOG=1");
  EXPECT_EQ(heard_.next(), "WATCHDOG=1");
  engine.signal(SIGTERM);
  std::string last = heard_.next();
  while (last == "WATCHDOG=1") last = heard_.next();
  EXPECT_EQ(last, "STOPPING=1");
  EXPECT_EQ(engine.wait(30s), 0) << e2e::read_file(dir_.path() / "err");
  EXPECT_EQ(heard_.next(0), "");
}

TEST_F(serve_command, without_a_watchdog_tells_no_more_than_asked_for) {
  e2e::process engine = serve({{"NOTIFY_SOCKET", heard_.name()}});
  EXPECT_EQ(heard_.next(), "READY=1") << e2e::read_file(dir_.path() / "err");
  engine.signal(SIGINT);
  EXPECT_EQ(heard_.next(), "STOPPING=1");
  EXPECT_EQ(engine.wait(30s), 0);
}

TEST_F(serve_command, log_and_metrics_are_well_formed_and_hold_neither_number_nor_secret) {
  // The second account can't be used, and both have a number for a name.
  const std::string settings = R"([organisation]
name = "Example"
[[integration]]
name = "+12125550199"
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
secret = "env:DIALER_TEST_CANARY"
base_url = "https://127.0.0.1:1"
[[integration]]
name = "second +12125550188"
provider = "twilio"
account_sid = "AC00000000000000000000000000000002"
secret = "env:DIALER_TEST_MISSING"
)";
  const std::string config = dir_.file("canary.toml", settings);
  const std::uint16_t port = e2e::free_port();
  e2e::process engine = serve({{"NOTIFY_SOCKET", heard_.name()}, {"DIALER_TEST_CANARY", "canary-token"}},
                              {"--config", config, "--listen", "127.0.0.1:" + std::to_string(port)});
  ASSERT_EQ(heard_.next(), "READY=1") << e2e::read_file(dir_.path() / "err");
  // A call to a number that it does not have.
  const std::string voice = "/callbacks/twilio/voice";
  const std::string form =
      "AccountSid=AC00000000000000000000000000000000&CallSid=CA00000000000000000000000000000007"
      "&CallStatus=ringing&Direction=inbound&To=%2B12125550177&From=%2B12125550166";
  const std::string signature = api::test::twilio_signature("http://127.0.0.1:" + std::to_string(port) + voice,
                                                            {{"AccountSid", "AC00000000000000000000000000000000"},
                                                             {"CallSid", "CA00000000000000000000000000000007"},
                                                             {"CallStatus", "ringing"},
                                                             {"Direction", "inbound"},
                                                             {"To", "+12125550177"},
                                                             {"From", "+12125550166"}},
                                                            "canary-token");
  const std::string asked =
      "POST " + voice + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
      "X-Twilio-Signature: " + signature + "\r\nContent-Length: " + std::to_string(form.size()) + "\r\n\r\n" + form;
  // The accounts, like what is shown of an organisation, come from its thread soon after the start.
  EXPECT_TRUE(e2e::eventually(
      20s, [&] { return api::loopback_client{port}.exchange(asked).body.find("<Reject/>") != std::string::npos; }));
  std::string page;
  e2e::eventually(20s, [&] {
    page = api::loopback_client{port}.get("/metrics").body;
    return page.find("account=") != std::string::npos;
  });
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(30s), 0);

  EXPECT_THAT(api::test::lint_metrics(page), testing::IsEmpty()) << page;
  EXPECT_THAT(page, testing::HasSubstr("account=\"+*********99\""));
  EXPECT_THAT(page,
              testing::HasSubstr("dialer_inbound_calls_total{carrier=\"twilio\",outcome=\"unknown_number\"} 1\n"));
  const std::string log = e2e::read_file(dir_.path() / "err");
  EXPECT_THAT(log, testing::HasSubstr("second +*********88"));
  EXPECT_THAT(log, testing::HasSubstr("listening on 127.0.0.1:"));
  EXPECT_THAT(log, testing::HasSubstr("call=CA00000000000000000000000000000007"));
  EXPECT_THAT(log, testing::HasSubstr("outcome=unknown_number"));
  std::istringstream lines{log};
  for (std::string line; std::getline(lines, line);) {
    const boost::json::object event = boost::json::parse(line).as_object();
    for (const char* member : {"time", "level", "message"}) EXPECT_TRUE(event.at(member).is_string()) << line;
    EXPECT_TRUE(event.at("fields").is_object()) << line;
  }
  for (const char* canary : {"2125550", "canary"}) {
    EXPECT_THAT(log, testing::Not(testing::HasSubstr(canary)));
    EXPECT_THAT(page, testing::Not(testing::HasSubstr(canary)));
  }
}

TEST_F(serve_command, that_can_not_start_is_never_ready) {
  e2e::write_file(dir_.path() / "state", "no directory");
  e2e::process engine = serve({{"NOTIFY_SOCKET", heard_.name()}});
  EXPECT_NE(engine.wait(30s), 0);
  EXPECT_EQ(heard_.next(0), "");
}

}  // namespace
}  // namespace dialer::cli
