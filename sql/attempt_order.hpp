#pragma once

#include <cstdint>

#include "model/ids.hpp"

namespace dialer::sql {

/// Least attempt id made at or after `at`: identifiers grow with time, so a search over their bits finds it.
inline std::uint64_t first_id_at(utc_time at) {
  std::uint64_t below = 0;
  for (std::uint64_t bit = 1ULL << 62; bit != 0; bit >>= 1) {
    if (id_sequence::time_of(below | bit) < at) below |= bit;
  }
  return below;
}

/// A busy sequence runs ahead of the clock, a stepped clock behind it: so far may an id's time lie from its decision's.
inline constexpr std::chrono::hours id_slack{1};

}  // namespace dialer::sql
