#include "compliance/address.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include "model/ascii.hpp"

namespace dialer::compliance {
namespace {

// clang-format off
constexpr state_row states[] = {
    {"AL", "Alabama", "US-AL", "America/Chicago"},
    {"AK", "Alaska", "US-AK", "America/Adak,America/Anchorage"},
    {"AZ", "Arizona", "US-AZ", "America/Denver,America/Phoenix"},
    {"AR", "Arkansas", "US-AR", "America/Chicago"},
    {"CA", "California", "US-CA", "America/Los_Angeles"},
    {"CO", "Colorado", "US-CO", "America/Denver"},
    {"CT", "Connecticut", "US-CT", "America/New_York"},
    {"DE", "Delaware", "US-DE", "America/New_York"},
    {"DC", "District of Columbia", "US-DC", "America/New_York"},
    {"FL", "Florida", "US-FL", "America/Chicago,America/New_York"},
    {"GA", "Georgia", "US-GA", "America/New_York"},
    {"HI", "Hawaii", "US-HI", "Pacific/Honolulu"},
    {"ID", "Idaho", "US-ID", "America/Boise,America/Los_Angeles"},
    {"IL", "Illinois", "US-IL", "America/Chicago"},
    {"IN", "Indiana", "US-IN", "America/Chicago,America/New_York"},
    {"IA", "Iowa", "US-IA", "America/Chicago"},
    {"KS", "Kansas", "US-KS", "America/Chicago,America/Denver"},
    {"KY", "Kentucky", "US-KY", "America/Chicago,America/New_York"},
    {"LA", "Louisiana", "US-LA", "America/Chicago"},
    {"ME", "Maine", "US-ME", "America/New_York"},
    {"MD", "Maryland", "US-MD", "America/New_York"},
    {"MA", "Massachusetts", "US-MA", "America/New_York"},
    {"MI", "Michigan", "US-MI", "America/Chicago,America/New_York"},
    {"MN", "Minnesota", "US-MN", "America/Chicago"},
    {"MS", "Mississippi", "US-MS", "America/Chicago"},
    {"MO", "Missouri", "US-MO", "America/Chicago"},
    {"MT", "Montana", "US-MT", "America/Denver"},
    {"NE", "Nebraska", "US-NE", "America/Chicago,America/Denver"},
    {"NV", "Nevada", "US-NV", "America/Denver,America/Los_Angeles"},
    {"NH", "New Hampshire", "US-NH", "America/New_York"},
    {"NJ", "New Jersey", "US-NJ", "America/New_York"},
    {"NM", "New Mexico", "US-NM", "America/Denver"},
    {"NY", "New York", "US-NY", "America/New_York"},
    {"NC", "North Carolina", "US-NC", "America/New_York"},
    {"ND", "North Dakota", "US-ND", "America/Chicago,America/Denver"},
    {"OH", "Ohio", "US-OH", "America/New_York"},
    {"OK", "Oklahoma", "US-OK", "America/Chicago"},
    {"OR", "Oregon", "US-OR", "America/Boise,America/Los_Angeles"},
    {"PA", "Pennsylvania", "US-PA", "America/New_York"},
    {"RI", "Rhode Island", "US-RI", "America/New_York"},
    {"SC", "South Carolina", "US-SC", "America/New_York"},
    {"SD", "South Dakota", "US-SD", "America/Chicago,America/Denver"},
    {"TN", "Tennessee", "US-TN", "America/Chicago,America/New_York"},
    {"TX", "Texas", "US-TX", "America/Chicago,America/Denver"},
    {"UT", "Utah", "US-UT", "America/Denver"},
    {"VT", "Vermont", "US-VT", "America/New_York"},
    {"VA", "Virginia", "US-VA", "America/New_York"},
    {"WA", "Washington", "US-WA", "America/Los_Angeles"},
    {"WV", "West Virginia", "US-WV", "America/New_York"},
    {"WI", "Wisconsin", "US-WI", "America/Chicago"},
    {"WY", "Wyoming", "US-WY", "America/Denver"},
    {"AS", "American Samoa", "US-AS", "Pacific/Pago_Pago"},
    {"GU", "Guam", "US-GU", "Pacific/Guam"},
    {"MP", "Northern Mariana Islands", "US-MP", "Pacific/Saipan"},
    {"PR", "Puerto Rico", "US-PR", "America/Puerto_Rico"},
    {"VI", "US Virgin Islands", "US-VI", "America/St_Thomas"},
    {"AB", "Alberta", "CA-AB", "America/Edmonton"},
    {"BC", "British Columbia", "CA-BC", "America/Edmonton,America/Vancouver"},
    {"MB", "Manitoba", "CA-MB", "America/Winnipeg"},
    {"NB", "New Brunswick", "CA-NB", "America/Moncton"},
    {"NL", "Newfoundland and Labrador", "CA-NL", "America/Goose_Bay,America/St_Johns"},
    {"NS", "Nova Scotia", "CA-NS", "America/Halifax"},
    {"NT", "Northwest Territories", "CA-NT", "America/Edmonton"},
    {"NU", "Nunavut", "CA-NU", "America/Cambridge_Bay,America/Iqaluit,America/Rankin_Inlet"},
    {"ON", "Ontario", "CA-ON", "America/Toronto,America/Winnipeg"},
    {"PE", "Prince Edward Island", "CA-PE", "America/Halifax"},
    {"QC", "Quebec", "CA-QC", "America/Halifax,America/Toronto"},
    {"SK", "Saskatchewan", "CA-SK", "America/Regina"},
    {"YT", "Yukon", "CA-YT", "America/Whitehorse"},
};

struct zip_range {
  std::uint32_t first;
  std::uint32_t last;
  std::string_view state;
};

// First three digits of a ZIP by state, written out to five where a state owns less than that. Military mail (090-098,
// 340, 962-966) is left out: it has no fixed place.
constexpr zip_range zip_ranges[] = {
    {501, 599, "NY"}, {600, 799, "PR"}, {800, 899, "VI"}, {900, 999, "PR"}, {1000, 2799, "MA"}, {2800, 2999, "RI"},
    {3000, 3899, "NH"}, {3900, 4999, "ME"}, {5000, 5499, "VT"}, {5500, 5599, "MA"}, {5600, 5999, "VT"},
    {6000, 6389, "CT"}, {6390, 6390, "NY"}, {6391, 6999, "CT"}, {7000, 8999, "NJ"},
    {10000, 14999, "NY"}, {15000, 19699, "PA"}, {19700, 19999, "DE"}, {20000, 20099, "DC"}, {20100, 20199, "VA"},
    {20200, 20599, "DC"}, {20600, 21299, "MD"}, {21400, 21999, "MD"}, {22000, 24699, "VA"}, {24700, 26899, "WV"},
    {27000, 28999, "NC"}, {29000, 29999, "SC"}, {30000, 31999, "GA"}, {32000, 33999, "FL"}, {34100, 34299, "FL"},
    {34400, 34499, "FL"}, {34600, 34799, "FL"}, {34900, 34999, "FL"}, {35000, 35299, "AL"}, {35400, 36999, "AL"},
    {37000, 38599, "TN"}, {38600, 39799, "MS"}, {39800, 39999, "GA"}, {40000, 42799, "KY"}, {43000, 45999, "OH"},
    {46000, 47999, "IN"}, {48000, 49999, "MI"}, {50000, 52899, "IA"}, {53000, 53299, "WI"}, {53400, 53599, "WI"},
    {53700, 54999, "WI"}, {55000, 55199, "MN"}, {55300, 56799, "MN"}, {56900, 56999, "DC"}, {57000, 57799, "SD"},
    {58000, 58899, "ND"}, {59000, 59999, "MT"}, {60000, 62099, "IL"}, {62200, 62999, "IL"}, {63000, 63199, "MO"},
    {63300, 64199, "MO"}, {64400, 65899, "MO"}, {66000, 66299, "KS"}, {66400, 67999, "KS"}, {68000, 68199, "NE"},
    {68300, 69399, "NE"}, {70000, 70199, "LA"}, {70300, 70899, "LA"}, {71000, 71499, "LA"}, {71600, 72999, "AR"},
    {73000, 73199, "OK"}, {73300, 73399, "TX"}, {73400, 74199, "OK"}, {74300, 74999, "OK"}, {75000, 77099, "TX"},
    {77200, 79999, "TX"}, {80000, 81699, "CO"}, {82000, 83199, "WY"}, {83200, 83899, "ID"}, {84000, 84799, "UT"},
    {85000, 85399, "AZ"}, {85500, 85799, "AZ"}, {85900, 86099, "AZ"}, {86300, 86599, "AZ"}, {87000, 87199, "NM"},
    {87300, 87599, "NM"}, {87700, 88499, "NM"}, {88500, 88599, "TX"}, {88900, 89199, "NV"}, {89300, 89599, "NV"},
    {89700, 89899, "NV"}, {90000, 90899, "CA"}, {91000, 92899, "CA"}, {93000, 96199, "CA"}, {96700, 96798, "HI"},
    {96799, 96799, "AS"}, {96800, 96899, "HI"}, {96910, 96932, "GU"}, {96950, 96952, "MP"}, {97000, 97999, "OR"},
    {98000, 98699, "WA"}, {98800, 99499, "WA"}, {99500, 99999, "AK"},
};
// clang-format on
static_assert(std::ranges::is_sorted(zip_ranges, {}, &zip_range::first));

constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr bool digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The first five digits of a ZIP; spreadsheets drop leading zeros, but a short code is refused, not guessed.
std::optional<std::uint32_t> parse_zip(std::string_view text) {
  const bool plus_four = text.size() == 10 && text[5] == '-';
  if (text.size() != 5 && text.size() != 9 && !plus_four) return std::nullopt;
  std::uint32_t first_five = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (plus_four && i == 5) continue;
    if (!digit(text[i])) return std::nullopt;
    if (i < 5) first_five = first_five * 10 + static_cast<std::uint32_t>(text[i] - '0');
  }
  return first_five;
}

const state_row* find_by_zip(std::uint32_t zip) {
  const auto* after = std::ranges::upper_bound(zip_ranges, zip, {}, &zip_range::first);
  if (after == std::begin(zip_ranges) || zip > std::prev(after)->last) return nullptr;
  return find_state(std::prev(after)->state);
}

/// "M5V 2T6", "M5V2T6" or "M5V": letter digit letter, digit letter digit.
bool is_canadian_postal_code(std::string_view text) {
  if (text.size() == 7 && text[3] != ' ') return false;
  if (text.size() != 3 && text.size() != 6 && text.size() != 7) return false;
  std::size_t position = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.size() == 7 && i == 3) continue;
    if (position++ % 2 == 0 ? !letter(text[i]) : !digit(text[i])) return false;
  }
  return true;
}

