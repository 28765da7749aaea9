#pragma once
// Starting a program as another user, bound to our life.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dialer::sql {

/// An operating-system user, looked up before fork (the look-ups are not safe after it).
struct os_user {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name;
  std::string home;
};

/// nullopt when there is no such user (or no passwd entry for the uid).
std::optional<os_user> find_user(const std::string& name);
std::optional<os_user> find_user(uid_t uid);

struct command {
  std::vector<std::string> argv;  ///< argv[0] is an absolute path
  std::optional<os_user> run_as;  ///< none: as we are
  int output_fd = -1;             ///< stdout and stderr; -1: /dev/null
  /// The child gets SIGINT when the thread that started it ends, however it ends; its own process group keeps Ctrl-C
  /// away from it.
  bool die_with_parent = false;
};

/// Starts the program with an environment of PATH, HOME, LC_ALL=C and TZ=UTC only, in "/", all signals at their
/// defaults, no inherited descriptors. Throws std::system_error when it can't be started, exec included.
pid_t spawn(const command& what);

struct finished {
  bool ok = false;     ///< exited with 0
  std::string output;  ///< stdout and stderr, at most 64 KiB of it
};

/// Runs the program to its end. output_fd is ignored.
finished run(command what);

/// Looks every few milliseconds whether a process has come as far as `done` says; false: not within the limit.
bool wait_until(std::chrono::milliseconds limit, const std::function<bool()>& done);

}  // namespace dialer::sql
