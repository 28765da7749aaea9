#pragma once
// Files that are nobody else's business: mode 0600.

#include <filesystem>
#include <string>

namespace dialer::cli {

/// Throws settings_error, naming file and remedy, when it is missing or others may read or write it.
std::string read_private_file(const std::filesystem::path& file);

/// Written beside and renamed into place, mode 0600; the directory is made, mode 0700, when it is missing.
void write_private_file(const std::filesystem::path& file, const std::string& text);

}  // namespace dialer::cli
