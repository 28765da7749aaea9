#pragma once

#include <filesystem>

#include "carriers/attempt_token.hpp"

namespace dialer::cli {

/// The key of attempt tokens: 32 random bytes in a file of mode 0600. `file` as given, or <state_dir>/token.key, which
/// is made on first use. All nodes of one database need the same key: give each a copy of one file. Throws
/// settings_error for a given file that is missing, of another size, or readable by others.
carriers::token_key load_token_key(const std::filesystem::path& file, const std::filesystem::path& state_dir);

}  // namespace dialer::cli
