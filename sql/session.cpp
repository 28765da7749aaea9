#include "sql/session.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using deadline_clock = std::chrono::steady_clock;
using deadline = deadline_clock::time_point;

struct clear_result {
  void operator()(PGresult* owned) const noexcept { PQclear(owned); }
};
using result_ptr = std::unique_ptr<PGresult, clear_result>;

struct finish_connection {
  void operator()(PGconn* owned) const noexcept { PQfinish(owned); }
};

std::string field_of(const PGresult* of, int code) {
  const char* text = PQresultErrorField(of, code);
  return text == nullptr ? std::string{} : std::string{text};
}

bool is_error(const PGresult* of) {
  const ExecStatusType status = PQresultStatus(of);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_EMPTY_QUERY;
}

// As PostgreSQL reads a uuid.
std::string hex(const id128& value) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(value.high),
                static_cast<unsigned long long>(value.low));
  return text.data();
}

std::string message_of(const PGresult* of) {
  const std::string primary = field_of(of, PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = field_of(of, PG_DIAG_MESSAGE_DETAIL);
  if (primary.empty()) return PQresultErrorMessage(of);
  return detail.empty() ? primary : primary + " (" + detail + ")";
}

}  // namespace

struct session::impl {
  connect_options options;
  std::unique_ptr<PGconn, finish_connection> c;
  std::unordered_map<std::string, std::string> prepared;  // statement text -> its name on this connection
  std::string name_tenant;  // statement at the beginning of every transaction; empty: nobody is acted for
  bool in_transaction = false;
  bool durability_refused = false;  // set by the notice receiver, read after each COMMIT
  std::string last_error;

  // The server answered COMMIT to a transaction that no standby confirmed. The function's name is the same in every
  // language of the server's messages.
  static void on_notice(void* self, const PGresult* notice) {
    const std::string where = field_of(notice, PG_DIAG_SOURCE_FUNCTION);
    const std::string words = field_of(notice, PG_DIAG_MESSAGE_PRIMARY);
    if (where == "SyncRepWaitForLSN" || words.find("wait for synchronous replication") != std::string::npos) {
      static_cast<impl*>(self)->durability_refused = true;
    }
  }

  bool needs_transaction() const { return !name_tenant.empty() && !in_transaction; }

  void disconnect() noexcept {
    c.reset();
    prepared.clear();
  }

  void connect() {
    if (c && PQstatus(c.get()) == CONNECTION_OK) return;
    disconnect();
    if (in_transaction) throw sql_error(error_class::connection, {}, "the connection was lost inside a transaction");
    // The statement timeout is a little shorter than ours, so that the server answers before we hang up.
    const auto statement_timeout = options.call_timeout - options.call_timeout / 10;
    std::string settings =
        "-c client_min_messages=warning -c DateStyle=ISO -c TimeZone=UTC -c tcp_user_timeout=5000" +
        std::string(" -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3") +
        " -c idle_in_transaction_session_timeout=" + std::to_string(options.call_timeout.count()) +
        " -c statement_timeout=" + std::to_string(statement_timeout.count());
    if (options.key_lookups_only) {
      settings +=
          " -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";
    }
    if (!options.role.empty()) settings += " -c role=" + options.role;
    const std::array<const char*, 11> names{"dbname",
                                            "application_name",
                                            "options",
                                            "connect_timeout",
                                            "tcp_user_timeout",
                                            "keepalives",
                                            "keepalives_idle",
                                            "keepalives_interval",
                                            "keepalives_count",
                                            "target_session_attrs",
                                            nullptr};
    const std::array<const char*, 11> values{options.target.c_str(),
                                             options.application_name.c_str(),
                                             settings.c_str(),
                                             "3",
                                             "5000",
                                             "1",
                                             "2",
                                             "2",
                                             "3",
                                             "read-write",
                                             nullptr};
    c.reset(PQconnectdbParams(names.data(), values.data(), 1));
    if (!c || PQstatus(c.get()) != CONNECTION_OK) {
      const std::string why = c ? PQerrorMessage(c.get()) : "out of memory";
      disconnect();
      throw sql_error(error_class::not_sent, {}, "cannot reach the database: " + why);
    }
    PQsetnonblocking(c.get(), 1);
    PQsetNoticeReceiver(c.get(), &impl::on_notice, this);
  }

  [[noreturn]] void lose(error_class what, const std::string& why) {
    disconnect();
    throw sql_error(what, {}, why);
  }

