#pragma once

#include <string>

#include "carriers/simulator/log_entry.hpp"

namespace dialer::carriers::simulator {

/// The append-only log on disk. Lines collect in memory and leave in whole lines by write(2), so that whoever reads the
/// file never waits for the simulator's end. Not synchronised: one thread.
class log_file {
 public:
  /// Opens for appending, creates with mode 0644. Throws std::system_error naming the path.
  explicit log_file(const std::string& path);
  /// Flushes what is left.
  ~log_file();
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  /// Writes to disk at once when much has collected, otherwise at the next flush().
  void append(const log_entry& entry);
  /// Throws std::system_error when the disk refuses: a simulator that cannot record must not go on.
  void flush();

 private:
  std::string path_;
  std::string pending_;
  int descriptor_;
};

}  // namespace dialer::carriers::simulator
