#pragma once
// Column names as exports write them -> what the column means.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dialer::campaigns {

enum class column_role : std::uint8_t {
  variable,  ///< anything else: kept under the column's own name
  phone,
  name,
  first_name,  ///< also kept as a variable
  last_name,   ///< also kept as a variable
  time_zone,
  state,
  postal_code,
  external_id,
};
inline constexpr std::size_t column_roles = 9;

/// "phone_number", "time_zone"...; for error messages.
std::string_view to_string(column_role role) noexcept;

/// Letters and digits count, case and everything between them do not: "Phone Number", "phone-number" and "PHONENUMBER"
/// are one.
column_role recognise_column(std::string_view name) noexcept;

/// Whether a name that is taken for the column with the telephone number may as well mean an invoice's or a customer's:
/// "Number", "Contact Number". Beside a column that speaks of telephones it is no safe guess.
bool is_unsure_phone_name(std::string_view name) noexcept;
/// "Home Phone", "Tel. 2": a column that was not recognised and holds telephone numbers, by its name.
bool speaks_of_telephones(std::string_view name) noexcept;

/// "phone_number, phone, mobile, ...": names taken for the column with the number.
std::string accepted_phone_names();

struct column {
  std::string name;  ///< trimmed; "column_7" when the header leaves it empty
  column_role role = column_role::variable;
};

/// The columns of a list with a header row.
struct header_map {
  std::vector<column> columns;
  /// Index of the column of each role, if there is one.
  std::optional<std::size_t> find(column_role role) const noexcept;
};

/// Either columns or a refusal of the whole file.
struct header_result {
  header_map map;
  std::string refused;  ///< empty when the header can be used; else what is wrong, the columns seen, and the remedy
};

/// phone_column: the name of the column to call, for lists with several; empty: the one that is recognised. Two columns
/// with one meaning, or one name, are refused: choosing between them would be a guess about whom to call, when, or what
/// to say.
header_result map_header(std::span<const std::string_view> names, std::string_view phone_column);

}  // namespace dialer::campaigns
