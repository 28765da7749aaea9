#include "sql/private_cluster.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>

#include "sql/child_process.hpp"
#include "sql/cluster_error.hpp"
#include "sql/server_binaries.hpp"
#include "tests/scratch.hpp"

namespace dialer::sql {
namespace {

using testing::HasSubstr;

cluster_options options_in(const scratch& dir) {
  cluster_options options;
  options.state_dir = dir.path();
  options.durable = false;
  return options;
}

bool answers(const std::string& connection) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> c{PQconnectdb(connection.c_str()), PQfinish};
  return PQstatus(c.get()) == CONNECTION_OK;
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const cluster_error& error) {
    return error.what();
  }
  return "nothing was refused";
}

bool alive(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(in, line);
  const auto end = line.rfind(')');
  return end != std::string::npos && line[end + 2] != 'Z';
}

// Polls with a bound: what is waited for happens in another process.
bool within_ten_seconds(const std::function<bool()>& done) {
  for (int i = 0; i < 2000 && !done(); ++i) usleep(5000);
  return done();
}

// Runs `act` in a forked process; what it returns is the exit status.
int in_a_child(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      status = act();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A server on the cluster's data without our guards, as an engine killed in some unforeseen way could leave it.
pid_t unguarded_server(const scratch& dir) {
  const auto data = dir.path() / "database";
  command server{
      .argv = {(find_server_binaries({}) / "postgres").string(), "-D", data.string(), "-c", "listen_addresses=", "-c",
               "fsync=off", "-c", "unix_socket_directories=" + (dir.path() / "run").string(), "-c",
               "hba_file=" + (dir.path() / "pg_hba.conf").string(), "-c",
               "ident_file=" + (dir.path() / "pg_ident.conf").string()},
      .run_as = {}};
  if (geteuid() == 0) server.run_as = find_user("postgres");
  return spawn(server);
}

TEST(PrivateCluster, FirstAndSecondStart_KeepTheData) {
  const scratch dir;
  for (const bool first : {true, false}) {
    auto cluster = private_cluster::start(options_in(dir));
    const std::unique_ptr<PGconn, decltype(&PQfinish)> c{PQconnectdb(cluster.connection_string().c_str()), PQfinish};
    ASSERT_EQ(PQstatus(c.get()), CONNECTION_OK) << PQerrorMessage(c.get());
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{
        PQexec(c.get(), first ? "CREATE TABLE kept (n int); SHOW data_checksums" : "TABLE kept"), PQclear};
    EXPECT_EQ(PQresultStatus(result.get()), PGRES_TUPLES_OK) << PQerrorMessage(c.get());
    if (first) {
      EXPECT_STREQ(PQgetvalue(result.get(), 0, 0), "on");
    }
    EXPECT_TRUE(cluster.running());
  }
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "database" / "postmaster.pid"));
}

TEST(PrivateCluster, SecondStartOnTheSameDirectory_IsRefused) {
  const scratch dir;
  auto cluster = private_cluster::start(options_in(dir));
  EXPECT_THAT(refusal([&] { private_cluster::start(options_in(dir)); }), HasSubstr("another dialer runs"));
  EXPECT_TRUE(answers(cluster.connection_string()));
}

TEST(PrivateCluster, AttachBesideARunningOne_UsesItAndLeavesItRunning) {
  const scratch dir;
  auto cluster = private_cluster::start(options_in(dir));
  {
    const auto attached = private_cluster::attach(options_in(dir));
    EXPECT_EQ(attached.server_pid(), 0);
    EXPECT_TRUE(answers(attached.connection_string()));
  }
  EXPECT_TRUE(cluster.running());
}

TEST(PrivateCluster, AttachWithNoneRunning_StartsOneForItsOwnLife) {
  const scratch dir;
  pid_t server = 0;
  {
    const auto attached = private_cluster::attach(options_in(dir));
    server = attached.server_pid();
    EXPECT_TRUE(answers(attached.connection_string()));
  }
  EXPECT_FALSE(alive(server));
}

TEST(PrivateCluster, EngineKilledWithSigkill_ServerStopsCleanly) {
  const scratch dir;
  int report[2];
  ASSERT_EQ(pipe2(report, O_CLOEXEC), 0);
  const pid_t engine = fork();
  if (engine == 0) {
    const auto cluster = private_cluster::start(options_in(dir));
    const pid_t server = cluster.server_pid();
    if (write(report[1], &server, sizeof server) != sizeof server) _exit(1);
    pause();
  }
  pid_t server = 0;
  ASSERT_EQ(read(report[0], &server, sizeof server), static_cast<ssize_t>(sizeof server));
  ASSERT_TRUE(alive(server));
  kill(engine, SIGKILL);
  waitpid(engine, nullptr, 0);
  EXPECT_TRUE(within_ten_seconds([&] { return !alive(server); }));
  EXPECT_TRUE(within_ten_seconds([&] { return !std::filesystem::exists(dir.path() / "database" / "postmaster.pid"); }));
  close(report[0]);
  close(report[1]);
}

