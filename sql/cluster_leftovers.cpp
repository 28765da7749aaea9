#include "sql/cluster_leftovers.hpp"

#include <signal.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "sql/child_process.hpp"
#include "sql/cluster_error.hpp"
#include "sql/small_file.hpp"

namespace dialer::sql {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;

constexpr auto zombie_limit = 10s;  // a container's first process may reap late

fs::path pid_file_of(const cluster_directory& where) {
  return where.data / "postmaster.pid";
}

bool anyone_works_in(const cluster_directory& where) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const int pid = leading_number(entry.path().filename().string());
    if (pid > 0 && works_in(pid, where)) return true;
  }
  return false;
}

}  // namespace

pid_t named_server(const cluster_directory& where) {
  return leading_number(first_line(pid_file_of(where)));
}

bool works_in(pid_t pid, const cluster_directory& where) {
  const fs::path proc = fs::path{"/proc"} / std::to_string(pid);
  std::error_code error;
  const fs::path cwd = fs::read_symlink(proc / "cwd", error);
  if (error || cwd != where.data) return false;
  const std::string stat_line = first_line(proc / "stat");
  const auto name_end = stat_line.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat_line.size() && stat_line[name_end + 2] != 'Z';
}

void clear_leftovers(const cluster_directory& where) {
  const fs::path pid_file = pid_file_of(where);
  std::error_code ignored;
  if (!fs::exists(pid_file, ignored)) return;
  const pid_t pid = named_server(where);
  if (pid > 0 && works_in(pid, where)) {
    kill(pid, SIGINT);
    if (!wait_until(stop_limit, [&] { return !works_in(pid, where); })) kill(pid, SIGQUIT);
  }
  // Back ends of a killed server notice within moments; only when all are gone is the shared memory free.
  if (!wait_until(zombie_limit, [&] { return !anyone_works_in(where); })) {
    throw cluster_error("processes of an earlier database still work in " + quoted(where.data) +
                        " and do not stop; see " + quoted(pid_file));
  }
  // What is left names a dead process, a zombie or a stranger with a reused number: PostgreSQL would refuse to start.
  fs::remove(pid_file, ignored);
  fs::remove(fs::path{where.socket.string() + std::string(socket_name) + ".lock"}, ignored);
}

}  // namespace dialer::sql
