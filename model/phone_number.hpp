#pragma once
// What carriers and inventories call the kinds of numbers.

#include <cstdint>

namespace dialer {

/// Stored as its number: append only.
enum class number_type : std::uint8_t { local = 0, national = 1, mobile = 2, toll_free = 3 };

/// How the carrier vouches for calls that show a number (STIR/SHAKEN). Stored as its number: append only.
enum class attestation : std::uint8_t { unknown = 0, a = 1, b = 2, c = 3 };

/// Bits of a mask of capabilities.
enum capability : std::uint8_t { voice = 1, sms = 2, mms = 4, fax = 8 };

}  // namespace dialer
