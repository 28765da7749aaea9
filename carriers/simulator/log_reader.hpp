#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "carriers/simulator/log_entry.hpp"

namespace dialer::carriers::simulator {

/// Reads a simulator's log line by line in constant memory. Unknown fields are passed over, unknown events are errors.
/// Not synchronised.
class log_reader {
 public:
  /// Throws std::system_error naming the path when it cannot be read.
  explicit log_reader(const std::string& path);
  ~log_reader();

  /// Fills `entry` with the next line; false at the end. Throws std::runtime_error naming file and line for a line that
  /// is not an entry; an unfinished last line (the simulator is still writing) is left out and makes truncated() true.
  bool next(log_entry& entry);
  bool truncated() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::carriers::simulator
