#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <system_error>

namespace dialer {

/// A directory of its own for one test, removed at the end unless KEEP_SCRATCH is set. Anyone may pass through it, as
/// through /var/lib: a database's user among them.
class scratch {
 public:
  scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "dialer-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), name};
    path_ = name;
    using enum std::filesystem::perms;
    std::filesystem::permissions(path_, owner_all | group_exec | others_exec);
  }
  ~scratch() {
    if (getenv("KEEP_SCRATCH") != nullptr) {
      std::cerr << "kept: " << path_ << '\n';
      return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Where a file of that name is, or would be.
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file and answers its path.
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream{path_ / name, std::ios::binary} << text;
    return file(name);
  }
  std::string text_of(const std::string& name) const {
    std::ifstream in{path_ / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace dialer
