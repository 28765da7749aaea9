#pragma once
// The wire under a session: one connection to PostgreSQL, non-blocking, so that every wait has a deadline. What is said
// over it, and what the end of a transaction means, is the session's.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sql/params.hpp"
#include "sql/session.hpp"

struct pg_conn;    // libpq's ...
struct pg_result;  // ... only named here

namespace dialer::sql {

/// One thread, and one address for life: libpq keeps a pointer to it. Whatever breaks the conversation closes the
/// connection and throws sql_error{connection}; what the server refuses is returned or thrown as sql_error{refused}.
class connection {
 public:
  using deadline = std::chrono::steady_clock::time_point;
  struct clear_result {
    void operator()(pg_result* owned) const noexcept;
  };
  using result_ptr = std::unique_ptr<pg_result, clear_result>;

  explicit connection(connect_options options) : options_{std::move(options)} {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  const connect_options& options() const noexcept { return options_; }
  bool up() const noexcept;
  /// Connects unless it is up. Throws sql_error{not_sent}.
  void open();
  void close() noexcept;

  /// Sends a statement with bound parameters; prepares it on first use.
  void send(std::string_view statement, const params& values, deadline until);
  /// Sends statements without parameters.
  void simple(const char* statements, deadline until);
  /// ... and reads to the end of their answers; throws the first error.
  void simple_and_drain(const std::string& statements, std::chrono::milliseconds timeout);
  /// The answer to a COPY FROM STDIN: all its bytes, then its end.
  void send_copy(std::string_view bytes, deadline until);
  /// ... or its refusal.
  void refuse_copy(const char* why, deadline until);
  /// The rows of what was sent last come one by one.
  void ask_for_single_rows();

  /// Null after the last one.
  result_ptr next_result(deadline until);
  /// Throws when the conversation has broken off.
  void require_up();
  /// Reads to the end of the answer; the first error, if any.
  result_ptr drain(deadline until, result_ptr first_error);

  /// The server committed without a standby's confirmation, since this was last called.
  bool take_durability_refused() noexcept;

  static bool is_error(const pg_result* of);
  static std::string message_of(const pg_result* of);
  [[noreturn]] static void refuse(const pg_result* error, std::string_view statement);

 private:
  [[noreturn]] void lose(const std::string& why);
  static void on_notice(void* self, const pg_result* notice);
  void wait_for(short events, deadline until);
  void check_input();
  void flush(deadline until);
  const std::string& prepare(std::string_view statement, const params& values, deadline until);

  struct finish_connection {
    void operator()(pg_conn* owned) const noexcept;
  };
  connect_options options_;
  std::unique_ptr<pg_conn, finish_connection> c_;
  std::unordered_map<std::string, std::string> prepared_;  // statement text -> its name on this connection
  bool durability_refused_ = false;                        // set by the notice receiver
};

}  // namespace dialer::sql
