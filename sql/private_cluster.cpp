#include "sql/private_cluster.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "sql/child_process.hpp"

namespace dialer::sql {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;
using deadline_clock = std::chrono::steady_clock;

constexpr const char* role = "dialer";
constexpr int oldest_server = 15;
constexpr std::string_view socket_name = "/.s.PGSQL.5432";
constexpr auto start_limit = 300s;  // crash recovery replays up to max_wal_size
constexpr auto stop_limit = 30s;
constexpr auto zombie_limit = 10s;  // a container's first process may reap late

const std::string remedy =
    "install the server with\n    apt-get install -y postgresql-15\nor give a database with --database URL";

std::string quoted(const fs::path& path) {
  return "'" + path.string() + "'";
}

bool wait_until(std::chrono::milliseconds limit, const std::function<bool()>& done) {
  const auto deadline = deadline_clock::now() + limit;
  while (!done()) {
    if (deadline_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

int leading_number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string first_line(const fs::path& file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  return line;
}

// 0 when the directory holds no server.
int server_version(const fs::path& directory) {
  std::error_code ignored;
  if (directory.empty() || !fs::exists(directory / "initdb", ignored)) return 0;
  try {
    const finished end = run({.argv = {(directory / "postgres").string(), "--version"}, .run_as = {}});
    const auto digit = end.output.find_first_of("0123456789");
    return end.ok && digit != std::string::npos ? leading_number(end.output.substr(digit)) : 0;
  } catch (const std::system_error&) {
    return 0;
  }
}

std::vector<fs::path> search_path() {
  std::vector<fs::path> directories;
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string_view one = rest.substr(0, colon);
    if (one.starts_with('/')) directories.emplace_back(one);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return directories;
}

std::vector<fs::path> candidate_directories() {
  std::vector<fs::path> found;
  const auto on_path = search_path();
  for (const fs::path& directory : on_path) {
    std::error_code ignored;
    if (!fs::exists(directory / "pg_config", ignored)) continue;
    const finished end = run({.argv = {(directory / "pg_config").string(), "--bindir"}, .run_as = {}});
    if (end.ok) found.emplace_back(end.output.substr(0, end.output.find('\n')));
    break;
  }
  std::error_code ignored;
  std::vector<int> versions;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    versions.push_back(leading_number(entry.path().filename().string()));
  }
  std::sort(versions.begin(), versions.end());
  for (const int version : versions) found.push_back(fs::path{"/usr/lib/postgresql"} / std::to_string(version) / "bin");
  found.insert(found.end(), on_path.begin(), on_path.end());
  return found;
}

// The user that runs the server: ourselves, or as root the owner of the data, else "postgres".
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
  throw cluster_error("there is no user postgres to run the database as; " + remedy);
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

// A real directory of that user that nobody else can enter.
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

// Below the state directory unless that is too long for a socket address (107 bytes).
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

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::trunc};
  out << text;
  out.close();
  if (!out) throw cluster_error("cannot write " + quoted(file) + ": " + std::strerror(errno));
  fs::permissions(file,
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read);
}

// Whether a living process (zombies are dead) has the data directory as its working directory.
bool works_in(pid_t pid, const fs::path& data) {
  const fs::path proc = fs::path{"/proc"} / std::to_string(pid);
  std::error_code error;
  const fs::path where = fs::read_symlink(proc / "cwd", error);
  if (error || where != data) return false;
  const std::string stat_line = first_line(proc / "stat");
  const auto name_end = stat_line.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat_line.size() && stat_line[name_end + 2] != 'Z';
}

bool anyone_works_in(const fs::path& data) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const int pid = leading_number(entry.path().filename().string());
    if (pid > 0 && works_in(pid, data)) return true;
  }
  return false;
}

// We hold the lock, so a server on our data is one that an earlier life of ours left behind.
void clear_leftovers(const fs::path& data, const fs::path& socket_dir) {
  const fs::path pid_file = data / "postmaster.pid";
  std::error_code ignored;
  if (!fs::exists(pid_file, ignored)) return;
  const int pid = leading_number(first_line(pid_file));
  if (pid > 0 && works_in(pid, data)) {
    kill(pid, SIGINT);
    if (!wait_until(stop_limit, [&] { return !works_in(pid, data); })) kill(pid, SIGQUIT);
  }
  // Back ends of a killed server notice within moments; only when all are gone is the shared memory free.
  if (!wait_until(zombie_limit, [&] { return !anyone_works_in(data); })) {
    throw cluster_error("processes of an earlier database still work in " + quoted(data) + " and do not stop; see " +
                        quoted(pid_file));
  }
  // What is left names a dead process, a zombie or a stranger with a reused number: PostgreSQL would refuse to start.
  fs::remove(pid_file, ignored);
  fs::remove(fs::path{socket_dir.string() + std::string(socket_name) + ".lock"}, ignored);
}

