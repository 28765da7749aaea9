#include "tests/e2e/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <random>
#include <system_error>

namespace dialer::e2e {
namespace {

int open_for_append(const std::filesystem::path& path) {
  const char* name = path.empty() ? "/dev/null" : path.c_str();
  const int made = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (made < 0) throw std::system_error(errno, std::generic_category(), name);
  return made;
}

}  // namespace

process::process(const launch& what) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : what.environment) variables.push_back(name + "=" + value);
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string text = *each;
    if (!what.environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  std::vector<char*> env;
  for (std::string& each : variables) env.push_back(each.data());
  env.push_back(nullptr);
  std::vector<std::string> arguments = what.argv;
  std::vector<char*> argv;
  for (std::string& each : arguments) argv.push_back(each.data());
  argv.push_back(nullptr);

  const int output = open_for_append(what.output);
  const int errors = open_for_append(what.errors);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (what.preferred) prefer_me();
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execve(argv[0], argv.data(), env.data());
    _exit(127);
  }
  const int why = errno;
  close(output);
  close(errors);
  if (pid_ < 0) throw std::system_error(why, std::generic_category(), "fork");
}

process::process(process&& other) noexcept : pid_{other.pid_}, ended_{other.ended_} {
  other.pid_ = 0;
}

process::~process() {
  kill();
}

bool process::running() {
  return pid_ != 0 && !wait(std::chrono::milliseconds{0});
}

void process::signal(int number) {
  if (pid_ != 0 && !ended_) ::kill(pid_, number);
}

std::optional<int> process::wait(std::chrono::milliseconds timeout) {
  const auto gone = [this] {
    if (ended_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  };
  eventually(timeout, gone);
  return ended_;
}

void process::kill() {
  if (pid_ == 0 || ended_) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  ended_ = 128 + SIGKILL;
}

finished run(std::vector<std::string> argv, const std::filesystem::path& directory,
             std::map<std::string, std::string> environment, std::chrono::milliseconds timeout) {
  static int number = 0;
  const std::filesystem::path base = directory / ("run" + std::to_string(++number));
  const launch what{std::move(argv), std::move(environment), base.string() + ".out", base.string() + ".err"};
  process child{what};
  finished result;
  result.code = child.wait(timeout).value_or(-1);
  child.kill();
  result.output = read_file(what.output);
  result.errors = read_file(what.errors);
  return result;
}

void prefer_me() {
  setpriority(PRIO_PROCESS, 0, -15);  // an ordinary user may not: then it is as busy as it is
}

std::uint16_t free_port() {
  // Below the range from which the kernel takes ports for outgoing connections.
  std::random_device seed;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(20'000 + seed() % 12'000);
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    if (free) return port;
  }
}

std::uint64_t peak_megabytes(pid_t of) {
  // "VmHWM:   123456 kB"
  const std::string status = read_file("/proc/" + std::to_string(of) + "/status");
  const auto at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::stoull(status.substr(at + 6)) / 1024;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out << text;
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace dialer::e2e
