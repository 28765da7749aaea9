#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "sql/private_cluster.hpp"
#include "sql/session.hpp"

namespace dialer::cli {

/// Which database a command works on. Empty strings: not given.
struct database_options {
  std::string url;        ///< libpq connection string or URI; before the private cluster
  std::string state_dir;  ///< empty: sql::default_state_dir()
};

/// The state directory the options mean.
std::filesystem::path state_dir_of(const database_options& options);

/// A database with the current schema, for the life of the object: the one at `url`, else the private cluster of the
/// state directory, attached to or started. Keep the object on the thread that made it.
class database {
 public:
  /// Runs the migrations. Throws what explain_failure (errors.hpp) understands.
  explicit database(const database_options& options);

  const std::string& target() const noexcept { return target_; }
  sql::connect_options connection(std::chrono::milliseconds call_timeout = std::chrono::seconds{10}) const;
  /// A session for a person's questions: a statement may take minutes.
  sql::session open() const;

 private:
  std::optional<sql::private_cluster> cluster_;
  std::string target_;
};

}  // namespace dialer::cli