class state_lock {
 public:
  explicit state_lock(const fs::path& file) : fd_{open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)} {
    if (fd_ < 0) throw cluster_error("cannot open " + quoted(file) + ": " + std::strerror(errno));
    held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  state_lock(const state_lock&) = delete;
  state_lock& operator=(const state_lock&) = delete;
  ~state_lock() { close(fd_); }
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

std::string conninfo(const fs::path& socket_dir, const std::string& database, const os_user& user) {
  std::string text = "host='";
  for (const char c : socket_dir.string()) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "' port=5432 user=" + role + " dbname='" + database + "' requirepeer=" + user.name;
}

void create_database(const std::string& connection, const std::string& database) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> c{PQconnectdb(connection.c_str()), PQfinish};
  if (PQstatus(c.get()) != CONNECTION_OK) throw cluster_error(PQerrorMessage(c.get()));
  const char* value = database.c_str();
  using result_ptr = std::unique_ptr<PGresult, decltype(&PQclear)>;
  const result_ptr found{
      PQexecParams(c.get(), "SELECT 1 FROM pg_database WHERE datname = $1", 1, nullptr, &value, nullptr, nullptr, 0),
      PQclear};
  if (PQntuples(found.get()) == 1) return;
  char* name = PQescapeIdentifier(c.get(), database.c_str(), database.size());
  const result_ptr made{PQexec(c.get(), (std::string("CREATE DATABASE ") + name).c_str()), PQclear};
  PQfreemem(name);
  if (PQresultStatus(made.get()) != PGRES_COMMAND_OK) throw cluster_error(PQerrorMessage(c.get()));
}

}  // namespace

struct private_cluster::impl {
  cluster_options options;
  os_user user;
  fs::path data;
  fs::path socket_dir;
  std::string connection;
  std::unique_ptr<state_lock> lock;
  pid_t server = 0;

  std::optional<os_user> run_as() const { return geteuid() == 0 ? std::optional{user} : std::nullopt; }

  void prepare(const cluster_options& wanted) {
    options = wanted;
    if (options.state_dir.empty()) options.state_dir = default_state_dir();
    std::error_code error;
    fs::create_directories(options.state_dir, error);
    if (error) {
      throw cluster_error("cannot make the state directory " + quoted(options.state_dir) + ": " + error.message() +
                          "; choose another with --state-dir");
    }
    options.state_dir = fs::canonical(options.state_dir);
    data = options.state_dir / "database";
    user = service_user(data);
    require_passage(user, options.state_dir);
    socket_dir = socket_directory(options.state_dir, user);
    connection = conninfo(socket_dir, options.database, user);
  }

  void make_data(const fs::path& binaries) {
    // Made beside and renamed: a half-made cluster is never mistaken for one.
    const fs::path fresh = options.state_dir / "database.new";
    fs::remove_all(fresh);
    make_private_directory(fresh, user);
    command initdb{
        .argv = {(binaries / "initdb").string(), "--pgdata=" + fresh.string(), std::string("--username=") + role,
                 "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=peer", "--no-instructions"},
        .run_as = run_as()};
    if (!options.durable) initdb.argv.emplace_back("--no-sync");
    const finished end = run(initdb);
    if (!end.ok) throw cluster_error("initdb failed in " + quoted(fresh) + ":\n" + end.output);
    fs::rename(fresh, data);
  }

  command server_command(const fs::path& binaries, int log) const {
    const fs::path hba = options.state_dir / "pg_hba.conf";
    const fs::path ident = options.state_dir / "pg_ident.conf";
    write_file(hba,
               "# Written at every start. Only root and the service user, only over the Unix socket.\n"
               "local all all peer map=dialer\n");
    write_file(ident, std::string("dialer root ") + role + "\ndialer \"" + user.name + "\" " + role + "\n");
    std::vector<std::string> settings{
        "listen_addresses=", "unix_socket_directories=\"" + socket_dir.string() + "\"", "unix_socket_permissions=0700",
        "port=5432", "hba_file=" + hba.string(), "ident_file=" + ident.string(), "max_connections=40",
        "shared_buffers=256MB", "work_mem=16MB", "maintenance_work_mem=128MB", "effective_cache_size=2GB",
        "max_wal_size=4GB", "min_wal_size=256MB", "wal_buffers=16MB", "checkpoint_timeout=15min",
        "checkpoint_completion_target=0.9", "synchronous_commit=on", "jit=off",
        // Rows are appended by the million and waiting rows come and go: look often, work gently.
        "autovacuum_naptime=20s", "autovacuum_vacuum_insert_scale_factor=0.3", "autovacuum_analyze_scale_factor=0.1",
        "autovacuum_max_workers=2", "log_min_messages=warning", "lc_messages=C", "timezone=UTC"};
    if (!options.durable) {
      for (const char* setting : {"fsync=off", "full_page_writes=off"}) settings.emplace_back(setting);
    }
    command program{.argv = {(binaries / "postgres").string(), "-D", data.string()}, .run_as = run_as()};
    for (const std::string& setting : settings) {
      program.argv.emplace_back("-c");
      program.argv.push_back(setting);
    }
    program.output_fd = log;
    program.die_with_parent = true;
    return program;
  }

