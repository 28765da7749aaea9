#include "campaigns/verdicts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace dialer::campaigns {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), what + " " + path);
}

}  // namespace

verdict_file::verdict_file(std::string path) : path_{std::move(path)} {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) fail("cannot open the verdict file", path_);
}

verdict_file::~verdict_file() {
  ::close(descriptor_);
}

void verdict_file::cut(std::uint64_t bytes) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail("cannot read the size of", path_);
  if (static_cast<std::uint64_t>(status.st_size) < bytes) {
    throw std::runtime_error("the verdict file " + path_ + " has " + std::to_string(status.st_size) +
                             " bytes, but the import had written " + std::to_string(bytes) +
                             "; give the file of that import");
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) fail("cannot cut", path_);
}

void verdict_file::append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", path_);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL) fail("cannot sync", path_);  // EINVAL: a pipe or a device
}

void append_cell(std::string& line, std::string_view text) {
  constexpr std::string_view dangerous{"=+-@\t\r\0", 7};
  const bool formula = !text.empty() && dangerous.find(text.front()) != std::string_view::npos;
  const bool quoted = std::ranges::any_of(text, [](char sign) {
    return sign == ',' || sign == '"' || sign == ';' || static_cast<unsigned char>(sign) < 0x20;
  });
  if (quoted) line += '"';
  if (formula) line += '\'';
  if (!quoted) {
    line += text;
    return;
  }
  for (const char sign : text) {
    if (sign == '"') line += '"';
    line += static_cast<unsigned char>(sign) < 0x20 ? ' ' : sign;
  }
  line += '"';
}

}  // namespace dialer::campaigns
