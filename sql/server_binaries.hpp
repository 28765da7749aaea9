#pragma once
// Which PostgreSQL server of this machine to run.

#include <filesystem>

namespace dialer::sql {

inline constexpr const char* server_remedy =
    "install the server with\n    apt-get install -y postgresql-15\nor give a database with --database URL";

/// Directory of a PostgreSQL server of at least version 15: the configured one, `pg_config --bindir`, Debian's
/// versioned directories, PATH. When `data_version` is not 0 exactly that major version is looked for. Throws
/// cluster_error with the command that installs it and the alternative.
std::filesystem::path find_server_binaries(const std::filesystem::path& configured, int data_version = 0);

}  // namespace dialer::sql
