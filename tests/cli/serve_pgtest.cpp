// `dialer serve` as its service manager sees it.

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/cli/notify_socket.hpp"
#include "tests/e2e/process.hpp"
#include "tests/scratch.hpp"
#include "tests/sql/database.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;

class serve_command : public testing::Test {
 protected:
  e2e::process serve(const std::map<std::string, std::string>& environment) const {
    e2e::launch what;
    what.argv = {getenv("DIALER_BINARY"), "serve",       "--database", sql::test::fresh_database(), "--listen",
                 "127.0.0.1:0",           "--state-dir", state_};
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

TEST_F(serve_command, that_can_not_start_is_never_ready) {
  e2e::write_file(dir_.path() / "state", "no directory");
  e2e::process engine = serve({{"NOTIFY_SOCKET", heard_.name()}});
  EXPECT_NE(engine.wait(30s), 0);
  EXPECT_EQ(heard_.next(0), "");
}

}  // namespace
}  // namespace dialer::cli