  void wait_for(short events, deadline until) {
    pollfd descriptor{PQsocket(c.get()), events, 0};
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - deadline_clock::now()).count();
      if (left <= 0) lose(error_class::connection, "the database did not answer in time");
      const int ready = poll(&descriptor, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
      if (ready > 0) return;
      if (ready < 0 && errno != EINTR) lose(error_class::connection, "poll failed");
    }
  }

  void check_input() {
    if (PQconsumeInput(c.get()) == 0) lose(error_class::connection, PQerrorMessage(c.get()));
  }

  void flush(deadline until) {
    int left = PQflush(c.get());
    while (left > 0) {
      // Reading while writing: a server that sends notices or an error would otherwise block on us.
      wait_for(POLLIN | POLLOUT, until);
      check_input();
      left = PQflush(c.get());
    }
    if (left < 0) lose(error_class::connection, PQerrorMessage(c.get()));
  }

  result_ptr next_result(deadline until) {
    while (PQisBusy(c.get()) != 0) {
      wait_for(POLLIN, until);
      check_input();
    }
    result_ptr got{PQgetResult(c.get())};
    if (!got && PQstatus(c.get()) == CONNECTION_BAD) lose(error_class::connection, PQerrorMessage(c.get()));
    return got;
  }

  // Reads to the end of the answer; the first error, if any.
  result_ptr drain(deadline until, result_ptr first_error) {
    for (result_ptr one = next_result(until); one; one = next_result(until)) {
      if (PQresultStatus(one.get()) == PGRES_COPY_IN) PQputCopyEnd(c.get(), "not expected here"), flush(until);
      if (is_error(one.get()) && !first_error) first_error = std::move(one);
    }
    if (PQstatus(c.get()) == CONNECTION_BAD) {
      lose(error_class::connection, first_error ? message_of(first_error.get()) : PQerrorMessage(c.get()));
    }
    return first_error;
  }

  [[noreturn]] static void refuse(const PGresult* error, std::string_view statement) {
    throw sql_error(error_class::refused, field_of(error, PG_DIAG_SQLSTATE),
                    message_of(error) + " in: " + std::string(statement.substr(0, 120)));
  }

  // Name of the prepared statement; prepares it on first use.
  const std::string& prepare(std::string_view statement, const params& values, deadline until) {
    const auto [found, fresh] = prepared.try_emplace(std::string(statement), "s" + std::to_string(prepared.size()));
    if (!fresh) return found->second;
    std::vector<Oid> types;
    for (const auto& value : values.values()) types.push_back(value.type);
    if (PQsendPrepare(c.get(), found->second.c_str(), found->first.c_str(), static_cast<int>(types.size()),
                      types.data()) == 0) {
      lose(error_class::connection, PQerrorMessage(c.get()));
    }
    flush(until);
    if (const result_ptr error = drain(until, {})) {
      prepared.erase(found);
      refuse(error.get(), statement);
    }
    return found->second;
  }

  void send(std::string_view statement, const params& values, deadline until) {
    const std::string& name = prepare(statement, values, until);
    std::vector<const char*> data;
    std::vector<int> lengths;
    const std::vector<int> formats(values.values().size(), 1);
    for (const auto& value : values.values()) {
      data.push_back(value.null ? nullptr : value.bytes.data());
      lengths.push_back(static_cast<int>(value.bytes.size()));
    }
    if (PQsendQueryPrepared(c.get(), name.c_str(), static_cast<int>(data.size()), data.data(), lengths.data(),
                            formats.data(), 1) == 0) {
      lose(error_class::connection, PQerrorMessage(c.get()));
    }
    flush(until);
  }

  void send_copy(std::string_view bytes, deadline until) {
    constexpr std::size_t chunk = 1 << 20;  // bounds libpq's own buffer
    for (std::size_t at = 0; at < bytes.size(); at += chunk) {
      const std::string_view part = bytes.substr(at, chunk);
      if (PQputCopyData(c.get(), part.data(), static_cast<int>(part.size())) < 0) {
        lose(error_class::connection, PQerrorMessage(c.get()));
      }
      flush(until);
    }
    if (PQputCopyEnd(c.get(), nullptr) < 0) lose(error_class::connection, PQerrorMessage(c.get()));
    flush(until);
  }

  void simple(const char* statements, deadline until) {
    if (PQsendQuery(c.get(), statements) == 0) lose(error_class::connection, PQerrorMessage(c.get()));
    flush(until);
  }

  void simple_and_drain(const std::string& statements, std::chrono::milliseconds timeout) {
    const deadline until = deadline_clock::now() + timeout;
    simple(statements.c_str(), until);
    if (const result_ptr error = drain(until, {})) refuse(error.get(), statements);
  }

  void restore_statement_timeout() { simple_and_drain("RESET statement_timeout", options.call_timeout); }

  void commit() {
    durability_refused = false;
    in_transaction = false;
    const deadline until = deadline_clock::now() + options.commit_timeout;
    bool asked = false;
    try {
      simple("COMMIT", until);
      asked = true;
      result_ptr answer = next_result(until);
      const std::string tag = answer ? PQcmdStatus(answer.get()) : "";
      const result_ptr error = drain(until, answer && is_error(answer.get()) ? std::move(answer) : nullptr);
      if (error) refuse(error.get(), "COMMIT");
      if (tag != "COMMIT") throw sql_error(error_class::refused, {}, "the transaction had failed and was rolled back");
    } catch (const sql_error& error) {
      if (error.kind() != error_class::connection) throw;
      throw sql_error(error_class::unknown, {}, std::string("COMMIT without an answer: ") + error.what());
    }
    if (asked && durability_refused) {
      throw sql_error(error_class::unknown, {}, "committed here, but no synchronous standby confirmed it");
    }
  }

  script_end commit_script(const std::string& script, const std::function<bool(int, const result&)>& check,
                           std::span<const std::string_view> copies) {
    durability_refused = false;
    const deadline until = deadline_clock::now() + options.call_timeout;
    bool stopped = false;
    bool past_gate = false;
    bool commit_possible = false;  // the last COPY is on its way, COMMIT follows without us
    bool committed = false;
    std::size_t next_copy = 0;
    int index = 0;
    result_ptr first_error;
    try {
      simple(script.c_str(), until);
      // Once the last COPY is sent only the commit is left: the shorter deadline holds.
      deadline current = until;
      for (result_ptr one = next_result(current); one; one = next_result(current)) {
        const ExecStatusType status = PQresultStatus(one.get());
        if (is_error(one.get())) {
          if (!first_error) first_error = std::move(one);
        } else if (status == PGRES_COPY_IN) {
          if (stopped || next_copy == copies.size()) {
            stopped = true;
            if (PQputCopyEnd(c.get(), "stopped by its check") < 0)
              lose(error_class::connection, PQerrorMessage(c.get()));
            flush(until);
          } else {
            past_gate = true;
            const std::string_view bytes = copies[next_copy++];
            commit_possible = next_copy == copies.size();
            send_copy(bytes, until);
            if (commit_possible) current = std::min(until, deadline_clock::now() + options.commit_timeout);
          }
        } else {
          committed = std::string_view{PQcmdStatus(one.get())} == "COMMIT";
          const result seen{one.release()};
          if (!past_gate && !stopped && !check(index, seen)) stopped = true;
          ++index;
        }
      }
      if (PQstatus(c.get()) == CONNECTION_BAD) lose(error_class::connection, PQerrorMessage(c.get()));
    } catch (const sql_error& error) {
      last_error = error.what();
      return commit_possible ? script_end::unknown : script_end::failed;
    }
    if (committed && !first_error) {
      last_error = durability_refused ? "committed here, but no synchronous standby confirmed it" : "";
      return durability_refused ? script_end::unknown : script_end::committed;
    }
    last_error = stopped ? "" : first_error ? message_of(first_error.get()) : "the transaction was rolled back";
    // After an error inside BEGIN … COMMIT the connection is left in a failed transaction.
    try {
      simple_and_drain("ROLLBACK", options.call_timeout);
    } catch (const sql_error&) {
      disconnect();  // rolls back as well
    }
    return stopped ? script_end::stopped : script_end::failed;
  }
};

