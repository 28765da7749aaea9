#include "cli/token_key.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

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

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& file) {
  throw std::system_error(errno, std::generic_category(), what + " " + file.string());
}

// Written beside its place and linked into it: whoever looks sees a whole key or none, and the first one stays.
void make_key(const std::filesystem::path& file) {
  carriers::token_key key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) fail("no randomness for", file);
  std::filesystem::create_directories(file.parent_path());
  const std::string draft = file.string() + "." + std::to_string(getpid());
  {
    const descriptor out{open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (out.get() < 0) fail("cannot make the token key", draft);
    if (write(out.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) || fsync(out.get()) != 0) {
      fail("cannot write the token key", draft);
    }
  }
  const int linked = link(draft.c_str(), file.c_str());
  const int why = errno;
  unlink(draft.c_str());
  errno = why;
  if (linked != 0 && why != EEXIST) fail("cannot make the token key", file);
}

carriers::token_key read_key(const std::filesystem::path& file) {
  const descriptor in{open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.get() < 0) {
    throw settings_error("cannot read the token key " + file.string() + ": " + std::strerror(errno) +
                         "; make one with: (umask 077; head -c 32 /dev/urandom > " + file.string() + ")");
  }
  struct stat about {};
  fstat(in.get(), &about);
  if ((about.st_mode & 077) != 0) {
    throw settings_error("the token key " + file.string() + " can be read by others: chmod 600 " + file.string());
  }
  carriers::token_key key{};
  if (about.st_size != static_cast<off_t>(key.size()) ||
      read(in.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
    throw settings_error("the token key " + file.string() + " has " + std::to_string(about.st_size) +
                         " bytes instead of 32; make one with: head -c 32 /dev/urandom");
  }
  return key;
}

}  // namespace

carriers::token_key load_token_key(const std::filesystem::path& file, const std::filesystem::path& state_dir) {
  if (!file.empty()) return read_key(file);
  const std::filesystem::path own = state_dir / "token.key";
  if (!std::filesystem::exists(own)) make_key(own);
  return read_key(own);
}

}  // namespace dialer::cli
