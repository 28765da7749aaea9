#pragma once
// Programs as the operating system runs them: started, watched, killed.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace dialer::e2e {

struct launch {
  std::vector<std::string> argv;                   ///< argv[0] is a path
  std::map<std::string, std::string> environment;  ///< beside ours
  std::filesystem::path output;                    ///< standard output is appended here
  std::filesystem::path errors;                    ///< likewise; may be the same file
  bool preferred = false;                          ///< before other programs of the machine, where that is allowed
};

/// A child process. It dies with us, however we end; the destructor kills it. One thread.
class process {
 public:
  /// Throws std::system_error when it can't be started.
  explicit process(const launch& what);
  ~process();
  process(process&& other) noexcept;
  process& operator=(process&&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  /// Exit code, 128 + signal for a killed process, nullopt when it still runs after `timeout`.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  /// SIGKILL, and gone when this returns.
  void kill();

 private:
  pid_t pid_ = 0;
  std::optional<int> ended_;
};

struct finished {
  int code = 0;  ///< as process::wait; -1 when it had to be killed at the deadline
  std::string output;
  std::string errors;
};

/// Runs a program to its end, or kills it after `timeout`. Captures below `directory`.
finished run(std::vector<std::string> argv, const std::filesystem::path& directory,
             std::map<std::string, std::string> environment = {},
             std::chrono::milliseconds timeout = std::chrono::seconds{60});

/// Asks `condition` every few milliseconds; false when it has not come true within `timeout`.
template <class Condition>
bool eventually(std::chrono::milliseconds timeout, const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

/// The calling process goes before others of the machine where that is allowed: instants that are measured to the
/// millisecond should not tell about the neighbours.
void prefer_me();

/// A TCP port of 127.0.0.1 that nobody listens on, and that the kernel does not give to others unasked.
std::uint16_t free_port();

/// The most memory a process ever had; 0 when it is gone.
std::uint64_t peak_megabytes(pid_t of);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace dialer::e2e
