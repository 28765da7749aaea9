#include "sql/session.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "sql/connection.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;
using deadline_clock = std::chrono::steady_clock;
using deadline = connection::deadline;
using result_ptr = connection::result_ptr;

constexpr const char* unconfirmed = "committed here, but no synchronous standby confirmed it";

// As PostgreSQL reads a uuid.
std::string hex(const id128& value) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(value.high),
                static_cast<unsigned long long>(value.low));
  return text.data();
}

}  // namespace

struct session::impl {
  explicit impl(connect_options options) : link{std::move(options)} {}

  connection link;
  std::string name_tenant;  // statement at the beginning of every transaction; empty: nobody is acted for
  bool in_transaction = false;
  std::string last_error;

  bool needs_transaction() const { return !name_tenant.empty() && !in_transaction; }

  void connect() {
    if (link.up()) return;
    link.close();
    if (in_transaction) throw sql_error(error_class::connection, {}, "the connection was lost inside a transaction");
    link.open();
  }

  void restore_statement_timeout() { link.simple_and_drain("RESET statement_timeout", link.options().call_timeout); }

  void commit() {
    link.take_durability_refused();  // of an earlier one
    in_transaction = false;
    const deadline until = deadline_clock::now() + link.options().commit_timeout;
    try {
      link.simple("COMMIT", until);
      result_ptr answer = link.next_result(until);
      const std::string tag = answer ? PQcmdStatus(answer.get()) : "";
      const result_ptr error =
          link.drain(until, answer && connection::is_error(answer.get()) ? std::move(answer) : nullptr);
      if (error) connection::refuse(error.get(), "COMMIT");
      if (tag != "COMMIT") throw sql_error(error_class::refused, {}, "the transaction had failed and was rolled back");
    } catch (const sql_error& error) {
      if (error.kind() != error_class::connection) throw;
      throw sql_error(error_class::unknown, {}, std::string("COMMIT without an answer: ") + error.what());
    }
    if (link.take_durability_refused()) throw sql_error(error_class::unknown, {}, unconfirmed);
  }

  script_end commit_script(const std::string& script, const std::function<bool(int, const result&)>& check,
                           std::span<const std::string_view> copies) {
    link.take_durability_refused();  // of an earlier one
    const deadline until = deadline_clock::now() + link.options().call_timeout;
    bool stopped = false;
    bool past_gate = false;
    bool commit_possible = false;  // the last COPY is on its way, COMMIT follows without us
    bool committed = false;
    std::size_t next_copy = 0;
    int index = 0;
    result_ptr first_error;
    try {
      link.simple(script.c_str(), until);
      // Once the last COPY is sent only the commit is left: the shorter deadline holds.
      deadline current = until;
      for (result_ptr one = link.next_result(current); one; one = link.next_result(current)) {
        const ExecStatusType status = PQresultStatus(one.get());
        if (connection::is_error(one.get())) {
          if (!first_error) first_error = std::move(one);
        } else if (status == PGRES_COPY_IN) {
          if (stopped || next_copy == copies.size()) {
            stopped = true;
            link.refuse_copy("stopped by its check", until);
          } else {
            past_gate = true;
            const std::string_view bytes = copies[next_copy++];
            commit_possible = next_copy == copies.size();
            link.send_copy(bytes, until);
            if (commit_possible) current = std::min(until, deadline_clock::now() + link.options().commit_timeout);
          }
        } else {
          committed = std::string_view{PQcmdStatus(one.get())} == "COMMIT";
          const result seen{one.release()};
          if (!past_gate && !stopped && !check(index, seen)) stopped = true;
          ++index;
        }
      }
      link.require_up();
    } catch (const sql_error& error) {
      last_error = error.what();
      return commit_possible ? script_end::unknown : script_end::failed;
    }
    if (committed && !first_error) {
      const bool refused = link.take_durability_refused();
      last_error = refused ? unconfirmed : "";
      return refused ? script_end::unknown : script_end::committed;
    }
    last_error = stopped       ? ""
                 : first_error ? connection::message_of(first_error.get())
                               : "the transaction was rolled back";
    // After an error inside BEGIN … COMMIT the connection is left in a failed transaction.
    try {
      link.simple_and_drain("ROLLBACK", link.options().call_timeout);
    } catch (const sql_error&) {
      link.close();  // rolls back as well
    }
    return stopped ? script_end::stopped : script_end::failed;
  }
};

