#pragma once
// Rows of a list, whatever its format, with their columns told apart.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "campaigns/header_map.hpp"
#include "campaigns/text_lines.hpp"

namespace dialer::campaigns {

/// One row as given; views are valid until the next call. Nothing is normalised yet.
struct contact_row {
  std::uint64_t end = 0;  ///< offset in the file after the row
  std::string_view phone;
  std::string_view name;
  std::string_view first_name;
  std::string_view last_name;
  std::string_view time_zone;
  std::string_view state;
  std::string_view postal_code;
  std::string_view external_id;
  std::string variables;       ///< members of a JSON object, without its braces
  bool has_extension = false;  ///< a variable is called "extension" already
  std::string phone_column;    ///< the phone column's name in the file
  std::string fault_column;    ///< empty when the row could be read
  std::string fault;           ///< what is wrong
  std::string_view remedy;

  void clear();
  bool readable() const noexcept { return fault.empty(); }
};

/// The member that a column of this role fills; null for a variable.
std::string_view contact_row::*field_of(column_role role) noexcept;

/// Feed bytes, take rows. One thread.
class contact_rows {
 public:
  virtual ~contact_rows() = default;
  /// bytes: must stay valid until next() has returned false.
  virtual void feed(std::string_view bytes) = 0;
  virtual void finish() = 0;
  /// False: feed more, or, after finish(), the end. A reader made at a row's end yields the rows that follow it.
  virtual bool next(contact_row& row) = 0;
};

/// offset: where in the file the first row to be read starts.
std::unique_ptr<contact_rows> csv_contact_rows(header_map header, text_encoding encoding, char separator,
                                               std::uint64_t offset);
/// One JSON object a line; its members play the columns. phone_column as for map_header.
std::unique_ptr<contact_rows> ndjson_contact_rows(std::string phone_column, text_encoding encoding,
                                                  std::uint64_t offset);

/// Appends `text` (UTF-8) as a JSON string, quotes included.
void append_json_string(std::string& json, std::string_view text);

}  // namespace dialer::campaigns
