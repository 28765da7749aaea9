#pragma once
// The signs of a written telephone number, before any numbering plan is asked.

#include <array>
#include <cstdint>
#include <string_view>

#include "campaigns/phone_normaliser.hpp"

namespace dialer::campaigns {

/// The longest input of any sense: calling code, trunk and international prefixes included.
inline constexpr std::size_t phone_digits_max = 24;

struct phone_text {
  phone_problem problem = phone_problem::none;
  bool plus = false;
  std::uint8_t digits_size = 0;
  std::uint8_t extension_size = 0;
  std::array<char, phone_digits_max> digits{};
  std::array<char, 15> extension_digits{};
};

/// Takes off what spreadsheets and URIs wrap around a number (' before, ="..." around, tel:), maps foreign digits and
/// punctuation to ASCII, and parts the extension from the number. Does not allocate.
phone_text read_phone_text(std::string_view text) noexcept;

}  // namespace dialer::campaigns
