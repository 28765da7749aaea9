#include "carriers/simulator/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>

namespace dialer::carriers::simulator {

namespace {
constexpr std::size_t flush_bytes = 256 * 1024;
}

log_file::log_file(const std::string& path)
    : path_{path}, descriptor_{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)} {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open the log file " + path);
  pending_.reserve(flush_bytes + 4096);
}

log_file::~log_file() {
  try {
    flush();
  } catch (const std::system_error& error) {
    std::cerr << error.what() << '\n';
  }
  ::close(descriptor_);
}

void log_file::append(const log_entry& entry) {
  append_log_line(pending_, entry);
  if (pending_.size() >= flush_bytes) flush();
}

void log_file::flush() {
  std::size_t done = 0;
  while (done < pending_.size()) {
    const auto written = ::write(descriptor_, pending_.data() + done, pending_.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      const int error = errno;
      pending_.erase(0, done);
      throw std::system_error(error, std::generic_category(), "cannot write the log file " + path_);
    }
  }
  pending_.clear();
}

}  // namespace dialer::carriers::simulator
