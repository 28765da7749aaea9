#include "cli/service_manager.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/cli/notify_socket.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;

TEST(service_manager, is_told_through_a_path_or_an_abstract_name) {
  const scratch dir;
  for (const std::string& name :
       {(dir.path() / "notify").string(), "@dialer-test-" + std::to_string(getpid()), std::string("@") + "x"}) {
    test::notify_socket heard{name};
    const service_manager manager{name};
    manager.tell("READY=1");
    manager.tell("STOPPING=1");
    EXPECT_EQ(heard.next(), "READY=1") << name;
    EXPECT_EQ(heard.next(), "STOPPING=1") << name;
  }
}

TEST(service_manager, that_is_not_there_stops_nobody) {
  for (const std::string& name : {std::string(), std::string("/nowhere/notify"), std::string("@nobody-listens-here"),
                                  std::string("vsock:2:1234"), "/" + std::string(200, 'x')}) {
    EXPECT_NO_THROW(service_manager{name}.tell("READY=1")) << name;
  }
}

class service_manager_environment : public testing::Test {
 protected:
  static void set(const char* socket, const char* watchdog, const char* pid) {
    setenv("NOTIFY_SOCKET", socket, 1);
    setenv("WATCHDOG_USEC", watchdog, 1);
    pid == nullptr ? unsetenv("WATCHDOG_PID") : setenv("WATCHDOG_PID", pid, 1);
  }
  static std::chrono::microseconds every() { return service_manager::take_from_environment().watchdog_every(); }
};

TEST_F(service_manager_environment, is_taken_so_that_no_child_speaks_for_us) {
  test::notify_socket heard{"@dialer-test-" + std::to_string(getpid())};
  set(heard.name().c_str(), "1000000", nullptr);
  service_manager::take_from_environment().tell("READY=1");
  EXPECT_EQ(heard.next(), "READY=1");
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) EXPECT_EQ(getenv(name), nullptr) << name;
  service_manager::take_from_environment().tell("READY=1");
  EXPECT_EQ(heard.next(0), "") << "nothing is set now";
}

TEST_F(service_manager_environment, watchdog_is_a_quarter_of_its_time_and_for_its_process_only) {
  set("@x", "3000000", nullptr);
  EXPECT_EQ(every(), 750ms);
  set("@x", "3000000", std::to_string(getpid()).c_str());
  EXPECT_EQ(every(), 750ms);
  set("@x", "3000000", std::to_string(getpid() + 1).c_str());
  EXPECT_EQ(every(), 0ms) << "another process's";
  set("", "3000000", nullptr);
  EXPECT_EQ(every(), 0ms) << "nobody to tell";
  for (const char* strange : {"", "0", "-3000000", "soon", "3000000x"}) {
    set("@x", strange, nullptr);
    EXPECT_EQ(every(), 0ms) << strange;
  }
}

}  // namespace
}  // namespace dialer::cli
