#pragma once

#include <chrono>
#include <cstdint>

namespace dialer {

/// What to do with a contact after an attempt ended with some disposition.
struct retry_rule {
  std::chrono::seconds delay{0};   ///< from the end of the attempt to the earliest next one
  std::uint16_t attempts_max = 1;  ///< attempts that may end this way before the contact is done; 1 = never retried
  friend constexpr bool operator==(const retry_rule&, const retry_rule&) = default;
};

}  // namespace dialer
