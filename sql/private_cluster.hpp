#pragma once
// The default database: a PostgreSQL of our own, on a Unix socket below the state directory, as long as we live.
//
// Invariants
//  1. One owner per state directory: flock on <state>/database.lock, held from before the first look at the data until
//     the server is gone. Whatever process is found on the data while we hold the lock is an orphan of ours.
//  2. The server dies with us: parent-death signal SIGINT (a fast, clean stop), also after kill -9.
//  3. Nobody else reaches it: no TCP, socket directory 0700, peer authentication for root and the service user only.
//  4. Never PostgreSQL as root: as root we drop to the owner of the data, else to user "postgres".

#include <filesystem>
#include <memory>
#include <string>

namespace dialer::sql {

struct cluster_options {
  std::filesystem::path state_dir;        ///< empty: default_state_dir()
  std::filesystem::path server_binaries;  ///< directory of `postgres` and `initdb`; empty: looked for
  std::string database = "dialer";
  /// False in tests only: no fsync anywhere. Data does not survive a crash of the machine.
  bool durable = true;
};

/// Owns the server (or, attached, only the right to talk to it). Movable; the destructor stops an owned server.
/// start() and attach() must be called on a thread that lives as long as the object: the server dies with that thread.
class private_cluster {
 public:
  /// Makes the data on first use (1-3 s), else starts in well under a second. Throws cluster_error.
  static private_cluster start(const cluster_options& options);
  /// Talks to the server that another process runs on this state directory; starts one for the life of the object when
  /// nobody does. Throws cluster_error.
  static private_cluster attach(const cluster_options& options);

  private_cluster(private_cluster&&) noexcept;
  private_cluster& operator=(private_cluster&&) noexcept;
  ~private_cluster();

  /// libpq connection string; valid for root and the service user on this machine.
  const std::string& connection_string() const;
  /// Process id of the server we started; 0 when attached to somebody else's.
  int server_pid() const;
  /// False once an owned server has ended by itself.
  bool running() const;
  /// Fast stop (open transactions roll back) and the state directory is free again; idempotent; nothing when attached.
  void stop();

 private:
  struct impl;
  explicit private_cluster(std::unique_ptr<impl> made);
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::sql
