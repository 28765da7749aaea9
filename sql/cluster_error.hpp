#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace dialer::sql {

/// What a person has to change on this machine; the message says how. The command line maps it to exit code 78.
class cluster_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A path, as these messages show it.
inline std::string quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

}  // namespace dialer::sql
