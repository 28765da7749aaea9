#pragma once

#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <vector>

#include "api/http_server.hpp"

namespace dialer::api {

/// What happens to an upload, on a thread of its own. None of them is called after another has thrown.
struct list_upload {
  std::function<void()> admit;  ///< before its first byte is taken
  /// When all of it is there. Then the file goes, and what it returned is called: whoever is told finds nothing left.
  std::function<std::function<void()>(const std::filesystem::path& list)> import;
  std::function<void(std::exception_ptr)> failed;  ///< with what one of the others threw
};

/// Of the file system that a directory is on; throws std::filesystem::filesystem_error.
using disk_space = std::function<std::filesystem::space_info(const std::filesystem::path&)>;
disk_space system_disk_space();

/// Uploaded lists, each kept in a file until it is imported: an import can then be resumed, and a list that was cut off
/// on its way leaves nothing behind. Memory: one piece for each. The database may be on the same disk: a list is
/// refused while it comes, with 413, when less than 1 GiB would be left.
class list_uploads {
 public:
  /// `directory`, this engine's own, is made when it is not there; lists that a killed engine left in it go.
  explicit list_uploads(std::filesystem::path directory, disk_space space = system_disk_space());
  /// Waits for those under way; imports are told to stop (stopping()).
  ~list_uploads();
  list_uploads(const list_uploads&) = delete;
  list_uploads& operator=(const list_uploads&) = delete;

  /// The listener's thread only.
  std::unique_ptr<body_sink> begin(list_upload what);
  bool stopping() const noexcept { return stopping_; }
  const std::filesystem::path& directory() const noexcept { return directory_; }

 private:
  std::filesystem::path directory_;
  const disk_space space_;
  std::atomic<bool> stopping_{false};
  std::vector<std::future<void>> running_;
};

}  // namespace dialer::api
