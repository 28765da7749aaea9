#pragma once
// Where a private cluster keeps its data and its socket, as whom it runs, and who may enter.

#include <filesystem>
#include <string_view>

#include "sql/child_process.hpp"

namespace dialer::sql {

/// /var/lib/dialer for root, else $XDG_STATE_HOME/dialer or ~/.local/state/dialer.
std::filesystem::path default_state_dir();

/// The socket's file in its directory.
inline constexpr std::string_view socket_name = "/.s.PGSQL.5432";

struct cluster_directory {
  std::filesystem::path state;  ///< canonical
  std::filesystem::path data;
  std::filesystem::path socket;  ///< below `state` unless that is too long for a socket address (107 bytes)
  os_user user;                  ///< that runs the server: ourselves, or as root the owner of the data, else "postgres"
};

/// Makes the state directory when there is none (empty: default_state_dir()). Throws cluster_error when the server
/// could not work in it.
cluster_directory open_cluster_directory(const std::filesystem::path& state);

/// Makes a real directory of that user that nobody else can enter, or throws cluster_error.
void make_private_directory(const std::filesystem::path& directory, const os_user& user);

/// The right to look at a state directory, until destroyed.
class state_lock {
 public:
  explicit state_lock(const std::filesystem::path& state);
  state_lock(const state_lock&) = delete;
  state_lock& operator=(const state_lock&) = delete;
  ~state_lock();
  /// False: somebody else has it.
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

}  // namespace dialer::sql
