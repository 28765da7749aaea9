#include "cli/audit_by.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace dialer::cli {
namespace {

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> text{};
  if (getpwuid_r(geteuid(), &entry, text.data(), text.size(), &found) != 0 || found == nullptr) {
    return std::to_string(geteuid());  // an account without a name, as in a container
  }
  return found->pw_name;
}

}  // namespace

sql::audit_entry audit_by_command(std::string action, std::string resource, std::string reason) {
  return {"cli:" + user_name(), std::move(action), std::move(resource), std::move(reason), {}};
}

}  // namespace dialer::cli
