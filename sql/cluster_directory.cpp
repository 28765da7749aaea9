#include "sql/cluster_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <system_error>

#include "sql/cluster_error.hpp"
#include "sql/server_binaries.hpp"

namespace dialer::sql {
namespace fs = std::filesystem;
namespace {

os_user service_user(const fs::path& data) {
  if (geteuid() != 0) {
    auto self = find_user(geteuid());
    if (self) return *self;
    throw cluster_error("user id " + std::to_string(geteuid()) +
                        " has no entry in /etc/passwd, which PostgreSQL needs; give a database with --database URL");
  }
  struct stat info {};
  if (stat(data.c_str(), &info) == 0) {
    if (info.st_uid == 0) {
      throw cluster_error(quoted(data) +
                          " belongs to root, and PostgreSQL refuses to run as root; chown it to the user " +
                          "postgres or remove it");
    }
    auto owner = find_user(info.st_uid);
    if (owner) return *owner;
    throw cluster_error(quoted(data) + " belongs to user id " + std::to_string(info.st_uid) +
                        ", which has no entry in /etc/passwd");
  }
  auto postgres = find_user("postgres");
  if (postgres) return *postgres;
  throw cluster_error(std::string{"there is no user postgres to run the database as; "} + server_remedy);
}

bool may_pass(const os_user& user, const struct stat& info) {
  if (info.st_uid == user.uid) return (info.st_mode & S_IXUSR) != 0;
  if (std::find(user.groups.begin(), user.groups.end(), info.st_gid) != user.groups.end()) {
    return (info.st_mode & S_IXGRP) != 0;
  }
  return (info.st_mode & S_IXOTH) != 0;
}

void require_passage(const os_user& user, const fs::path& directory) {
  fs::path step;
  for (const fs::path& part : directory) {
    step /= part;
    struct stat info {};
    if (stat(step.c_str(), &info) != 0 || may_pass(user, info)) continue;
    throw cluster_error("the database runs as user " + user.name + ", which may not enter " + quoted(step) +
                        "; choose another directory with --state-dir, or chmod a+x " + step.string());
  }
}

fs::path socket_directory(const fs::path& state_dir, const os_user& user) {
  const fs::path usual = state_dir / "run";
  if (usual.string().size() + socket_name.size() < sizeof(sockaddr_un::sun_path)) return usual;
  const std::string name = "dialer-" + std::to_string(std::hash<std::string>{}(state_dir.string()));
  if (geteuid() == 0) return fs::path{"/run"} / name;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr &&
      std::strlen(runtime) + name.size() + socket_name.size() + 2 < sizeof(sockaddr_un::sun_path)) {
    return fs::path{runtime} / name;
  }
  return fs::path{"/tmp"} / (name + "-" + std::to_string(user.uid));
}

}  // namespace

fs::path default_state_dir() {
  if (geteuid() == 0) return "/var/lib/dialer";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return fs::path{state} / "dialer";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') {
    throw cluster_error("neither XDG_STATE_HOME nor HOME is set; say where to keep data with --state-dir");
  }
  return fs::path{home} / ".local/state/dialer";
}

cluster_directory open_cluster_directory(const fs::path& state) {
  cluster_directory opened;
  opened.state = state.empty() ? default_state_dir() : state;
  std::error_code error;
  fs::create_directories(opened.state, error);
  if (error) {
    throw cluster_error("cannot make the state directory " + quoted(opened.state) + ": " + error.message() +
                        "; choose another with --state-dir");
  }
  opened.state = fs::canonical(opened.state);
  opened.data = opened.state / "database";
  opened.user = service_user(opened.data);
  require_passage(opened.user, opened.state);
  opened.socket = socket_directory(opened.state, opened.user);
  return opened;
}

void make_private_directory(const fs::path& directory, const os_user& user) {
  if (mkdir(directory.c_str(), 0700) == 0) {
    if (geteuid() == 0 && lchown(directory.c_str(), user.uid, user.gid) != 0) {
      throw cluster_error("cannot give " + quoted(directory) + " to user " + user.name + ": " + std::strerror(errno));
    }
  } else if (errno != EEXIST) {
    throw cluster_error("cannot make " + quoted(directory) + ": " + std::strerror(errno));
  }
  struct stat info {};
  if (lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != user.uid ||
      (info.st_mode & 077) != 0) {
    throw cluster_error(quoted(directory) + " must be a directory of user " + user.name + " with mode 0700; remove it");
  }
}

state_lock::state_lock(const fs::path& state) {
  const fs::path file = state / "database.lock";
  fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) throw cluster_error("cannot open " + quoted(file) + ": " + std::strerror(errno));
  held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
}

state_lock::~state_lock() {
  close(fd_);
}

}  // namespace dialer::sql
