#pragma once
// How near is one number to another? Prefixes, states and countries as comparable keys.

#include <array>
#include <cstdint>
#include <string_view>

#include "model/e164.hpp"

namespace dialer::callerid {

/// ISO 3166 text packed into an integer: equal text, equal key; 0 = unknown.
using region_key = std::uint64_t;

/// The length of the country calling code that a number begins with, 1..3 digits.
/// Authority: the zones of ITU-T E.164's list of assigned codes.
unsigned calling_code_length(e164 number) noexcept;

/// Where a number belongs, for comparing with another.
struct locality {
  /// The first 3, 4, 5 and 6 digits after the calling code, with the calling code in front; 0 when the number is
  /// shorter. In the NANP three digits are the area code and six reach to the end of the exchange.
  std::array<std::uint64_t, 4> prefix{};
  std::uint32_t calling_code = 0;
  region_key country = 0;  ///< of "US-CA": "US"; 0 when not known
  region_key state = 0;    ///< of "US-CA": "US-CA"; 0 when not known
};

/// `region` is "US-CA", "US", or anything else (then unknown).
locality locality_of(e164 number, std::string_view region) noexcept;

}  // namespace dialer::callerid