session::session(connect_options options) : impl_{std::make_unique<impl>(std::move(options))} {}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

void session::connect() {
  impl_->connect();
}
void session::disconnect() noexcept {
  impl_->link.close();
}
bool session::connected() const noexcept {
  return impl_->link.up();
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
  const deadline until = deadline_clock::now() + impl_->link.options().call_timeout;
  impl_->link.send(statement, values, until);
  result_ptr answer = impl_->link.next_result(until);
  const bool failed = answer && connection::is_error(answer.get());
  const result_ptr error = impl_->link.drain(until, failed ? std::move(answer) : nullptr);
  if (error) connection::refuse(error.get(), statement);
  return result{answer.release()};
}

void session::for_each_row(std::string_view statement, const params& values,
                           const std::function<void(const result&)>& visit,
                           std::optional<std::chrono::milliseconds> within) {
  if (impl_->needs_transaction()) {
    transaction tx{*this};
    for_each_row(statement, values, visit, within);
    return tx.commit();
  }
  impl_->connect();
  // The server's deadline is on the whole statement, which would bound how much can be read; and when it is wanted it
  // comes before ours, which would cost the connection.
  impl_->link.simple_and_drain("SET statement_timeout = " + std::to_string(within.value_or(0ms).count()),
                               impl_->link.options().call_timeout);
  deadline until = deadline_clock::now() + impl_->link.options().first_row_timeout;
  try {
    impl_->link.send(statement, values, until);
    impl_->link.ask_for_single_rows();
    for (result_ptr one = impl_->link.next_result(until); one; one = impl_->link.next_result(until)) {
      if (connection::is_error(one.get())) {
        const result_ptr error = impl_->link.drain(until, std::move(one));
        connection::refuse(error.get(), statement);
      }
      if (PQresultStatus(one.get()) == PGRES_SINGLE_TUPLE) visit(result{one.release()});
      until = deadline_clock::now() + impl_->link.options().call_timeout;  // the bound is on silence, not on the whole
    }
  } catch (const sql_error&) {
    // A transaction that failed takes the setting back with everything else.
    if (connected() && !impl_->in_transaction) impl_->restore_statement_timeout();
    throw;
  } catch (...) {
    impl_->link.close();  // the visitor gave up in the middle of the rows
    throw;
  }
  impl_->restore_statement_timeout();
}

void session::run_script(const std::string& statements, std::chrono::milliseconds timeout) {
  impl_->connect();
  impl_->link.simple_and_drain(statements, timeout);
}

int session::copy_in(std::string_view statement, std::string_view bytes) {
  impl_->connect();
  const deadline until = deadline_clock::now() + impl_->link.options().call_timeout;
  impl_->link.simple(std::string(statement).c_str(), until);
  result_ptr answer = impl_->link.next_result(until);
  if (!answer || PQresultStatus(answer.get()) != PGRES_COPY_IN) {
    const result_ptr error =
        impl_->link.drain(until, answer && connection::is_error(answer.get()) ? std::move(answer) : nullptr);
    if (error) connection::refuse(error.get(), statement);
    throw std::logic_error("not a COPY FROM STDIN statement: " + std::string(statement));
  }
  impl_->link.send_copy(bytes, until);
  answer = impl_->link.next_result(until);
  const bool failed = answer && connection::is_error(answer.get());
  const result_ptr error = impl_->link.drain(until, failed ? std::move(answer) : nullptr);
  if (error) connection::refuse(error.get(), statement);
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