session::session(connect_options options) : impl_{std::make_unique<impl>()} {
  impl_->options = std::move(options);
}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

void session::connect() {
  impl_->connect();
}
void session::disconnect() noexcept {
  impl_->disconnect();
}
bool session::connected() const noexcept {
  return impl_->c && PQstatus(impl_->c.get()) == CONNECTION_OK;
}
const std::string& session::last_error() const noexcept {
  return impl_->last_error;
}

void session::act_for(std::optional<organisation_id> tenant) {
  if (impl_->in_transaction) throw std::logic_error("whom a transaction acts for is settled when it begins");
  impl_->name_tenant = tenant ? "; SET LOCAL app.org = '" + hex(*tenant) + "'" : "";
}

result session::run(std::string_view statement, const params& values) {
  if (impl_->needs_transaction()) {
    transaction tx{*this};
    result rows = run(statement, values);
    tx.commit();
    return rows;
  }
  impl_->connect();
  const deadline until = deadline_clock::now() + impl_->options.call_timeout;
  impl_->send(statement, values, until);
  result_ptr answer = impl_->next_result(until);
  const bool failed = answer && is_error(answer.get());
  const result_ptr error = impl_->drain(until, failed ? std::move(answer) : nullptr);
  if (error) impl::refuse(error.get(), statement);
  return result{answer.release()};
}

