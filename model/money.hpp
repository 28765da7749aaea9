#pragma once

#include <array>
#include <cstdint>

namespace dialer {

/// An amount in minor units (cents) of an ISO 4217 currency.
struct money {
  std::int64_t minor_units = 0;
  std::array<char, 3> currency{'U', 'S', 'D'};
  friend constexpr bool operator==(const money&, const money&) = default;
};

}  // namespace dialer
