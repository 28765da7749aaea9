#pragma once

#include <span>
#include <stdexcept>
#include <string_view>

#include "sql/session.hpp"

namespace dialer::sql {

/// One numbered file of sql/migrations, compiled into the binary. Never edited once released: add a file.
struct migration {
  int number = 0;
  std::string_view name;  ///< file name
  std::string_view text;
};

std::span<const migration> embedded_migrations() noexcept;

/// The database's schema and this binary do not belong together; the message says what to do. Exit code 78.
class schema_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Brings the database up to the last migration: one transaction per file, one process at a time (advisory lock),
/// checksums recorded. Throws schema_error when an applied file was changed since or the database is newer than this
/// binary (nothing is written then), sql_error when a statement fails (that file is rolled back whole).
void migrate(session& on, std::span<const migration> files = embedded_migrations());

}  // namespace dialer::sql
