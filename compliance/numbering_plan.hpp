#pragma once
// Public facts of numbering plans: what an area code or a calling code says about where a phone may be.
//
// Written for this project from public numbering facts (assignments known in November 2026, including codes assigned
// but not yet in service). Exchange-level detail is left out on purpose: numbers are ported and phones travel, so a
// code that spans zones lists all of them and the calling window intersects them.

#include <cstdint>
#include <span>
#include <string_view>

#include "model/e164.hpp"

namespace dialer::compliance {

enum class number_kind : std::uint8_t {
  unassigned,  ///< no such area code or calling code
  geographic,  ///< has a place; mobiles included, they share the codes
  toll_free,
  personal,  ///< follow-me and machine-to-machine codes (5XX)
  premium,
  non_geographic,  ///< satellite, carrier and government services
};

/// One area code of the North American Numbering Plan.
struct area_code {
  std::uint16_t npa;
  std::string_view
      country;  ///< ISO 3166-1 alpha-2; US territories are "US" (US law reaches them); empty without a place
  std::string_view regions;  ///< "US-FL"; several comma-separated, sorted
  number_kind kind;
  std::string_view zones;  ///< IANA names, comma-separated, sorted; empty without a place
};

/// All assigned area codes, grouped by country and region.
std::span<const area_code> all_area_codes() noexcept;
/// nullptr when `npa` is not assigned. O(1).
const area_code* find_area_code(unsigned npa) noexcept;
/// The kind alone, for the hot path.
number_kind kind_of_area_code(unsigned npa) noexcept;

/// A calling code outside +1, or the start of national numbers under it that lie in another country or zone.
struct calling_code {
  std::uint32_t prefix;      ///< leading digits of the E.164 number
  std::string_view country;  ///< ISO 3166-1 alpha-2; empty without a place
  number_kind kind;
  std::string_view zones;  ///< as in area_code: every zone of the country, so that the intersection holds anywhere
};

std::span<const calling_code> all_calling_codes() noexcept;
/// Longest matching prefix; nullptr for +1 and for codes that are not assigned.
const calling_code* find_calling_code(e164 number) noexcept;

/// What both tables say about a number.
struct numbering_fact {
  std::string_view country;
  std::string_view regions;
  number_kind kind = number_kind::unassigned;
  std::string_view zones;
};
numbering_fact find_numbering_fact(e164 number) noexcept;

}  // namespace dialer::compliance
