// A commit whose answer is lost: dropped at every byte of the conversation, and held by a standby that never answers.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "tests/scratch.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using engine::commit_result;
using test::intent_for;
using test::morning;

// Forwards a Unix socket to the server's, and hangs up on both sides after so many bytes from the server.
class cutting_proxy {
 public:
  explicit cutting_proxy(std::string server_socket) : server_{std::move(server_socket)} {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un at = address(socket_path());
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(listener_, 8) != 0) {
      throw std::runtime_error("no proxy");
    }
    thread_ = std::thread{[this] { serve(); }};
  }
  ~cutting_proxy() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  cutting_proxy(const cutting_proxy&) = delete;
  cutting_proxy& operator=(const cutting_proxy&) = delete;

  std::string directory() const { return dir_.path(); }
  /// Bytes still let through from the server; negative: all.
  void cut_after(long bytes) { left_ = bytes; }
  long passed() const { return passed_; }

 private:
  std::string socket_path() const { return (dir_.path() / ".s.PGSQL.5432").string(); }
  static sockaddr_un address(const std::string& path) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    return at;
  }

  void serve() {
    while (!stop_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, 10) <= 0) continue;
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_un to = address(server_);
      if (connect(server, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) forward(client, server);
      close(client);
      close(server);
    }
  }

  void forward(int client, int server) {
    char buffer[4096];
    while (!stop_) {
      pollfd ends[2]{{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(ends, 2, 10) <= 0) continue;
      if (ends[0].revents != 0) {
        const ssize_t got = read(client, buffer, sizeof buffer);
        if (got <= 0 || write(server, buffer, static_cast<std::size_t>(got)) != got) return;
      }
      if (ends[1].revents != 0) {
        const ssize_t got = read(server, buffer, sizeof buffer);
        if (got <= 0) return;
        passed_ += got;
        if (left_ >= 0 && got > left_) return;
        if (left_ >= 0) left_ -= got;
        if (write(client, buffer, static_cast<std::size_t>(got)) != got) return;
      }
    }
  }

  scratch dir_;
  std::string server_;
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  std::atomic<long> left_ = -1;
  std::atomic<long> passed_ = 0;
  std::thread thread_;
};

// The connection string with another socket directory. The proxy runs as the test's user, so the peer is not required.
std::string through(const std::string& directory, std::string database) {
  const auto begin = database.find("host='") + 6;
  database.replace(begin, database.find('\'', begin) - begin, directory);
  return database.erase(database.find(" requirepeer="));
}

struct cut_connection : test::small_organisation {
  cut_connection() {
    const auto begin = database.find("host='") + 6;
    proxy =
        std::make_unique<cutting_proxy>(database.substr(begin, database.find('\'', begin) - begin) + "/.s.PGSQL.5432");
    ledger_options options = for_ledger();
    options.connection.target = through(proxy->directory(), database);
    ledger = std::make_unique<postgres_ledger>(std::move(options));
  }
  std::unique_ptr<cutting_proxy> proxy;
  std::unique_ptr<postgres_ledger> ledger;
};

engine::decision_batch batch_of(const engine::recovery& recovered, std::uint64_t number,
                                std::vector<engine::intent> intents) {
  engine::decision_batch batch;
  batch.number = number;
  batch.owner = recovered.owner;
  batch.generation = recovered.snapshot.generation;
  batch.intents = std::move(intents);
  return batch;
}

TEST(UnknownCommit, AnswerCutAtEveryByte_IsResolvedToWhatTheDatabaseHolds) {
  cut_connection with;
  with.import(1, 30);
  const engine::recovery recovered = with.ledger->take_over(with.id, 7, morning);
  const long before = with.proxy->passed();
  ASSERT_EQ(with.ledger->commit(batch_of(recovered, 1, {intent_for(with, 1, 1)})), commit_result::committed);
  const long answer = with.proxy->passed() - before;
  ASSERT_GT(answer, 50);

  int resolved_committed = 0;
  std::uint64_t number = 1;
  for (long cut = 0; cut <= answer; cut += 3) {
    ++number;
    // Every second batch holds no intents: the mark alone must tell.
    const bool empty = number % 2 == 0;
    const auto batch =
        batch_of(recovered, number, empty ? std::vector<engine::intent>{} : std::vector{intent_for(with, number, 2)});
    with.proxy->cut_after(cut);
    commit_result seen = with.ledger->commit(batch);
    with.proxy->cut_after(-1);
    const bool was_unknown = seen == commit_result::unknown;
    if (was_unknown) seen = with.ledger->resolve(batch);
    const bool there = with.on
                           .run("SELECT last_batch = $2 FROM batch_mark WHERE org_id = $1 AND stream = 0",
                                params{}.uuid(with.id).int8(number))
                           .boolean(0, 0);
    ASSERT_EQ(seen, there ? commit_result::committed : commit_result::failed) << "cut after " << cut << " bytes";
    const auto rows = with.on
                          .run("SELECT count(*) FROM intent WHERE org_id = $1 AND attempt_id = $2",
                               params{}.uuid(with.id).int8(test::attempt_of(number).value))
                          .integer(0, 0);
    ASSERT_EQ(rows, there && !empty ? 1 : 0);
    resolved_committed += was_unknown && there;
    with.ledger->load(
        {recovered.owner, with.campaign, 0, {}, {}, {}, morning, 1});  // a fresh connection for the next cut
  }
  EXPECT_GT(resolved_committed, 0) << "no cut fell after COMMIT";
}

