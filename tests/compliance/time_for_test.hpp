#pragma once
// Instants written the way people write them.

#include <chrono>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "model/clock.hpp"

namespace dialer::compliance {

/// "2026-11-21 14:03" in UTC.
inline utc_time utc(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0;
  char dash = 0, colon = 0;
  std::istringstream in{text};
  if (!(in >> year >> dash >> month >> dash >> day >> hour >> colon >> minute)) throw std::invalid_argument(text);
  using namespace std::chrono;
  return sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)} + hours{hour} +
         minutes{minute};
}

inline constexpr std::chrono::microseconds one_us{1};

}  // namespace dialer::compliance
