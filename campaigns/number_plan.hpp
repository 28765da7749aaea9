#pragma once
// Facts of the world's numbering plans, as far as normalisation needs them. The rows are generated
// (script/generate-number-plans); validity patterns are left out on purpose, they call new area codes invalid.

#include <cstdint>
#include <span>
#include <string_view>

namespace dialer::campaigns {

/// Set of lengths of the national significant number: bit n = n digits occur.
using length_set = std::uint32_t;

constexpr bool contains(length_set lengths, std::size_t digits) noexcept {
  return digits < 32 && ((lengths >> digits) & 1U) != 0;
}

/// What may follow "+" and a calling code; countries that share one are taken together.
struct calling_code_plan {
  std::uint16_t calling_code;
  length_set possible;      ///< of every kind of number
  length_set ordinary;      ///< of fixed lines and mobiles; empty for codes without a country
  std::string_view trunks;  ///< trunk prefixes, longest first, separated by a space; empty when there is none
};

/// What a country adds to the plan of its calling code.
struct country_plan {
  std::string_view country;  ///< ISO 3166-1 alpha-2
  std::uint16_t calling_code;
  std::string_view international_prefix;
};

/// Ordered by calling code.
std::span<const calling_code_plan> calling_code_plans() noexcept;
/// Ordered by country.
std::span<const country_plan> country_plans() noexcept;

}  // namespace dialer::campaigns
