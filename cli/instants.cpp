#include "cli/instants.hpp"

#include "cli/errors.hpp"
#include "cli/system_clock.hpp"

namespace dialer::cli {

utc_time read_at(const std::string& at) {
  if (at.empty()) return system_clock{}.now().utc;
  const auto instant = parse_instant(at);
  if (!instant) throw usage_error("--at \"" + at + "\" is no instant; write 2026-11-20T15:00:00Z");
  return *instant;
}

}  // namespace dialer::cli
