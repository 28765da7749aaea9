#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

struct pg_result;  // libpq's; only named here

namespace dialer::sql {

/// Rows of one statement. Columns are read by position with the method of their exact type; a null reads as the type's
/// zero. Fields arrive in binary form, those of a commit script as text: both are understood. Views live as long as the
/// result. A column of another width than the method's is a broken contract and throws std::logic_error.
class result {
 public:
  explicit result(pg_result* taken);

  int rows() const noexcept;
  int affected() const noexcept;  ///< rows written by INSERT, UPDATE, DELETE or COPY

  bool null(int row, int column) const noexcept;
  bool boolean(int row, int column) const;
  std::int64_t integer(int row, int column) const;  ///< smallint, integer or bigint
  std::uint64_t number(int row, int column) const { return static_cast<std::uint64_t>(integer(row, column)); }
  double float8(int row, int column) const;
  std::string_view text(int row, int column) const;
  utc_time time(int row, int column) const;
  e164 phone(int row, int column) const { return e164::from_digits(number(row, column)); }
  template <class Id>
  Id wide(int row, int column) const {
    return Id{uuid(row, column)};
  }
  template <class Id>
  Id narrow(int row, int column) const {
    return Id{number(row, column)};
  }
  /// A stored enumerator.
  template <class Enum>
  Enum enumerator(int row, int column) const {
    return static_cast<Enum>(integer(row, column));
  }

 private:
  id128 uuid(int row, int column) const;
  std::string_view field(int row, int column) const;

  struct clear {
    void operator()(pg_result* owned) const noexcept;
  };
  std::unique_ptr<pg_result, clear> owned_;
};

}  // namespace dialer::sql
