#include "compliance/countries.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "compliance/numbering_plan.hpp"

namespace dialer::compliance {
namespace {

/// Countries whose numbers the tables file under the country they share a code with.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> shared_codes{{
    {"AC", "SH"},
    {"AS", "US"},
    {"AX", "FI"},
    {"BL", "GP"},
    {"BQ", "CW"},
    {"EH", "MA"},
    {"GG", "GB"},
    {"GU", "US"},
    {"IM", "GB"},
    {"JE", "GB"},
    {"MF", "GP"},
    {"MP", "US"},
    {"PR", "US"},
    {"SJ", "NO"},
    {"TA", "SH"},
    {"VA", "IT"},
    {"VI", "US"},
    {"YT", "RE"},
}};

/// The country's name in the tables; empty when they do not know it.
std::string_view find_country(std::string_view country) noexcept {
  const auto* shared = std::ranges::find(shared_codes, country, &std::pair<std::string_view, std::string_view>::first);
  const std::string_view wanted = shared == shared_codes.end() ? country : shared->second;
  if (wanted.empty()) return {};
  const auto codes = all_calling_codes();
  if (const auto row = std::ranges::find(codes, wanted, &calling_code::country); row != codes.end()) {
    return row->country;
  }
  const auto areas = all_area_codes();
  const auto row = std::ranges::find(areas, wanted, &area_code::country);
  return row == areas.end() ? std::string_view{} : row->country;
}

}  // namespace

bool is_known_country(std::string_view country) noexcept {
  return !find_country(country).empty();
}

country_set::country_set(const std::vector<std::string>& countries) {
  for (const std::string& country : countries) {
    if (const auto name = find_country(country); !name.empty()) names_.push_back(name);
  }
  std::ranges::sort(names_);
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  const auto listed = [&](std::string_view country) { return std::ranges::binary_search(names_, country); };
  for (const area_code& row : all_area_codes()) {
    area_codes_[row.npa] = row.country.empty() ? listed("US") || listed("CA") : listed(row.country);
  }
}

bool country_set::contains(e164 number) const noexcept {
  if (number.is_nanp()) return area_codes_[number.npa()];
  const calling_code* code = find_calling_code(number);
  if (code == nullptr) return false;
  if (code->kind == number_kind::toll_free) return !names_.empty();
  return std::ranges::binary_search(names_, code->country);
}

std::string country_set::text() const {
  std::string list;
  for (const std::string_view name : names_) list.append(list.empty() ? "" : ", ").append(name);
  return list.empty() ? "none" : list;
}

country_set countries_called(const std::vector<std::string>& allowed, std::string_view default_country) {
  if (!allowed.empty()) return country_set{allowed};
  const bool north_america = default_country == "US" || default_country == "CA";
  return country_set{north_america ? std::vector<std::string>{"CA", "US"}
                                   : std::vector<std::string>{std::string{default_country}}};
}

}  // namespace dialer::compliance
