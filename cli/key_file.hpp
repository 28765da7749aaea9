#pragma once
// Keys of 32 random bytes in files of mode 0600. `file` as given, or one of the state directory's own, which is made on
// first use. All nodes of one database need the same: give each a copy of one file. Throws settings_error for a given
// file that is missing, of another size, or readable by others.

#include <filesystem>
#include <string>
#include <vector>

#include "api/api_key.hpp"
#include "api/sealed_secret.hpp"
#include "carriers/attempt_token.hpp"

namespace dialer::cli {

/// The key of attempt tokens; own: <state_dir>/token.key.
carriers::token_key load_token_key(const std::filesystem::path& file, const std::filesystem::path& state_dir);

/// The pepper that API keys are hashed under; own: <state_dir>/pepper.key.
api::key_pepper load_key_pepper(const std::filesystem::path& file, const std::filesystem::path& state_dir);

/// The keys that carriers' secrets are sealed with, in the order given; none is made. "credential:NAME" is the file
/// that systemd passes under that name (LoadCredential=), in $CREDENTIALS_DIRECTORY.
api::secret_keys load_secret_keys(const std::vector<std::string>& files);

}  // namespace dialer::cli
