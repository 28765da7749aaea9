#pragma once
// The law's calling hours by country.

#include <span>
#include <string_view>

#include "compliance/calling_window.hpp"

namespace dialer::compliance {

/// Hours in which `country` (ISO 3166-1 alpha-2) lets sales calls be made. A call is lawful when it lies inside any one
/// of the returned weeks: more than one where the day is split. A country without a row, the empty one included, gets
/// the engine's default, 09:00-20:00 Monday to Saturday, and never an empty answer.
std::span<const weekly_hours> national_hours(std::string_view country) noexcept;

/// What they are taken from, for a person: "47 CFR 64.1200(c)(1), 16 CFR 310.4(c)".
std::string_view national_hours_source(std::string_view country) noexcept;

}  // namespace dialer::compliance
