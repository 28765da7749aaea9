#pragma once
// Lines -> CSV rows (RFC 4180, by libcsv in strict mode), each with its exact end in the file.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/text_lines.hpp"

namespace dialer::campaigns {

/// What is wrong with a row; reason is empty when nothing is.
struct row_fault {
  std::string reason;
  std::string_view remedy;
  std::size_t column = 0;  ///< index of the field at fault
};

struct csv_row {
  std::vector<std::string_view> fields;  ///< as far as they could be read; valid until the next call
  std::uint64_t end = 0;                 ///< offset in the file after it
  row_fault fault;
};

/// Rows with a fault are rows too: the reader goes on with the line after the first line of the bad row, so that one
/// stray quote costs one row and not the rest of the file. Blank lines are no rows. Memory: one row (row_bytes_max). A
/// reader made at the end of any row yields the same rows that follow.
class csv_reader {
 public:
  /// separator: found from the first line when not given: the one of , ; and tab that occurs most outside quotes.
  csv_reader(text_encoding encoding, std::optional<char> separator, std::uint64_t offset);
  ~csv_reader();
  csv_reader(csv_reader&&) noexcept;
  csv_reader& operator=(csv_reader&&) noexcept;

  /// As line_reader's.
  void feed(std::string_view bytes);
  void finish() noexcept;
  bool next(csv_row& row);

  /// The separator given or found; no value before the first row.
  std::optional<char> separator() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace dialer::campaigns
