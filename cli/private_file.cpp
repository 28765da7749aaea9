#include "cli/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "cli/errors.hpp"

namespace dialer::cli {
namespace {

class descriptor {
 public:
  explicit descriptor(int value) : value_{value} {}
  ~descriptor() {
    if (value_ >= 0) close(value_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
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

void write_private_file(const std::filesystem::path& file, const std::string& text) {
  const auto fail = [&](const char* what) {
    throw std::system_error(errno, std::generic_category(), std::string(what) + " " + file.string());
  };
  const auto directory = file.parent_path();
  if (!std::filesystem::exists(directory)) {
    std::filesystem::create_directories(directory);
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
  }
  const std::string draft = file.string() + "." + std::to_string(getpid());
  {
    const descriptor out{open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (out.get() < 0) fail("cannot write");
    const bool whole = write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (!whole || fsync(out.get()) != 0) {
      unlink(draft.c_str());
      fail("cannot write");
    }
  }
  if (rename(draft.c_str(), file.c_str()) != 0) {
    unlink(draft.c_str());
    fail("cannot replace");
  }
}

}  // namespace dialer::cli
