#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dialer::carriers {

inline constexpr std::size_t foreign_text_bytes_max = 512;

/// Text that a carrier or a network sent, made fit for logs and terminals: control characters and bytes that are no
/// UTF-8 become "\x1b", and what would pass 512 bytes is cut between characters.
std::string foreign_text(std::string_view text);

}  // namespace dialer::carriers
