#pragma once
// The text form of the US and Canadian do-not-call registries: `NPA,7 digits`, one number per line.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dialer::compliance {

struct registry_entry {
  std::uint16_t npa = 0;         ///< 200..999
  std::uint32_t subscriber = 0;  ///< 0..9,999,999
  friend bool operator==(const registry_entry&, const registry_entry&) = default;
};

/// What a line must look like, for error messages.
inline constexpr std::string_view registry_line_form = "an area code, a comma and seven digits, such as 212,5550123";

/// Reads one line without its line end (a CR at its end is part of the line end). Nothing else is tolerated: a shifted
/// column would silently clear the wrong people.
std::optional<registry_entry> parse_registry_line(std::string_view line) noexcept;

}  // namespace dialer::compliance
