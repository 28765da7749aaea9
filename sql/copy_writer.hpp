#pragma once
// COPY ... FROM STDIN (FORMAT binary), written into one buffer that is kept between batches.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "model/clock.hpp"
#include "model/ids.hpp"
#include "sql/big_endian.hpp"

namespace dialer::sql {

/// Rows of one COPY. Usage: clear(), then row(n) followed by exactly n fields per row, then bytes().
/// The field's method must fit the column's type exactly: the server checks lengths, not meanings.
class copy_writer {
 public:
  copy_writer() { clear(); }

  void clear() {
    used_ = 0;
    rows_ = 0;
    finished_ = false;
    static constexpr char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";  // signature, flags, extension length
    std::memcpy(grow(header_size), header, header_size);
  }

  void row(std::uint16_t fields) {
    store_big_endian(grow(2), fields);
    ++rows_;
  }
  void int2(std::int16_t value) { fixed(static_cast<std::uint16_t>(value)); }
  void int4(std::int32_t value) { fixed(static_cast<std::uint32_t>(value)); }
  void int8(std::int64_t value) { fixed(static_cast<std::uint64_t>(value)); }
  void float8(double value) { int8(std::bit_cast<std::int64_t>(value)); }
  void boolean(bool value) { fixed(static_cast<std::uint8_t>(value)); }
  void timestamptz(utc_time value) { int8(to_postgres(value)); }
  void uuid(const id128& value) {
    char* to = grow(4 + 16);
    store_big_endian(to, std::uint32_t{16});
    store_big_endian(to + 4, value.high);
    store_big_endian(to + 12, value.low);
  }
  /// UTF-8 without NUL; also bytea and varchar.
  void text(std::string_view value) { bytes_after(value, {}); }
  /// JSON text of a jsonb column.
  void jsonb(std::string_view value) { bytes_after(value, "\1"); }
  void null() { store_big_endian(grow(4), std::uint32_t{0xFFFF'FFFF}); }

  std::size_t rows() const { return rows_; }

  /// Everything with the trailer; valid until the next call of another method.
  std::string_view bytes() {
    if (!finished_) store_big_endian(grow(2), std::uint16_t{0xFFFF});
    finished_ = true;
    return {buffer_.data(), used_};
  }

 private:
  static constexpr std::size_t header_size = 19;

  // The buffer grows by doubling and is filled by address: vector's own size would be zeroed first.
  char* grow(std::size_t count) {
    if (used_ + count > buffer_.size()) buffer_.resize((used_ + count) * 2);
    char* at = buffer_.data() + used_;
    used_ += count;
    return at;
  }
  template <class Unsigned>
  void fixed(Unsigned value) {
    char* to = grow(4 + sizeof value);
    store_big_endian(to, std::uint32_t{sizeof value});
    store_big_endian(to + 4, value);
  }
  void bytes_after(std::string_view value, std::string_view prefix) {
    const std::size_t length = prefix.size() + value.size();
    char* to = grow(4 + length);
    store_big_endian(to, static_cast<std::uint32_t>(length));
    std::copy(value.begin(), value.end(), std::copy(prefix.begin(), prefix.end(), to + 4));
  }

  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::size_t rows_ = 0;
  bool finished_ = false;
};

}  // namespace dialer::sql
