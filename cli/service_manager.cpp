#include "cli/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cli/log.hpp"

namespace dialer::cli {
namespace {

std::string take(const char* name) {
  const char* found = std::getenv(name);
  std::string value = found == nullptr ? "" : found;
  unsetenv(name);
  return value;
}

/// 0 for what is no number.
std::int64_t number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number > 0 ? number : 0;
}

}  // namespace

service_manager service_manager::take_from_environment() {
  std::string socket = take("NOTIFY_SOCKET");
  const std::chrono::microseconds watchdog{number_in(take("WATCHDOG_USEC"))};
  const std::string whose = take("WATCHDOG_PID");
  const bool ours = whose.empty() || number_in(whose) == getpid();
  return service_manager{std::move(socket), ours ? watchdog : std::chrono::microseconds{0}};
}

service_manager::service_manager(std::string socket, std::chrono::microseconds watchdog)
    : socket_{std::move(socket)}, watchdog_{socket_.empty() ? std::chrono::microseconds{0} : watchdog} {}

void service_manager::tell(std::string_view state) const {
  if (socket_.empty()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool abstract = socket_.front() == '@';
  if ((!abstract && socket_.front() != '/') || socket_.size() >= sizeof to.sun_path) {
    log_warning("NOTIFY_SOCKET is neither a path nor an abstract name: nobody is told",
                {{"state", std::string(state)}});
    return;
  }
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (abstract) to.sun_path[0] = '\0';
  // An abstract name has no end of its own: the length says it.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() + (abstract ? 0 : 1));
  const int from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const ssize_t sent =
      from < 0 ? -1
               : sendto(from, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), length);
  if (sent < 0) {
    log_warning("the service manager is not told", {{"state", std::string(state)}, {"why", std::strerror(errno)}});
  }
  if (from >= 0) close(from);
}

}  // namespace dialer::cli
