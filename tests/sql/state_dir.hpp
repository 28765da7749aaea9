#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace dialer::sql::test {

/// A directory of its own for one cluster, removed at the end. Anyone may pass through it, as through /var/lib.
class state_dir {
 public:
  state_dir() {
    std::string name = (std::filesystem::temp_directory_path() / "dialer-sql-XXXXXX").string();
    path_ = mkdtemp(name.data());
    chmod(path_.c_str(), 0711);
  }
  ~state_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  state_dir(const state_dir&) = delete;
  state_dir& operator=(const state_dir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dialer::sql::test
