#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include "carriers/simulator/log_entry.hpp"

namespace dialer::carriers::simulator {

/// The append-only log on disk. Lines leave in whole lines by write(2) on a thread of the log's own: a disk that is
/// slow for a moment must not hold up the simulator, whose clock tells when a request came. One thread appends.
class log_file {
 public:
  /// Opens for appending, creates with mode 0644. Throws std::system_error naming the path.
  explicit log_file(const std::string& path);
  /// Writes what is left.
  ~log_file();
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  /// On its way to the disk within a moment. Throws std::system_error when the disk has refused an earlier line: a
  /// simulator that cannot record must not go on.
  void append(const log_entry& entry);
  /// Returns when all is written. Throws as append().
  void flush();

 private:
  void write_on();
  std::error_code write_out(const std::string& lines) const;
  void throw_if_refused() const;

  const std::string path_;
  const int descriptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string pending_;  // guarded by mutex_, as is what follows
  std::error_code refused_;
  bool writing_ = false;  // lines taken from pending_ are not on disk yet
  bool stopping_ = false;
  std::thread writer_;  // last: it uses everything above
};

}  // namespace dialer::carriers::simulator
