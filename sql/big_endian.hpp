#pragma once
// PostgreSQL's binary formats: network byte order, times in microseconds since 2000-01-01.

#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "model/clock.hpp"

namespace dialer::sql {

template <class Unsigned>
constexpr Unsigned swapped(Unsigned value) noexcept {
  static_assert(std::endian::native == std::endian::little, "the engine runs on little-endian machines only");
  if constexpr (sizeof value == 1) return value;
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  if constexpr (sizeof value == 8) return __builtin_bswap64(value);
}

template <class Unsigned>
void store_big_endian(char* to, Unsigned value) noexcept {
  value = swapped(value);
  std::memcpy(to, &value, sizeof value);
}

template <class Unsigned>
Unsigned load_big_endian(const char* from) noexcept {
  Unsigned value;
  std::memcpy(&value, from, sizeof value);
  return swapped(value);
}

inline constexpr std::chrono::microseconds postgres_epoch{946'684'800'000'000};  // 2000-01-01T00:00:00Z

constexpr std::int64_t to_postgres(utc_time time) noexcept {
  return (time.time_since_epoch() - postgres_epoch).count();
}
constexpr utc_time from_postgres(std::int64_t microseconds) noexcept {
  return utc_time{std::chrono::microseconds{microseconds} + postgres_epoch};
}

}  // namespace dialer::sql