  void start_server(const fs::path& binaries) {
    make_private_directory(socket_dir, user);
    const fs::path log_file = options.state_dir / "database.log";
    const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log < 0) throw cluster_error("cannot write " + quoted(log_file) + ": " + std::strerror(errno));
    try {
      server = spawn(server_command(binaries, log));
    } catch (...) {
      close(log);
      throw;
    }
    close(log);
    const std::string any_database = conninfo(socket_dir, "postgres", user);
    bool alive = true;
    const bool ready = wait_until(start_limit, [&] {
      alive = waitpid(server, nullptr, WNOHANG) == 0;
      // The answer alone would not do: an orphan answers too. Our child must own the pid file.
      return !alive || (leading_number(first_line(data / "postmaster.pid")) == server &&
                        PQping(any_database.c_str()) == PQPING_OK);
    });
    if (!alive) server = 0;
    if (!ready || !alive) {
      stop();
      throw cluster_error("the database did not start; the last lines of " + quoted(log_file) + " say why");
    }
    create_database(any_database, options.database);
  }

  void start() {
    const int data_version = leading_number(first_line(data / "PG_VERSION"));
    const fs::path binaries = find_server_binaries(options.server_binaries, data_version);
    if (data_version == 0) {
      std::error_code ignored;
      if (fs::exists(data, ignored)) {
        throw cluster_error(quoted(data) + " exists and holds no PostgreSQL data; move it away");
      }
      make_data(binaries);
    } else {
      clear_leftovers(data, socket_dir);
    }
    start_server(binaries);
  }

  void stop() {
    if (server > 0) stop_server();
    lock.reset();  // only now may the next one look at the data
  }

  void stop_server() {
    kill(server, SIGINT);
    const auto gone = [&] { return waitpid(server, nullptr, WNOHANG) != 0; };
    if (!wait_until(stop_limit, gone)) {
      kill(server, SIGQUIT);
      if (!wait_until(10s, gone)) {
        kill(server, SIGKILL);
        waitpid(server, nullptr, 0);
      }
    }
    server = 0;
  }
};

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

fs::path find_server_binaries(const fs::path& configured, int data_version) {
  const auto fits = [&](int version) { return data_version == 0 ? version >= oldest_server : version == data_version; };
  if (!configured.empty()) {
    const int version = server_version(configured);
    if (fits(version)) return configured;
    throw cluster_error(
        quoted(configured) +
        (version == 0 ? " holds no PostgreSQL server" : " holds PostgreSQL " + std::to_string(version)) +
        (data_version == 0 ? "" : ", the data needs version " + std::to_string(data_version)) + "; " + remedy);
  }
  for (const fs::path& directory : candidate_directories()) {
    if (fits(server_version(directory))) return directory;
  }
  if (data_version != 0) {
    throw cluster_error("the data was made by PostgreSQL " + std::to_string(data_version) +
                        ", whose server is not installed here; install it with\n    apt-get install -y postgresql-" +
                        std::to_string(data_version) + "\nor give a database with --database URL");
  }
  throw cluster_error("no PostgreSQL server is installed; " + remedy);
}

private_cluster private_cluster::start(const cluster_options& options) {
  auto made = std::make_unique<impl>();
  made->prepare(options);
  made->lock = std::make_unique<state_lock>(made->options.state_dir / "database.lock");
  if (!made->lock->held()) {
    throw cluster_error("another dialer runs on " + quoted(made->options.state_dir) +
                        "; stop it, or choose another directory with --state-dir");
  }
  made->start();
  return private_cluster{std::move(made)};
}

private_cluster private_cluster::attach(const cluster_options& options) {
  auto made = std::make_unique<impl>();
  made->prepare(options);
  const bool reached = wait_until(start_limit, [&] {
    if (PQping(made->connection.c_str()) == PQPING_OK) {
      made->lock = std::make_unique<state_lock>(made->options.state_dir / "database.lock");
      if (!made->lock->held()) return true;  // it answers and somebody owns it
    } else {
      made->lock = std::make_unique<state_lock>(made->options.state_dir / "database.lock");
    }
    return made->lock->held();
  });
  if (!reached) {
    throw cluster_error("the dialer on " + quoted(made->options.state_dir) +
                        " holds its lock but its database does not " + "answer; see database.log there");
  }
  if (made->lock->held()) {
    made->start();
  } else {
    made->lock.reset();
  }
  return private_cluster{std::move(made)};
}

private_cluster::private_cluster(std::unique_ptr<impl> made) : impl_{std::move(made)} {}
private_cluster::private_cluster(private_cluster&&) noexcept = default;
private_cluster& private_cluster::operator=(private_cluster&& other) noexcept {
  if (impl_) impl_->stop();
  impl_ = std::move(other.impl_);
  return *this;
}
private_cluster::~private_cluster() {
  if (impl_) impl_->stop();
}

const std::string& private_cluster::connection_string() const {
  return impl_->connection;
}
int private_cluster::server_pid() const {
  return impl_->server;
}
bool private_cluster::running() const {
  return impl_->server > 0 && kill(impl_->server, 0) == 0 && works_in(impl_->server, impl_->data);
}
void private_cluster::stop() {
  impl_->stop();
}

}  // namespace dialer::sql