void session::for_each_row(std::string_view statement, const params& values,
                           const std::function<void(const result&)>& visit) {
  if (impl_->needs_transaction()) {
    transaction tx{*this};
    for_each_row(statement, values, visit);
    return tx.commit();
  }
  impl_->connect();
  // The server's deadline is on the whole statement, which would bound how much can be read.
  impl_->simple_and_drain("SET statement_timeout = 0", impl_->options.call_timeout);
  deadline until = deadline_clock::now() + impl_->options.first_row_timeout;
  try {
    impl_->send(statement, values, until);
    PQsetSingleRowMode(impl_->c.get());
    for (result_ptr one = impl_->next_result(until); one; one = impl_->next_result(until)) {
      if (is_error(one.get())) {
        const result_ptr error = impl_->drain(until, std::move(one));
        impl::refuse(error.get(), statement);
      }
      if (PQresultStatus(one.get()) == PGRES_SINGLE_TUPLE) visit(result{one.release()});
      until = deadline_clock::now() + impl_->options.call_timeout;  // the bound is on silence, not on the whole
    }
  } catch (const sql_error&) {
    // A transaction that failed takes the setting back with everything else.
    if (connected() && !impl_->in_transaction) impl_->restore_statement_timeout();
    throw;
  } catch (...) {
    impl_->disconnect();  // the visitor gave up in the middle of the rows
    throw;
  }
  impl_->restore_statement_timeout();
}

void session::run_script(const std::string& statements, std::chrono::milliseconds timeout) {
  impl_->connect();
  impl_->simple_and_drain(statements, timeout);
}

int session::copy_in(std::string_view statement, std::string_view bytes) {
  impl_->connect();
  const deadline until = deadline_clock::now() + impl_->options.call_timeout;
  impl_->simple(std::string(statement).c_str(), until);
  result_ptr answer = impl_->next_result(until);
  if (!answer || PQresultStatus(answer.get()) != PGRES_COPY_IN) {
    const result_ptr error = impl_->drain(until, answer && is_error(answer.get()) ? std::move(answer) : nullptr);
    if (error) impl::refuse(error.get(), statement);
    throw std::logic_error("not a COPY FROM STDIN statement: " + std::string(statement));
  }
  impl_->send_copy(bytes, until);
  answer = impl_->next_result(until);
  const bool failed = answer && is_error(answer.get());
  const result_ptr error = impl_->drain(until, failed ? std::move(answer) : nullptr);
  if (error) impl::refuse(error.get(), statement);
  return result{answer.release()}.affected();
}

script_end session::commit_script(const std::string& script, const std::function<bool(int, const result&)>& check,
                                  std::span<const std::string_view> copies) {
  if (copies.empty()) throw std::logic_error("a commit script without a COPY has no gate");
  try {
    impl_->connect();
  } catch (const sql_error& error) {
    impl_->last_error = error.what();
    return script_end::failed;
  }
  return impl_->commit_script(script, check, copies);
}

transaction::transaction(session& on, mode how) : session_{on} {
  session_.impl_->connect();
  session_.run_script((how == mode::snapshot ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN") +
                          session_.impl_->name_tenant,
                      10s);
  session_.impl_->in_transaction = true;
}

transaction::~transaction() {
  if (!open_ || !session_.connected()) {
    session_.impl_->in_transaction = false;
    return;
  }
  session_.impl_->in_transaction = false;
  try {
    session_.run_script("ROLLBACK", 2s);
  } catch (const sql_error&) {
    session_.disconnect();  // the server rolls back what a vanished client left open
  }
}

void transaction::commit() {
  open_ = false;
  session_.impl_->commit();
}

}  // namespace dialer::sql
