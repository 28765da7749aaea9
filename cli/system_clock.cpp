#include "cli/system_clock.hpp"

#include <time.h>

namespace dialer::cli {
namespace {

std::chrono::microseconds read(clockid_t which) {
  timespec time{};
  clock_gettime(which, &time);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::seconds{time.tv_sec} +
                                                               std::chrono::nanoseconds{time.tv_nsec});
}

}  // namespace

system_clock system_clock::starting_at(utc_time start) {
  return system_clock{start.time_since_epoch() - read(CLOCK_REALTIME)};
}

instant system_clock::now() const {
  return {steady_time{read(CLOCK_BOOTTIME)}, utc_time{read(CLOCK_REALTIME) + wall_offset_}};
}

}  // namespace dialer::cli
