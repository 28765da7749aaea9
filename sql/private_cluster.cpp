#include "sql/private_cluster.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "sql/child_process.hpp"
#include "sql/cluster_directory.hpp"
#include "sql/cluster_error.hpp"
#include "sql/cluster_leftovers.hpp"
#include "sql/server_binaries.hpp"
#include "sql/small_file.hpp"

namespace dialer::sql {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;

constexpr const char* role = "dialer";
constexpr auto start_limit = 300s;  // crash recovery replays up to max_wal_size

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::trunc};
  out << text;
  out.close();
  if (!out) throw cluster_error("cannot write " + quoted(file) + ": " + std::strerror(errno));
  fs::permissions(file,
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read);
}

std::string conninfo(const cluster_directory& where, const std::string& database) {
  std::string text = "host='";
  for (const char c : where.socket.string()) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "' port=5432 user=" + role + " dbname='" + database + "' requirepeer=" + where.user.name;
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
  explicit impl(const cluster_options& wanted)
      : options{wanted},
        where{open_cluster_directory(wanted.state_dir)},
        connection{conninfo(where, wanted.database)} {}

  cluster_options options;
  cluster_directory where;
  std::string connection;
  std::unique_ptr<state_lock> lock;
  pid_t server = 0;

  std::optional<os_user> run_as() const { return geteuid() == 0 ? std::optional{where.user} : std::nullopt; }

  void make_data(const fs::path& binaries) {
    // Made beside and renamed: a half-made cluster is never mistaken for one.
    const fs::path fresh = where.state / "database.new";
    fs::remove_all(fresh);
    make_private_directory(fresh, where.user);
    command initdb{
        .argv = {(binaries / "initdb").string(), "--pgdata=" + fresh.string(), std::string("--username=") + role,
                 "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=peer", "--no-instructions"},
        .run_as = run_as()};
    if (!options.durable) initdb.argv.emplace_back("--no-sync");
    const finished end = run(initdb);
    if (!end.ok) throw cluster_error("initdb failed in " + quoted(fresh) + ":\n" + end.output);
    fs::rename(fresh, where.data);
  }

  command server_command(const fs::path& binaries, int log) const {
    const fs::path hba = where.state / "pg_hba.conf";
    const fs::path ident = where.state / "pg_ident.conf";
    write_file(hba,
               "# Written at every start. Only root and the service user, only over the Unix socket.\n"
               "local all all peer map=dialer\n");
    write_file(ident, std::string("dialer root ") + role + "\ndialer \"" + where.user.name + "\" " + role + "\n");
    std::vector<std::string> settings{
        "listen_addresses=", "unix_socket_directories=\"" + where.socket.string() + "\"",
        "unix_socket_permissions=0700", "port=5432", "hba_file=" + hba.string(), "ident_file=" + ident.string(),
        "max_connections=60", "shared_buffers=256MB", "work_mem=16MB", "maintenance_work_mem=128MB",
        "effective_cache_size=2GB", "max_wal_size=4GB", "min_wal_size=256MB", "wal_buffers=16MB",
        "checkpoint_timeout=15min", "checkpoint_completion_target=0.9", "synchronous_commit=on", "jit=off",
        // Rows are appended by the million and waiting rows come and go: look often, work gently.
        "autovacuum_naptime=20s", "autovacuum_vacuum_insert_scale_factor=0.3", "autovacuum_analyze_scale_factor=0.1",
        "autovacuum_max_workers=2", "log_min_messages=warning", "lc_messages=C", "timezone=UTC"};
    if (!options.durable) {
      for (const char* setting : {"fsync=off", "full_page_writes=off"}) settings.emplace_back(setting);
    }
    command program{.argv = {(binaries / "postgres").string(), "-D", where.data.string()}, .run_as = run_as()};
    for (const std::string& setting : settings) {
      program.argv.emplace_back("-c");
      program.argv.push_back(setting);
    }
    program.output_fd = log;
    program.die_with_parent = true;
    return program;
  }

  void start_server(const fs::path& binaries) {
    make_private_directory(where.socket, where.user);
    const fs::path log_file = where.state / "database.log";
    const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log < 0) throw cluster_error("cannot write " + quoted(log_file) + ": " + std::strerror(errno));
    try {
      server = spawn(server_command(binaries, log));
    } catch (...) {
      close(log);
      throw;
    }
    close(log);
    const std::string any_database = conninfo(where, "postgres");
    bool alive = true;
    const bool ready = wait_until(start_limit, [&] {
      alive = waitpid(server, nullptr, WNOHANG) == 0;
      // The answer alone would not do: an orphan answers too. Our child must own the pid file.
      return !alive || (named_server(where) == server && PQping(any_database.c_str()) == PQPING_OK);
    });
    if (!alive) server = 0;
    if (!ready || !alive) {
      stop();
      throw cluster_error("the database did not start; the last lines of " + quoted(log_file) + " say why");
    }
    create_database(any_database, options.database);
  }

  void start() {
    const int data_version = leading_number(first_line(where.data / "PG_VERSION"));
    const fs::path binaries = find_server_binaries(options.server_binaries, data_version);
    if (data_version == 0) {
      std::error_code ignored;
      if (fs::exists(where.data, ignored)) {
        throw cluster_error(quoted(where.data) + " exists and holds no PostgreSQL data; move it away");
      }
      make_data(binaries);
    } else {
      clear_leftovers(where);
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

private_cluster private_cluster::start(const cluster_options& options) {
  auto made = std::make_unique<impl>(options);
  made->lock = std::make_unique<state_lock>(made->where.state);
  if (!made->lock->held()) {
    throw cluster_error("another dialer runs on " + quoted(made->where.state) +
                        "; stop it, or choose another directory with --state-dir");
  }
  made->start();
  return private_cluster{std::move(made)};
}

private_cluster private_cluster::attach(const cluster_options& options) {
  auto made = std::make_unique<impl>(options);
  const bool reached = wait_until(start_limit, [&] {
    if (PQping(made->connection.c_str()) == PQPING_OK) {
      made->lock = std::make_unique<state_lock>(made->where.state);
      if (!made->lock->held()) return true;  // it answers and somebody owns it
    } else {
      made->lock = std::make_unique<state_lock>(made->where.state);
    }
    return made->lock->held();
  });
  if (!reached) {
    throw cluster_error("the dialer on " + quoted(made->where.state) + " holds its lock but its database does not " +
                        "answer; see database.log there");
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
  return impl_->server > 0 && kill(impl_->server, 0) == 0 && works_in(impl_->server, impl_->where);
}
void private_cluster::stop() {
  impl_->stop();
}

}  // namespace dialer::sql
