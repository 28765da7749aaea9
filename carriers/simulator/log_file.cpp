#include "carriers/simulator/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <utility>

namespace dialer::carriers::simulator {
namespace {

int open_to_append(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "cannot open the log file " + path);
  return descriptor;
}

}  // namespace

log_file::log_file(const std::string& path)
    : path_{path}, descriptor_{open_to_append(path)}, writer_{[this] { write_on(); }} {}

log_file::~log_file() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
  if (refused_) std::cerr << "cannot write the log file " << path_ << ": " << refused_.message() << '\n';
  ::close(descriptor_);
}

void log_file::append(const log_entry& entry) {
  const std::lock_guard lock{mutex_};
  throw_if_refused();
  if (pending_.empty()) changed_.notify_all();
  append_log_line(pending_, entry);
}

void log_file::flush() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return refused_ || (pending_.empty() && !writing_); });
  throw_if_refused();
}

void log_file::write_on() {
  std::string lines;
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    if (pending_.empty() || refused_) return;
    std::swap(lines, pending_);
    writing_ = true;
    lock.unlock();
    const std::error_code error = write_out(lines);
    lines.clear();
    lock.lock();
    writing_ = false;
    refused_ = error;
    changed_.notify_all();
  }
}

std::error_code log_file::write_out(const std::string& lines) const {
  for (std::size_t done = 0; done < lines.size();) {
    const auto written = ::write(descriptor_, lines.data() + done, lines.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      return {errno, std::generic_category()};
    }
  }
  return {};
}

void log_file::throw_if_refused() const {
  if (refused_) throw std::system_error(refused_, "cannot write the log file " + path_);
}

}  // namespace dialer::carriers::simulator
