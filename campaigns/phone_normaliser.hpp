#pragma once
// Telephone numbers as people and spreadsheets write them -> E.164.

#include <array>
#include <cstdint>
#include <string_view>

#include "campaigns/number_plan.hpp"
#include "model/e164.hpp"

namespace dialer::campaigns {

/// Why a text is no number we may call.
enum class phone_problem : std::uint8_t {
  none,
  empty,
  letters,
  unreadable,  ///< signs that belong in no number, or two numbers in one cell
  scientific,  ///< 1.21255E+10
  decimal,     ///< 12125550123.0
  too_short,
  too_long,
  impossible_length,  ///< between the plan's lengths
  calling_code,       ///< no country has it
  area_code_missing,
  area_code,
  exchange_code,
  ambiguous,  ///< two readings are possible: national or international, with or without a trunk prefix
  extension,  ///< marked as an extension, but not up to 15 digits
};

struct phone_problem_text {
  std::string_view name;     ///< "area_code"
  std::string_view meaning;  ///< "the area code cannot exist in North America"
  std::string_view remedy;   ///< what to write instead
};
const phone_problem_text& describe(phone_problem problem) noexcept;

/// Either a number (problem == none) or a problem.
struct phone_result {
  e164 number;
  phone_problem problem = phone_problem::none;
  std::uint8_t extension_size = 0;
  std::array<char, 15> extension_digits{};

  std::string_view extension() const noexcept { return {extension_digits.data(), extension_size}; }
  explicit operator bool() const noexcept { return problem == phone_problem::none; }
};

/// Reads E.164, national forms of the default country, "00", "011" and the country's own international prefix,
/// "tel:" URIs, usual punctuation, extensions ("x123", "ext. 5", ";ext=5", "#5"), full-width and Arabic digits, and a
/// trunk prefix kept in an international number ("+44 (0)20 ...").
///
/// Refuses only what no plan allows: lengths, unknown calling codes, and for +1 the syntax NPA NXX XXXX with N = 2-9,
/// no N11 and no 9 in the middle of the area code (ATIS numbering plan). A number that passes may
/// still not be in service. What is ambiguous is refused, never guessed: the guess would ring a stranger.
///
/// Immutable; any thread. Does not allocate.
class phone_normaliser {
 public:
  /// default_country: ISO 3166-1 alpha-2, upper case. Throws std::invalid_argument when there is no such plan.
  explicit phone_normaliser(std::string_view default_country);

  /// text: UTF-8. Cost: one pass for North American numbers, ~20 ns.
  phone_result normalise(std::string_view text) const noexcept;

 private:
  const country_plan* home_;
  const calling_code_plan* home_plan_;
};

}  // namespace dialer::campaigns
