#pragma once
// Where a phone may be: every time zone and jurisdiction whose rules could apply to it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/e164.hpp"

namespace dialer::compliance {

/// How the place was found; stored with the lane so that `explain` can say it.
enum class place_source : std::uint8_t { none, time_zone, postal_code, state, number };

std::string_view to_string(place_source value) noexcept;

/// All zones must be open at once (intersection); all regions' rules apply at once.
struct place {
  std::string country;               ///< ISO 3166-1 alpha-2; empty when unknown
  std::vector<std::string> regions;  ///< "US-FL", sorted, unique; of the number and of the address
  std::vector<std::string> zones;    ///< IANA names, sorted, unique; empty = no place, never dialed
  place_source source = place_source::none;
  friend bool operator==(const place&, const place&) = default;
};

/// What an import row says about a contact's whereabouts; empty strings when it says nothing.
struct whereabouts {
  e164 number;
  std::string_view time_zone;  ///< IANA name
  std::string_view state;      ///< US state or Canadian province, two letters or English name; read for +1 numbers only
  std::string_view postal_code;  ///< US ZIP, ZIP+4 or Canadian postal code; read for +1 numbers only
};

/// What is wrong with a given time zone, state or postal code; the row is rejected with it.
struct place_error {
  std::string column;   ///< "time_zone", "state" or "postal_code"
  std::string message;  ///< what is wrong and what to write instead
};

class zone_rules;

/// Finds every zone and region that could apply to a phone. By falling weight: the explicit zone, the postal code, the
/// state, the number's area code or country.
/// - An explicit zone that is one of the number's zones, or keeps the same time as one, settles an ambiguity and stands
///   alone; one that conflicts is intersected with them (both are listed).
/// - A state or postal code whose state has several zones is narrowed by a number of the same state; with a number from
///   elsewhere both count.
/// - Regions of the number and of the address both count: area codes carry legal presumptions, phones travel.
/// - Toll-free and other numbers without a place have zones only with an explicit zone; unassigned ones never.
/// A malformed or unknown value sets *error (cleared otherwise) and yields an empty place. Pure; `zones` knows which
/// zone names exist.
place locate(const whereabouts& where, const zone_rules& zones, std::optional<place_error>* error = nullptr);

/// "US US-FL America/Chicago,America/New_York number", with "-" for an empty field: the durable name of a lane.
/// parse_place(to_text(p)) == p; parse_place takes nothing that to_text cannot have written.
std::string to_text(const place& value);
std::optional<place> parse_place(std::string_view text);

}  // namespace dialer::compliance
