#include "sql/result.hpp"

#include <libpq-fe.h>

#include <bit>
#include <charconv>
#include <stdexcept>
#include <string>

#include "sql/big_endian.hpp"

namespace dialer::sql {
namespace {

[[noreturn]] void wrong_type(std::string_view wanted, int column) {
  throw std::logic_error("column " + std::to_string(column) + " is not of type " + std::string(wanted));
}

}  // namespace

void result::clear::operator()(pg_result* owned) const noexcept {
  PQclear(owned);
}

result::result(pg_result* taken) : owned_{taken} {}

int result::rows() const noexcept {
  return PQntuples(owned_.get());
}

int result::affected() const noexcept {
  const std::string_view count = PQcmdTuples(owned_.get());
  int value = 0;
  std::from_chars(count.data(), count.data() + count.size(), value);
  return value;
}

bool result::null(int row, int column) const noexcept {
  return PQgetisnull(owned_.get(), row, column) != 0;
}

std::string_view result::field(int row, int column) const {
  if (row >= rows() || column >= PQnfields(owned_.get())) throw std::logic_error("no such field in the result");
  return {PQgetvalue(owned_.get(), row, column), static_cast<std::size_t>(PQgetlength(owned_.get(), row, column))};
}

std::string_view result::text(int row, int column) const {
  return field(row, column);
}

bool result::boolean(int row, int column) const {
  const std::string_view bytes = field(row, column);
  if (bytes.empty()) return false;
  return PQfformat(owned_.get(), column) == 1 ? bytes[0] != 0 : bytes[0] == 't';
}

std::int64_t result::integer(int row, int column) const {
  const std::string_view bytes = field(row, column);
  if (bytes.empty()) return 0;
  if (PQfformat(owned_.get(), column) == 0) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
    if (error != std::errc{} || end != bytes.data() + bytes.size()) wrong_type("integer", column);
    return value;
  }
  switch (bytes.size()) {
    case 2: return static_cast<std::int16_t>(load_big_endian<std::uint16_t>(bytes.data()));
    case 4: return static_cast<std::int32_t>(load_big_endian<std::uint32_t>(bytes.data()));
    case 8: return static_cast<std::int64_t>(load_big_endian<std::uint64_t>(bytes.data()));
    default: wrong_type("integer", column);
  }
}

double result::float8(int row, int column) const {
  const std::string_view bytes = field(row, column);
  if (bytes.empty()) return 0;
  if (bytes.size() != 8) wrong_type("double precision", column);
  return std::bit_cast<double>(load_big_endian<std::uint64_t>(bytes.data()));
}

utc_time result::time(int row, int column) const {
  const std::string_view bytes = field(row, column);
  if (bytes.empty()) return utc_time{};
  if (bytes.size() != 8) wrong_type("timestamptz", column);
  return from_postgres(static_cast<std::int64_t>(load_big_endian<std::uint64_t>(bytes.data())));
}

id128 result::uuid(int row, int column) const {
  const std::string_view bytes = field(row, column);
  if (bytes.empty()) return {};
  if (bytes.size() != 16) wrong_type("uuid", column);
  return {load_big_endian<std::uint64_t>(bytes.data()), load_big_endian<std::uint64_t>(bytes.data() + 8)};
}

}  // namespace dialer::sql
