#include "sql/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

namespace dialer::sql {
namespace {

os_user from_passwd(const passwd& entry) {
  os_user user{entry.pw_uid, entry.pw_gid, {}, entry.pw_name, entry.pw_dir};
  int count = 32;
  user.groups.resize(static_cast<std::size_t>(count));
  while (getgrouplist(entry.pw_name, entry.pw_gid, user.groups.data(), &count) < 0) {
    user.groups.resize(static_cast<std::size_t>(count));
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

// Runs between fork and exec: only system calls, no allocation. Returns the errno of the step that failed.
int become_child(const command& what, char* const* argv, char* const* envp, pid_t parent, int input, int output) {
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (what.run_as) {
    if (setgroups(what.run_as->groups.size(), what.run_as->groups.data()) != 0) return errno;
    if (setresgid(what.run_as->gid, what.run_as->gid, what.run_as->gid) != 0) return errno;
    if (setresuid(what.run_as->uid, what.run_as->uid, what.run_as->uid) != 0) return errno;
  }
  if (what.die_with_parent) {
    // After the change of user: the kernel clears the parent-death signal when credentials change.
    if (prctl(PR_SET_PDEATHSIG, SIGINT) != 0) return errno;
    if (getppid() != parent) return ESRCH;  // the parent died before the signal was armed
    if (setpgid(0, 0) != 0) return errno;
  }
  if (chdir("/") != 0) return errno;
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) return errno;
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  execve(argv[0], argv, envp);
  return errno;
}

std::vector<char*> c_strings(std::vector<std::string>& from) {
  std::vector<char*> pointers;
  for (std::string& text : from) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

std::optional<os_user> find_user(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  return entry == nullptr ? std::nullopt : std::optional{from_passwd(*entry)};
}

std::optional<os_user> find_user(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  return entry == nullptr ? std::nullopt : std::optional{from_passwd(*entry)};
}

pid_t spawn(const command& what) {
  std::vector<std::string> arguments = what.argv;
  std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                       "TZ=UTC", "HOME=" + (what.run_as ? what.run_as->home : std::string("/"))};
  const std::vector<char*> argv = c_strings(arguments);
  const std::vector<char*> envp = c_strings(environment);

  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) != 0) fail(errno, "pipe");
  const int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    const int error = become_child(what, argv.data(), envp.data(), parent, null_device,
                                   what.output_fd >= 0 ? what.output_fd : null_device);
    [[maybe_unused]] const auto written = write(report[1], &error, sizeof error);
    _exit(127);
  }
  const int fork_error = errno;
  close(report[1]);
  if (null_device >= 0) close(null_device);
  int error = 0;
  ssize_t got = 0;
  if (child > 0) {
    do {
      got = read(report[0], &error, sizeof error);
    } while (got < 0 && errno == EINTR);
  }
  close(report[0]);
  if (child < 0) fail(fork_error, "fork");
  if (got == sizeof error) {
    waitpid(child, nullptr, 0);
    fail(error, "cannot start " + what.argv.front());
  }
  return child;
}

finished run(command what) {
  std::array<int, 2> out{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) fail(errno, "pipe");
  what.output_fd = out[1];
  pid_t child = 0;
  try {
    child = spawn(what);
  } catch (...) {
    close(out[0]);
    close(out[1]);
    throw;
  }
  close(out[1]);
  finished end;
  std::array<char, 4096> buffer{};
  constexpr std::size_t output_max = 64 * 1024;
  for (;;) {
    const ssize_t got = read(out[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (end.output.size() < output_max) end.output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(out[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  end.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return end;
}

bool wait_until(std::chrono::milliseconds limit, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

}  // namespace dialer::sql
