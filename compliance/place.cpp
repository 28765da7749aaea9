#include "compliance/place.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "compliance/address.hpp"
#include "compliance/numbering_plan.hpp"
#include "compliance/zone_rules.hpp"

namespace dialer::compliance {
namespace {

using names = std::vector<std::string>;

names split(std::string_view list) {
  names result;
  for (std::size_t start = 0; start < list.size();) {
    const auto end = std::min(list.find(',', start), list.size());
    result.emplace_back(list.substr(start, end - start));
    start = end + 1;
  }
  return result;
}

names unite(const names& a, const names& b) {
  names result;
  std::ranges::set_union(a, b, std::back_inserter(result));
  return result;
}

names intersect(const names& a, const names& b) {
  names result;
  std::ranges::set_intersection(a, b, std::back_inserter(result));
  return result;
}

bool contains(const names& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

/// Two zones count as one when their clocks agree in January and in July of 2027, the first full year under the rules
/// of tzdata 2026f: a fixed year, so that the same row makes the same lane on any day.
bool keep_same_time(std::string_view a, std::string_view b, const zone_rules& zones) {
  using namespace std::chrono;
  constexpr std::array samples{utc_time{sys_days{2027y / January / 15}}, utc_time{sys_days{2027y / July / 15}}};
  return std::ranges::all_of(samples, [&](utc_time at) {
    const auto left = zones.offset_at(a, at);
    const auto right = zones.offset_at(b, at);
    return left && right && left->from_utc == right->from_utc;
  });
}

/// What the columns say, looked up but not yet weighed.
struct evidence {
  numbering_fact number;
  const state_row* state = nullptr;
  const state_row* postal_code = nullptr;
};

std::optional<place_error> check(const whereabouts& where, const evidence& found, bool in_north_america,
                                 const zone_rules& zones) {
  const auto quoted = [](std::string_view text) { return "\"" + std::string{text} + "\" "; };
  if (!where.time_zone.empty() && !zones.knows(where.time_zone)) {
    return place_error{"time_zone", quoted(where.time_zone) + "is not an IANA time zone known to this system (tzdata " +
                                        zones.version() +
                                        "); write a name such as America/New_York, or leave it empty"};
  }
  if (in_north_america && !where.postal_code.empty() && found.postal_code == nullptr) {
    return place_error{"postal_code",
                       quoted(where.postal_code) +
                           "is not a US ZIP or Canadian postal code with a fixed place; write five digits "
                           "(keep leading zeros), ZIP+4 or a form such as M5V 2T6, or leave it empty"};
  }
  if (in_north_america && !where.state.empty() && found.state == nullptr) {
    return place_error{"state", quoted(where.state) +
                                    "is not a US state or Canadian province; write two letters such as FL or the "
                                    "English name, or leave it empty"};
  }
  return std::nullopt;
}

/// The zones in which an address in `state` may lie. A number of the same state narrows a state of several zones; a
/// number from elsewhere says nothing about where in the state its owner lives, so both count.
names zones_of_address(const state_row& state, const numbering_fact& number) {
  auto of_state = split(state.zones);
  if (of_state.size() == 1) return of_state;
  const auto of_number = split(number.zones);
  if (!contains(split(number.regions), state.region)) return unite(of_state, of_number);
  auto common = intersect(of_state, of_number);
  return common.empty() ? of_state : common;
}

names zones_of_explicit(std::string_view zone, const numbering_fact& number, const zone_rules& zones) {
  const auto of_number = split(number.zones);
  const names alone{std::string{zone}};
  const bool settles = of_number.empty() || std::ranges::any_of(of_number, [&](const std::string& candidate) {
                         return candidate == zone || keep_same_time(candidate, zone, zones);
                       });
  return settles ? alone : unite(of_number, alone);
}

/// The country whose area codes lie in `zone`, for numbers that have none of their own.
std::string_view country_of_zone(std::string_view zone) {
  const auto row =
      std::ranges::find_if(all_area_codes(), [&](const area_code& code) { return contains(split(code.zones), zone); });
  return row == all_area_codes().end() ? std::string_view{} : row->country;
}

void weigh(place& result, const whereabouts& where, const evidence& found, const zone_rules& zones) {
  if (!where.time_zone.empty()) {
    result.zones = zones_of_explicit(where.time_zone, found.number, zones);
    result.source = place_source::time_zone;
    if (result.country.empty()) result.country = country_of_zone(where.time_zone);
    return;
  }
  // A kind of number without a place (toll-free) says nothing that an address could narrow.
  if (found.number.kind != number_kind::geographic) return;
  if (found.postal_code != nullptr) {
    result.zones = zones_of_address(*found.postal_code, found.number);
    result.source = place_source::postal_code;
  } else if (found.state != nullptr) {
    result.zones = zones_of_address(*found.state, found.number);
    result.source = place_source::state;
  } else {
    result.zones = split(found.number.zones);
    result.source = place_source::number;
  }
}

}  // namespace

place locate(const whereabouts& where, const zone_rules& zones, std::optional<place_error>* error) {
  if (error != nullptr) error->reset();
  // State and postal code are read as North American: "CA" is Cagliari on an Italian row, 10115 is Berlin on a German
  // one.
  const bool in_north_america = where.number.is_nanp();
  evidence found{.number = find_numbering_fact(where.number)};
  if (in_north_america) {
    found.state = find_state(where.state);
    found.postal_code = find_state_of_postal_code(where.postal_code);
  }
  if (auto wrong = check(where, found, in_north_america, zones)) {
    if (error != nullptr) *error = std::move(wrong);
    return {};
  }

  place result;
  result.country = found.number.country;
  result.regions = split(found.number.regions);
  for (const auto* address : {found.postal_code, found.state}) {
    if (address == nullptr) continue;
    result.regions = unite(result.regions, {std::string{address->region}});
    if (result.country.empty()) result.country = address->region.substr(0, 2);
  }
  // A number that cannot exist has no place, whatever else the row says.
  if (found.number.kind != number_kind::unassigned) weigh(result, where, found, zones);
  return result;
}

}  // namespace dialer::compliance