const state_row* find_by_canadian_postal_code(std::string_view text) {
  // X0A, X0B and X0C are Nunavut, the other X codes the Northwest Territories.
  if (upper(text[0]) == 'X') return find_state(text[1] == '0' && upper(text[2]) <= 'C' ? "NU" : "NT");
  constexpr std::string_view letters = "ABCEGHJKLMNPRSTVY";
  constexpr std::string_view provinces[] = {"NL", "NS", "PE", "NB", "QC", "QC", "QC", "ON", "ON",
                                            "ON", "ON", "ON", "MB", "SK", "AB", "BC", "YT"};
  static_assert(letters.size() == std::size(provinces));
  const auto at = letters.find(upper(text[0]));
  return at == std::string_view::npos ? nullptr : find_state(provinces[at]);
}

}  // namespace

std::span<const state_row> all_states() noexcept {
  return states;
}

const state_row* find_state(std::string_view text) noexcept {
  text = trim(text);
  const auto* row = std::ranges::find_if(states, [&](const state_row& state) {
    return same_ignoring_case(text, text.size() == 2 ? state.code : state.name);
  });
  return row == std::end(states) ? nullptr : row;
}

const state_row* find_state_of_postal_code(std::string_view text) noexcept {
  text = trim(text);
  if (const auto zip = parse_zip(text)) return find_by_zip(*zip);
  return is_canadian_postal_code(text) ? find_by_canadian_postal_code(text) : nullptr;
}

}  // namespace dialer::compliance
