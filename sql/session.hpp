#pragma once
// One conversation with PostgreSQL. Blocking calls, each bounded by a deadline; libpq underneath, non-blocking.
//
// Thread-safety: one session, one thread. Nothing here retries: what an error means is the caller's decision.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "model/ids.hpp"
#include "sql/params.hpp"
#include "sql/result.hpp"

namespace dialer::sql {

/// What an error says about the transaction it ended.
enum class error_class {
  refused,     ///< the server answered and rolled back: certainly nothing written
  not_sent,    ///< no connection: certainly nothing written
  connection,  ///< the conversation broke before COMMIT was asked for: certainly nothing written
  unknown,     ///< COMMIT was asked for and its answer did not come, or did not promise durability
};

class sql_error : public std::runtime_error {
 public:
  sql_error(error_class what, std::string sqlstate, const std::string& message, std::string constraint = {})
      : std::runtime_error{message}, what_{what}, sqlstate_{std::move(sqlstate)}, constraint_{std::move(constraint)} {}
  error_class kind() const noexcept { return what_; }
  /// Five characters, empty when the error is ours or the network's.
  const std::string& sqlstate() const noexcept { return sqlstate_; }
  /// Which one the statement would have broken, or empty.
  const std::string& constraint() const noexcept { return constraint_; }

 private:
  error_class what_;
  std::string sqlstate_;
  std::string constraint_;
};

struct connect_options {
  std::string target;  ///< libpq connection string or URI
  std::string application_name = "dialer";
  std::chrono::milliseconds call_timeout{10'000};        ///< one statement, from sending it to its last row
  std::chrono::milliseconds first_row_timeout{600'000};  ///< for_each_row: joins and sorts of a large table come first
  std::chrono::milliseconds commit_timeout{2'000};       ///< COMMIT; a synchronous standby can hold it for ever
  std::string role{};                                    ///< SET ROLE for the whole connection; empty: as who logged in
  bool key_lookups_only = false;  ///< every statement reads by key: plan so, even before a new table has statistics
};

/// How a commit script ended.
enum class script_end {
  committed,  ///< durable
  stopped,    ///< the caller's check said no; rolled back
  failed,     ///< certainly nothing written; last_error() says why
  unknown,    ///< must be read back
};

class session {
 public:
  /// Does not connect yet.
  explicit session(connect_options options);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  /// Connects unless there is a good connection. Throws sql_error{not_sent}. Every other call does so first, except
  /// inside a transaction, where a lost connection is an error.
  void connect();
  /// Drops the connection; the server rolls back what was open.
  void disconnect() noexcept;
  bool connected() const noexcept;

  /// From here on every transaction begins by naming this organisation (SET LOCAL app.org), and a statement outside of
  /// one gets a transaction of its own: a role under row-level security then sees that organisation's rows only.
  /// Nothing: names none, and such a role sees no row. Not inside a transaction.
  void act_for(std::optional<organisation_id> tenant);

  /// One statement with bound parameters; prepared on first use and kept. Throws sql_error.
  result run(std::string_view statement, const params& values = {});
  /// Rows one by one, in constant memory, for as long as they keep coming: bounded are the wait for the first one
  /// (first_row_timeout) and the silence after it (call_timeout). With `within` the whole of it is bounded instead.
  /// `visit` gets one-row results.
  void for_each_row(std::string_view statement, const params& values, const std::function<void(const result&)>& visit,
                    std::optional<std::chrono::milliseconds> within = {});
  /// Statements without parameters or rows (migrations). `timeout` covers all of them.
  void run_script(const std::string& statements, std::chrono::milliseconds timeout);
  /// COPY … FROM STDIN (FORMAT binary) with the bytes of a copy_writer; answers the number of rows.
  int copy_in(std::string_view statement, std::string_view bytes);

  /// One simple-protocol script that begins and commits a transaction. Its first COPY is the gate: the server waits
  /// there, and `check` has by then seen the result of every statement before it (called with its index, BEGIN = 0);
  /// once it answered false everything is rolled back. `copies` are sent to the script's COPYs in order; there must be
  /// at least one. Two round trips in all.
  script_end commit_script(const std::string& script, const std::function<bool(int, const result&)>& check,
                           std::span<const std::string_view> copies);
  /// Why the last commit_script did not commit; empty otherwise.
  const std::string& last_error() const noexcept;

 private:
  friend class transaction;
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// READ COMMITTED unless stated otherwise. Rolls back when destroyed without commit().
class transaction {
 public:
  enum class mode { read_write, snapshot };  ///< snapshot: REPEATABLE READ, read only
  explicit transaction(session& on, mode how = mode::read_write);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  session& on() noexcept { return session_; }
  result run(std::string_view statement, const params& values = {}) { return session_.run(statement, values); }
  /// Throws sql_error; of class `unknown` when the answer was lost or did not promise durability.
  void commit();

 private:
  session& session_;
  bool open_ = true;
};

}  // namespace dialer::sql
