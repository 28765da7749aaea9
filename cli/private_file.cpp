#include "cli/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "cli/descriptor.hpp"
#include "cli/errors.hpp"

namespace dialer::cli {
namespace {

/// What becomes a file, beside its place. Its own name is gone at the end.
class draft {
 public:
  explicit draft(const std::filesystem::path& of)
      : name_{of.string() + ".XXXXXX"}, out_{mkostemp(name_.data(), O_CLOEXEC)} {}  // mode 0600
  ~draft() {
    if (out_.get() >= 0) unlink(name_.c_str());
  }
  draft(const draft&) = delete;
  draft& operator=(const draft&) = delete;

  /// True: it is on the disk whole.
  bool fill(std::string_view text) {
    return out_.get() >= 0 && write(out_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
           fsync(out_.get()) == 0;
  }
  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  descriptor out_;
};

}  // namespace

std::string read_private_file(const std::filesystem::path& file) {
  const descriptor in{open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.get() < 0) {
    throw settings_error("cannot read " + file.string() + ": " + std::strerror(errno) + "; check the path");
  }
  struct stat about {};
  fstat(in.get(), &about);
  if (S_ISREG(about.st_mode) && (about.st_mode & 077) != 0) {
    throw settings_error(file.string() + " is open to others: chmod 600 " + file.string());
  }
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; (got = read(in.get(), chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return text;
}

void write_private_file(const std::filesystem::path& file, std::string_view text, if_there standing) {
  const auto directory = file.parent_path();
  if (!std::filesystem::exists(directory)) {
    std::filesystem::create_directories(directory);
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
  }
  draft made{file};
  const auto placed = [&] {
    if (standing == if_there::replace) return rename(made.name(), file.c_str()) == 0;
    return link(made.name(), file.c_str()) == 0 || errno == EEXIST;
  };
  if (!made.fill(text) || !placed()) {
    throw std::system_error(errno, std::generic_category(), "cannot write " + file.string());
  }
}

}  // namespace dialer::cli