TEST(PrivateCluster, OrphanOnOurData_IsStoppedThenReplaced) {
  const scratch dir;
  private_cluster::start(options_in(dir)).stop();
  const pid_t orphan = unguarded_server(dir);
  ASSERT_TRUE(within_ten_seconds([&] { return std::filesystem::exists(dir.path() / "run" / ".s.PGSQL.5432"); }));
  const auto cluster = private_cluster::start(options_in(dir));
  EXPECT_FALSE(alive(orphan));
  EXPECT_NE(cluster.server_pid(), orphan);
  EXPECT_TRUE(answers(cluster.connection_string()));
  waitpid(orphan, nullptr, 0);
}

TEST(PrivateCluster, PidFileOfAZombie_DoesNotBlockTheStart) {
  const scratch dir;
  private_cluster::start(options_in(dir)).stop();
  const pid_t orphan = unguarded_server(dir);
  ASSERT_TRUE(within_ten_seconds([&] { return std::filesystem::exists(dir.path() / "run" / ".s.PGSQL.5432"); }));
  kill(orphan, SIGKILL);  // and not reaped: a zombie keeps the number
  ASSERT_TRUE(within_ten_seconds([&] { return !alive(orphan); }));
  ASSERT_TRUE(std::filesystem::exists(dir.path() / "database" / "postmaster.pid"));
  const auto cluster = private_cluster::start(options_in(dir));
  EXPECT_TRUE(answers(cluster.connection_string()));
  waitpid(orphan, nullptr, 0);
}

TEST(PrivateCluster, PidFileOfAStranger_DoesNotBlockTheStart) {
  const scratch dir;
  private_cluster::start(options_in(dir)).stop();
  std::ofstream{dir.path() / "database" / "postmaster.pid"} << getpid() << "\n"
                                                            << (dir.path() / "database").string() << "\n";
  const auto cluster = private_cluster::start(options_in(dir));
  EXPECT_TRUE(answers(cluster.connection_string()));
}

TEST(PrivateCluster, StateDirectoryTooLongForASocket_UsesAShortRunDirectory) {
  const scratch dir;
  cluster_options options = options_in(dir);
  options.state_dir /= std::string(100, 'x');
  const auto cluster = private_cluster::start(options);
  EXPECT_TRUE(answers(cluster.connection_string())) << cluster.connection_string();
  EXPECT_THAT(cluster.connection_string(), testing::Not(HasSubstr("xxxx")));
}

TEST(PrivateCluster, NoServerPackage_NamesTheInstallCommandAndTheAlternative) {
  const scratch dir;
  cluster_options options = options_in(dir);
  options.server_binaries = dir.path();
  const std::string message = refusal([&] { private_cluster::start(options); });
  EXPECT_THAT(message, HasSubstr("apt-get install -y postgresql-15"));
  EXPECT_THAT(message, HasSubstr("--database"));
}

TEST(PrivateCluster, DataOfAnotherMajorVersion_IsRefused) {
  const scratch dir;
  private_cluster::start(options_in(dir)).stop();
  std::ofstream{dir.path() / "database" / "PG_VERSION"} << "99\n";
  EXPECT_THAT(refusal([&] { private_cluster::start(options_in(dir)); }), HasSubstr("made by PostgreSQL 99"));
}

TEST(PrivateCluster, DirectoryTheServiceUserCannotEnter_IsRefusedByName) {
  if (geteuid() != 0) GTEST_SKIP() << "only root starts the server as another user";
  const scratch dir;
  chmod(dir.path().c_str(), 0700);
  EXPECT_THAT(refusal([&] { private_cluster::start(options_in(dir)); }), HasSubstr("may not enter"));
}

TEST(PrivateCluster, OrdinaryUser_NeedsNoRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "covered by every other case";
  const scratch dir;
  const auto nobody = find_user("nobody");
  ASSERT_TRUE(nobody);
  ASSERT_EQ(chown(dir.path().c_str(), nobody->uid, nobody->gid), 0);
  EXPECT_EQ(in_a_child([&] {
              if (setgid(nobody->gid) != 0 || setuid(nobody->uid) != 0) return 2;
              const auto cluster = private_cluster::start(options_in(dir));
              return answers(cluster.connection_string()) ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace dialer::sql
