#include "sql/migrations.hpp"

#include <chrono>
#include <map>
#include <string>

namespace dialer::sql {
namespace {

constexpr std::chrono::minutes file_limit{30};
constexpr std::int64_t lock_key = 0x6469'616c'6572;  // "dialer"

struct applied_file {
  std::string name;
  std::string checksum;
};

std::string checksum(session& on, std::string_view text) {
  return std::string(on.run("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", params{}.text(text)).text(0, 0));
}

std::map<std::int64_t, applied_file> applied_files(session& on) {
  std::map<std::int64_t, applied_file> applied;
  if (on.run("SELECT to_regclass('schema_migration') IS NULL").boolean(0, 0)) return applied;
  const result rows = on.run("SELECT number, name, checksum FROM schema_migration");
  for (int i = 0; i < rows.rows(); ++i) {
    applied[rows.integer(i, 0)] = {std::string(rows.text(i, 1)), std::string(rows.text(i, 2))};
  }
  return applied;
}

void verify(session& on, const std::map<std::int64_t, applied_file>& applied, std::span<const migration> files) {
  const int newest = files.empty() ? 0 : files.back().number;
  if (!applied.empty() && applied.rbegin()->first > newest) {
    throw schema_error("the database has migration " + applied.rbegin()->second.name +
                       ", this dialer knows only up to " + std::to_string(newest) + ": run a newer dialer on it");
  }
  for (const migration& file : files) {
    const auto found = applied.find(file.number);
    if (found != applied.end() && found->second.checksum != checksum(on, file.text)) {
      throw schema_error("migration " + std::string(file.name) +
                         " was changed after it had been applied to this database: restore the file and put the change "
                         "into a new one");
    }
  }
}

}  // namespace

void migrate(session& on, std::span<const migration> files) {
  on.run("SELECT pg_advisory_lock($1)", params{}.int8(lock_key));
  const auto applied = applied_files(on);
  try {
    verify(on, applied, files);
    on.run_script(
        "CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL, "
        "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
        file_limit);
    for (const migration& file : files) {
      if (applied.contains(file.number)) continue;
      transaction tx{on};
      on.run_script("SET LOCAL statement_timeout = 0", file_limit);
      on.run_script(std::string(file.text), file_limit);
      tx.run("INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)",
             params{}.int4(file.number).text(file.name).text(checksum(on, file.text)));
      tx.commit();
    }
  } catch (...) {
    on.disconnect();  // releases the lock
    throw;
  }
  on.run("SELECT pg_advisory_unlock($1)", params{}.int8(lock_key));
}

}  // namespace dialer::sql
