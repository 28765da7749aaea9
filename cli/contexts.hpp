#pragma once
// Services that commands can work through instead of a database: where each is, and the file with the key to it.
//
// $XDG_CONFIG_HOME/dialer/contexts.json (or ~/.config/...), mode 0600. Keys lie in files of their own, never in an
// argument or a variable.

#include <filesystem>
#include <string>
#include <vector>

namespace dialer::cli {

struct service_context {
  std::string name;
  std::string url;       ///< "https://dialer.example.com"; http to this machine only
  std::string key_file;  ///< an API key (dlr_...) on one line
  std::string ca_file;   ///< PEM of an authority besides the system's; empty: none
};

struct service_contexts {
  std::string used;  ///< name of the one that commands take when none is named; empty: the database
  std::vector<service_context> all;
  /// Throws usage_error when there is none of that name, listing what there is.
  const service_context& find(const std::string& name) const;
};

/// Throws settings_error when neither $XDG_CONFIG_HOME nor $HOME is set.
std::filesystem::path contexts_file();
/// None when the file is not there. Throws settings_error when it is unreadable, or readable by others.
service_contexts read_contexts(const std::filesystem::path& file);
/// Replaces the file whole.
void write_contexts(const std::filesystem::path& file, const service_contexts& contexts);

/// The API key that `from` held, without what ends its line. Throws settings_error, as read_key.
std::string check_key(std::string key, const std::string& from);
/// The key in a file. Throws settings_error, never repeating what the file holds, when it is missing, readable by
/// others, or holds no API key.
std::string read_key(const std::string& key_file);

/// Throws usage_error that says what to write for anything but https://HOST[:PORT], or http:// and a loopback address.
void check_service_url(const std::string& url);

}  // namespace dialer::cli
