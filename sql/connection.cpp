#include "sql/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

namespace dialer::sql {

using deadline_clock = std::chrono::steady_clock;

namespace {

std::string field_of(const PGresult* of, int code) {
  const char* text = PQresultErrorField(of, code);
  return text == nullptr ? std::string{} : std::string{text};
}

}  // namespace

void connection::clear_result::operator()(pg_result* owned) const noexcept {
  PQclear(owned);
}
void connection::finish_connection::operator()(pg_conn* owned) const noexcept {
  PQfinish(owned);
}

bool connection::is_error(const pg_result* of) {
  const ExecStatusType status = PQresultStatus(of);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_EMPTY_QUERY;
}

std::string connection::message_of(const pg_result* of) {
  const std::string primary = field_of(of, PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = field_of(of, PG_DIAG_MESSAGE_DETAIL);
  if (primary.empty()) return PQresultErrorMessage(of);
  return detail.empty() ? primary : primary + " (" + detail + ")";
}

// The server answered COMMIT to a transaction that no standby confirmed. The function's name is the same in every
// language of the server's messages.
void connection::on_notice(void* self, const pg_result* notice) {
  const std::string where = field_of(notice, PG_DIAG_SOURCE_FUNCTION);
  const std::string words = field_of(notice, PG_DIAG_MESSAGE_PRIMARY);
  if (where == "SyncRepWaitForLSN" || words.find("wait for synchronous replication") != std::string::npos) {
    static_cast<connection*>(self)->durability_refused_ = true;
  }
}

bool connection::take_durability_refused() noexcept {
  return std::exchange(durability_refused_, false);
}

bool connection::up() const noexcept {
  return c_ && PQstatus(c_.get()) == CONNECTION_OK;
}

void connection::close() noexcept {
  c_.reset();
  prepared_.clear();
}

void connection::open() {
  if (up()) return;
  close();
  // The statement timeout is a little shorter than ours, so that the server answers before we hang up.
  const auto statement_timeout = options_.call_timeout - options_.call_timeout / 10;
  // Whatever the role or the database says: what was acknowledged must outlive the server.
  std::string settings =
      "-c synchronous_commit=on -c client_min_messages=warning -c DateStyle=ISO -c TimeZone=UTC -c "
      "tcp_user_timeout=5000" +
      std::string(" -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3") +
      " -c idle_in_transaction_session_timeout=" + std::to_string(options_.call_timeout.count()) +
      " -c statement_timeout=" + std::to_string(statement_timeout.count());
  if (options_.key_lookups_only) {
    settings +=
        " -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";
  }
  if (!options_.role.empty()) settings += " -c role=" + options_.role;
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
  const std::array<const char*, 11> values{options_.target.c_str(),
                                           options_.application_name.c_str(),
                                           settings.c_str(),
                                           "3",
                                           "5000",
                                           "1",
                                           "2",
                                           "2",
                                           "3",
                                           "read-write",
                                           nullptr};
  c_.reset(PQconnectdbParams(names.data(), values.data(), 1));
  if (!c_ || PQstatus(c_.get()) != CONNECTION_OK) {
    const std::string why = c_ ? PQerrorMessage(c_.get()) : "out of memory";
    close();
    throw sql_error(error_class::not_sent, {}, "cannot reach the database: " + why);
  }
  PQsetnonblocking(c_.get(), 1);
  PQsetNoticeReceiver(c_.get(), &connection::on_notice, this);
}

void connection::lose(const std::string& why) {
  close();
  throw sql_error(error_class::connection, {}, why);
}

void connection::require_up() {
  if (PQstatus(c_.get()) == CONNECTION_BAD) lose(PQerrorMessage(c_.get()));
}

void connection::wait_for(short events, deadline until) {
  pollfd descriptor{PQsocket(c_.get()), events, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - deadline_clock::now()).count();
    if (left <= 0) lose("the database did not answer in time");
    const int ready = poll(&descriptor, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) lose("poll failed");
  }
}

void connection::check_input() {
  if (PQconsumeInput(c_.get()) == 0) lose(PQerrorMessage(c_.get()));
}

void connection::flush(deadline until) {
  int left = PQflush(c_.get());
  while (left > 0) {
    // Reading while writing: a server that sends notices or an error would otherwise block on us.
    wait_for(POLLIN | POLLOUT, until);
    check_input();
    left = PQflush(c_.get());
  }
  if (left < 0) lose(PQerrorMessage(c_.get()));
}

connection::result_ptr connection::next_result(deadline until) {
  while (PQisBusy(c_.get()) != 0) {
    wait_for(POLLIN, until);
    check_input();
  }
  result_ptr got{PQgetResult(c_.get())};
  if (!got && PQstatus(c_.get()) == CONNECTION_BAD) lose(PQerrorMessage(c_.get()));
  return got;
}

connection::result_ptr connection::drain(deadline until, result_ptr first_error) {
  for (result_ptr one = next_result(until); one; one = next_result(until)) {
    if (PQresultStatus(one.get()) == PGRES_COPY_IN) PQputCopyEnd(c_.get(), "not expected here"), flush(until);
    if (is_error(one.get()) && !first_error) first_error = std::move(one);
  }
  if (PQstatus(c_.get()) == CONNECTION_BAD) {
    lose(first_error ? message_of(first_error.get()) : PQerrorMessage(c_.get()));
  }
  return first_error;
}

void connection::refuse(const pg_result* error, std::string_view statement) {
  throw sql_error(error_class::refused, field_of(error, PG_DIAG_SQLSTATE),
                  message_of(error) + " in: " + std::string(statement.substr(0, 120)),
                  field_of(error, PG_DIAG_CONSTRAINT_NAME));
}

const std::string& connection::prepare(std::string_view statement, const params& values, deadline until) {
  const auto [found, fresh] = prepared_.try_emplace(std::string(statement), "s" + std::to_string(prepared_.size()));
  if (!fresh) return found->second;
  std::vector<Oid> types;
  for (const auto& value : values.values()) types.push_back(value.type);
  if (PQsendPrepare(c_.get(), found->second.c_str(), found->first.c_str(), static_cast<int>(types.size()),
                    types.data()) == 0) {
    lose(PQerrorMessage(c_.get()));
  }
  flush(until);
  if (const result_ptr error = drain(until, {})) {
    prepared_.erase(found);
    refuse(error.get(), statement);
  }
  return found->second;
}

void connection::send(std::string_view statement, const params& values, deadline until) {
  const std::string& name = prepare(statement, values, until);
  std::vector<const char*> data;
  std::vector<int> lengths;
  const std::vector<int> formats(values.values().size(), 1);
  for (const auto& value : values.values()) {
    data.push_back(value.null ? nullptr : value.bytes.data());
    lengths.push_back(static_cast<int>(value.bytes.size()));
  }
  if (PQsendQueryPrepared(c_.get(), name.c_str(), static_cast<int>(data.size()), data.data(), lengths.data(),
                          formats.data(), 1) == 0) {
    lose(PQerrorMessage(c_.get()));
  }
  flush(until);
}

void connection::send_copy(std::string_view bytes, deadline until) {
  constexpr std::size_t chunk = 1 << 20;  // bounds libpq's own buffer
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    const std::string_view part = bytes.substr(at, chunk);
    if (PQputCopyData(c_.get(), part.data(), static_cast<int>(part.size())) < 0) {
      lose(PQerrorMessage(c_.get()));
    }
    flush(until);
  }
  if (PQputCopyEnd(c_.get(), nullptr) < 0) lose(PQerrorMessage(c_.get()));
  flush(until);
}

void connection::simple(const char* statements, deadline until) {
  if (PQsendQuery(c_.get(), statements) == 0) lose(PQerrorMessage(c_.get()));
  flush(until);
}

void connection::simple_and_drain(const std::string& statements, std::chrono::milliseconds timeout) {
  const deadline until = deadline_clock::now() + timeout;
  simple(statements.c_str(), until);
  if (const result_ptr error = drain(until, {})) refuse(error.get(), statements);
}

void connection::refuse_copy(const char* why, deadline until) {
  if (PQputCopyEnd(c_.get(), why) < 0) lose(PQerrorMessage(c_.get()));
  flush(until);
}

void connection::ask_for_single_rows() {
  PQsetSingleRowMode(c_.get());
}

}  // namespace dialer::sql
