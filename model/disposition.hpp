#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dialer {

/// How an attempt ended. Stored as its number: append only, never renumber.
enum class disposition : std::uint8_t {
  answered = 1,   ///< a person, or the carrier could not tell
  voicemail = 2,  ///< answered by a machine
  busy = 3,
  no_answer = 4,
  failed = 5,          ///< carrier or network fault; says nothing about the contact
  invalid_number = 6,  ///< the number does not exist or can never be reached
  rejected = 7,        ///< declined by the called party or by analytics on its behalf
  canceled = 8,        ///< by us, before it was answered
  blocked = 9,         ///< refused by policy of the carrier or of ours
  unknown = 10,        ///< the carrier was asked and knows no such call
};

inline constexpr std::array all_dispositions{
    disposition::answered, disposition::voicemail,      disposition::busy,     disposition::no_answer,
    disposition::failed,   disposition::invalid_number, disposition::rejected, disposition::canceled,
    disposition::blocked,  disposition::unknown};
inline constexpr std::size_t disposition_slots = 11;  ///< array size for tables indexed by the enumerator's number

/// "no_answer"; "none" for a value outside the enumeration.
std::string_view to_string(disposition value) noexcept;
std::optional<disposition> parse_disposition(std::string_view text) noexcept;

}  // namespace dialer
