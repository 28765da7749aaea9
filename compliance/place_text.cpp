#include <algorithm>
#include <array>
#include <iterator>

#include "compliance/place.hpp"

namespace dialer::compliance {
namespace {

constexpr std::string_view nothing = "-";
constexpr std::array<std::string_view, 5> source_names{"none", "time_zone", "postal_code", "state", "number"};

std::string join(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += ',';
    text += item;
  }
  return text.empty() ? std::string{nothing} : text;
}

bool is_name(std::string_view text) {
  return !text.empty() && text != nothing && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '+' || c == '-';
  });
}

bool is_country(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// Strictly ascending names, so that one place has one text; nullopt for anything else.
std::optional<std::vector<std::string>> parse_list(std::string_view text) {
  std::vector<std::string> result;
  if (text == nothing) return result;
  for (;;) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    if (!is_name(item) || (!result.empty() && result.back() >= item)) return std::nullopt;
    result.emplace_back(item);
    if (comma == std::string_view::npos) return result;
    text.remove_prefix(comma + 1);
  }
}

/// Exactly four fields with one space between them.
std::optional<std::array<std::string_view, 4>> split_fields(std::string_view text) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    fields[i] = text.substr(0, space);
    text.remove_prefix(space + 1);
  }
  fields[3] = text;
  return fields;
}

}  // namespace

std::string_view to_string(place_source value) noexcept {
  return source_names[static_cast<std::size_t>(value)];
}

std::string to_text(const place& value) {
  std::string text{value.country.empty() ? nothing : std::string_view{value.country}};
  text += ' ';
  text += join(value.regions);
  text += ' ';
  text += join(value.zones);
  text += ' ';
  text += to_string(value.source);
  return text;
}

std::optional<place> parse_place(std::string_view text) {
  const auto fields = split_fields(text);
  if (!fields) return std::nullopt;
  const auto [country, region_list, zone_list, source_name] = *fields;
  if (country != nothing && !is_country(country)) return std::nullopt;
  auto regions = parse_list(region_list);
  auto zones = parse_list(zone_list);
  const auto source = std::ranges::find(source_names, source_name);
  if (!regions || !zones || source == source_names.end()) return std::nullopt;
  place result;
  if (country != nothing) result.country = country;
  result.regions = std::move(*regions);
  result.zones = std::move(*zones);
  result.source = static_cast<place_source>(source - source_names.begin());
  return result;
}

}  // namespace dialer::compliance
