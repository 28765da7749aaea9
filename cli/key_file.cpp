#include "cli/key_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "cli/descriptor.hpp"
#include "cli/errors.hpp"
#include "cli/private_file.hpp"

namespace dialer::cli {
namespace {

using file_key = std::array<std::uint8_t, 32>;
static_assert(std::is_same_v<file_key, carriers::token_key> && std::is_same_v<file_key, api::key_pepper> &&
              std::is_same_v<file_key, api::secret_key>);

file_key new_key() {
  file_key key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    throw std::system_error(errno, std::generic_category(), "no randomness for a key");
  }
  return key;
}

// `private_place`: others may look into the file, but nobody gets where it lies.
file_key read_key(const std::filesystem::path& file, const std::string& what, bool private_place = false) {
  const descriptor in{open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.get() < 0) {
    throw settings_error("cannot read the " + what + " " + file.string() + ": " + std::strerror(errno) +
                         "; make one with: (umask 077; head -c 32 /dev/urandom > " + file.string() + ")");
  }
  struct stat about {};
  fstat(in.get(), &about);
  if ((about.st_mode & 077) != 0 && !private_place) {
    throw settings_error("the " + what + " " + file.string() + " can be read by others: chmod 600 " + file.string());
  }
  file_key key{};
  if (about.st_size != static_cast<off_t>(key.size()) ||
      read(in.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
    throw settings_error("the " + what + " " + file.string() + " has " + std::to_string(about.st_size) +
                         " bytes instead of 32; make one with: head -c 32 /dev/urandom");
  }
  return key;
}

file_key load_key_file(const std::filesystem::path& file, const std::filesystem::path& own, const std::string& what) {
  if (!file.empty()) return read_key(file, what);
  if (!std::filesystem::exists(own)) {
    std::filesystem::create_directories(own.parent_path());  // for others' files, too
    const file_key key = new_key();
    write_private_file(own, {reinterpret_cast<const char*>(key.data()), key.size()}, if_there::keep);
  }
  return read_key(own, what);
}

}  // namespace

carriers::token_key load_token_key(const std::filesystem::path& file, const std::filesystem::path& state_dir) {
  return load_key_file(file, state_dir / "token.key", "token key");
}

api::key_pepper load_key_pepper(const std::filesystem::path& file, const std::filesystem::path& state_dir) {
  return load_key_file(file, state_dir / "pepper.key", "key pepper");
}

api::secret_keys load_secret_keys(const std::vector<std::string>& files) {
  constexpr std::string_view credential = "credential:";
  std::vector<api::secret_key> keys;
  for (const std::string& file : files) {
    if (!file.starts_with(credential)) {
      keys.push_back(read_key(file, "--secret-key file"));
      continue;
    }
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr) {
      throw settings_error("--secret-key " + file + ": systemd passes no credentials; add LoadCredential=" +
                           file.substr(credential.size()) + ":FILE to the service, or give the path of a file");
    }
    // Its mode shows the access list that lets the service's user in; the directory is that user's alone.
    keys.push_back(
        read_key(std::filesystem::path{directory} / file.substr(credential.size()), "--secret-key credential", true));
  }
  return api::secret_keys{std::move(keys)};
}

}  // namespace dialer::cli
