#include "cli/new_id.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "cli/system_clock.hpp"

namespace dialer::cli {

id128 random_128() {
  std::array<std::uint64_t, 2> random{};
  if (getrandom(random.data(), sizeof random, 0) != static_cast<ssize_t>(sizeof random)) {
    throw std::system_error(errno, std::generic_category(), "no randomness for an identifier");
  }
  return {random[0], random[1]};
}

id128 new_id() {
  const id128 random = random_128();
  return make_id128(system_clock{}.now().utc, random.high, random.low);
}

}  // namespace dialer::cli
