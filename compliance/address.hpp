#pragma once
// What an address column says about a place: US states, Canadian provinces, US ZIP codes and Canadian postal codes.

#include <span>
#include <string_view>

namespace dialer::compliance {

/// A US state, district or territory, or a Canadian province or territory.
struct state_row {
  std::string_view code;    ///< two letters, unique over both countries
  std::string_view name;    ///< English
  std::string_view region;  ///< "US-FL"
  std::string_view zones;   ///< IANA names, comma-separated, sorted; the same names as in all_area_codes()
};

std::span<const state_row> all_states() noexcept;

/// By code or English name, either case, surrounding spaces ignored; nullptr when there is none.
const state_row* find_state(std::string_view text) noexcept;

/// By US ZIP ("33101", "33101-1234", "331011234") or Canadian postal code ("M5V 2T6", or its first three characters);
/// nullptr when no such code can exist or it names no fixed place (military mail).
const state_row* find_state_of_postal_code(std::string_view text) noexcept;

}  // namespace dialer::compliance
