// The normaliser against libphonenumber-js, over inputs built for every country (oracle/vectors.mjs). Where the two
// differ on purpose, the difference has a name here; a difference without a name, or a name without a difference,
// fails.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "campaigns/phone_normaliser.hpp"

namespace dialer::campaigns {
namespace {

struct vector_line {
  std::string country;
  std::string text;
  std::string oracle;  // E.164 with ";ext=", or "-"
};

constexpr std::size_t e164_size_min = 1 + 7;
constexpr std::size_t e164_size_max = 1 + 15;

std::string calling_code_of(std::string_view country) {
  for (const country_plan& each : country_plans()) {
    if (each.country == country) return std::to_string(each.calling_code);
  }
  return {};
}

bool shares_calling_code(const std::string& code) {
  return std::ranges::count(country_plans(), std::stoi(code), &country_plan::calling_code) > 1;
}

/// Why we say something else than the oracle; empty when there is no reason for it.
std::string_view name_of_difference(const vector_line& line, const phone_result& ours) {
  // Carrier-selection digits after the 0 are not taken off.
  if (line.country == "KR" && line.text.find("82") != std::string::npos) return "korean_carrier_codes_stay";
  // An 8 before a number of 6 to 8 digits: the oracle asks the pattern, we keep what is a possible number as it is.
  if (line.country == "BY" && line.text.find("8") != std::string::npos && ours) return "belarusian_eight_stays";
  const std::string code = calling_code_of(line.country);
  const std::string oracle = line.oracle.substr(0, line.oracle.find(';'));
  switch (ours.problem) {
    case phone_problem::area_code:
    case phone_problem::exchange_code:
      // The oracle counts digits; NPA NXX syntax is a rule of the plan, not a validity pattern.
      return code == "1" || line.text.starts_with("+1") ? "north_american_syntax" : "";
    case phone_problem::area_code_missing:
      // On the islands the oracle adds the area code; we ask for it, a list may mix islands.
      return code == "1" ? "area_code_is_never_added" : "";
    case phone_problem::too_short:
    case phone_problem::too_long:
    case phone_problem::impossible_length:
      if (oracle.size() < e164_size_min || oracle.size() > e164_size_max) return "e164_has_7_to_15_digits";
      // Guernsey, Norfolk Island and others: the oracle completes a number that lacks its leading digits.
      if (oracle.size() > code.size() + 1 && !line.text.starts_with("+" + code) &&
          oracle.size() - 1 - code.size() > line.text.size()) {
        return "leading_digits_are_never_added";
      }
      return line.text.starts_with("+") && oracle.size() > line.text.size() ? "leading_digits_are_never_added" : "";
    case phone_problem::ambiguous:
      // Starts with the country's own calling code, and both readings have a usual length: the oracle picks one by
      // pattern.
      return line.text.starts_with(code) ? "ambiguous_is_refused" : "";
    case phone_problem::none:
      if (line.text.starts_with("00")) return "double_zero_is_international_everywhere";
      // The same situation, but only one reading has a length that fixed lines and mobiles of the country have.
      if (line.oracle == "-" && shares_calling_code(code)) return "countries_of_one_code_are_taken_together";
      if (line.text.starts_with(code)) return "own_calling_code_is_told_by_usual_length";
      return "";
    default: return "";
  }
}

TEST(NumberPlanOracle, EveryCountry_AgreesOrDiffersForAStatedReason) {
  const std::string path = std::string{std::getenv("DIALER_SOURCE_DIR")} + "/tests/campaigns/oracle/vectors.tsv";
  std::ifstream file{path};
  ASSERT_TRUE(file) << path;
  std::map<std::string_view, int> differences;
  int compared = 0;
  vector_line line;
  while (std::getline(file, line.country, '\t') && std::getline(file, line.text, '\t') &&
         std::getline(file, line.oracle)) {
    const phone_normaliser normaliser{line.country};
    const phone_result ours = normaliser.normalise(line.text);
    std::string said = ours ? ours.number.text() : "-";
    if (ours && ours.extension_size > 0) said += ";ext=" + std::string{ours.extension()};
    ++compared;
    if (said == line.oracle) continue;
    const std::string_view name = name_of_difference(line, ours);
    ++differences[name];
    EXPECT_FALSE(name.empty()) << line.country << " \"" << line.text << "\": oracle " << line.oracle << ", ours "
                               << said << ' ' << describe(ours.problem).name;
  }
  EXPECT_GT(compared, 10'000);
  EXPECT_EQ(differences.size(), 10U) << "a stated difference no longer occurs: take it out";
  for (const auto& [name, count] : differences) RecordProperty(std::string{name}, count);
}

}  // namespace
}  // namespace dialer::campaigns
