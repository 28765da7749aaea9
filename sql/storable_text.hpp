#pragma once

#include <string>
#include <string_view>

namespace dialer::sql {

/// Foreign text as PostgreSQL takes it: valid UTF-8 without NUL, at most `bytes_max` bytes, cut between characters.
/// Each byte that belongs to no valid character becomes "?".
std::string storable_text(std::string_view text, std::size_t bytes_max);

}  // namespace dialer::sql
