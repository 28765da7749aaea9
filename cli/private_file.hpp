#pragma once
// Files that are nobody else's business: mode 0600.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace dialer::cli {

/// Throws settings_error, naming file and remedy, when it is missing or others may read or write it.
std::string read_private_file(const std::filesystem::path& file);

enum class if_there : std::uint8_t { replace, keep };

/// Written beside and put into its place whole, mode 0600: whoever looks sees all of a file or none. `keep`: one that
/// is there stays, however many write at once. The directory is made, mode 0700, when it is missing.
void write_private_file(const std::filesystem::path& file, std::string_view text,
                        if_there standing = if_there::replace);

}  // namespace dialer::cli