TEST(UnknownCommit, HeldByAStandby_StaysUnknownThenIsCommittedOnceTheStandbyIsThere) {
  test::small_organisation with;
  with.import(1, 3);
  ledger_options options = with.for_ledger();
  options.connection.commit_timeout = 200ms;
  options.connection.call_timeout = 5s;
  postgres_ledger ledger{std::move(options)};
  const engine::recovery recovered = ledger.take_over(with.id, 7, morning);
  with.on.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  with.on.run("SELECT pg_reload_conf()");
  // The server begins to wait when its checkpointer has read the setting: the first commit that is held is the one.
  std::uint64_t number = 0;
  engine::decision_batch batch;
  commit_result held = commit_result::committed;
  while (held != commit_result::unknown && number < 10'000) {
    batch = batch_of(recovered, ++number, {});
    held = ledger.commit(batch);
    // A disk that was slow for once is no standby that is missing.
    if (held == commit_result::unknown) held = ledger.resolve(batch);
  }
  EXPECT_EQ(held, commit_result::unknown) << "nobody can promise durability yet";
  with.on.run("ALTER SYSTEM RESET synchronous_standby_names");
  with.on.run("SELECT pg_reload_conf()");
  commit_result seen = commit_result::unknown;
  for (int i = 0; i < 50 && seen == commit_result::unknown; ++i) seen = ledger.resolve(batch);
  EXPECT_EQ(seen, commit_result::committed);
}

TEST(UnknownCommit, BatchDeclaredFailed_CanNeverCommitLater) {
  test::small_organisation with;
  with.import(1, 3);
  postgres_ledger ledger{with.for_ledger()};
  const engine::recovery recovered = ledger.take_over(with.id, 7, morning);
  const auto batch = batch_of(recovered, 5, {intent_for(with, 1, 1)});
  EXPECT_EQ(ledger.resolve(batch), commit_result::failed);
  EXPECT_EQ(ledger.commit(batch), commit_result::failed);
  EXPECT_EQ(ledger.commit(batch_of(recovered, 6, batch.intents)), commit_result::committed);
}

// What happened to calls is no less true for that: it goes in under another number.
TEST(UnknownCommit, OutcomesDeclaredFailed_CommitUnderAnotherNumber) {
  test::small_organisation with;
  with.import(1, 3);
  postgres_ledger ledger{with.for_ledger()};
  const engine::recovery recovered = ledger.take_over(with.id, 7, morning);
  const engine::intent dialed = intent_for(with, 1, 1);
  ASSERT_EQ(ledger.commit(batch_of(recovered, 1, {dialed})), commit_result::committed);
  engine::outcome_batch batch;
  batch.number = 2;
  batch.owner = recovered.owner;
  engine::outcome& taken = batch.outcomes.emplace_back();
  taken.attempt = dialed.attempt;
  taken.campaign = dialed.campaign;
  taken.kind = engine::outcome_kind::accepted;
  taken.at = morning;
  taken.call_ref = "CA1";
  EXPECT_EQ(ledger.resolve(batch), commit_result::failed);
  EXPECT_EQ(ledger.commit(batch), commit_result::failed);
  batch.number = 3;
  EXPECT_EQ(ledger.commit(batch), commit_result::committed);
}

TEST(Durability, DatabaseThatAcknowledgesEarly_IsOverruled) {
  test::small_organisation with;
  const std::string name{with.on.run("SELECT current_database()").text(0, 0)};
  with.on.run("ALTER DATABASE " + name + " SET synchronous_commit = off");
  session fresh = test::connect(with.for_ledger().connection.target);
  EXPECT_EQ(fresh.run("SHOW synchronous_commit").text(0, 0), "on");
}

// fsync on, the whole server killed: what was acknowledged is there afterwards.
TEST(Durability, CommittedResults_SurviveSigkillOfTheServer) {
  const scratch dir;
  cluster_options options;
  options.state_dir = dir.path();
  std::int64_t acknowledged = 0;
  {
    auto cluster = private_cluster::start(options);
    session on = test::connect(cluster.connection_string());
    on.run_script("CREATE TABLE kept (org_id bigint)", 5s);
    for (; acknowledged < 200; ++acknowledged) {
      transaction tx{on};
      tx.run("INSERT INTO kept (org_id) VALUES ($1)", params{}.int8(acknowledged));
      tx.commit();
    }
    transaction never{on};
    never.run("INSERT INTO kept (org_id) VALUES (-1)");
    kill(cluster.server_pid(), SIGKILL);
  }
  auto cluster = private_cluster::start(options);
  session on = test::connect(cluster.connection_string());
  const result rows = on.run("SELECT count(*), min(org_id) FROM kept");
  EXPECT_EQ(rows.integer(0, 0), acknowledged);
  EXPECT_EQ(rows.integer(0, 1), 0);
}

}  // namespace
}  // namespace dialer::sql
