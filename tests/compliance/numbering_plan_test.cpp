#include "compliance/numbering_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "compliance/address.hpp"
#include "compliance/gate.hpp"
#include "compliance/zone_rules.hpp"
#include "tests/compliance/time_for_test.hpp"

namespace dialer::compliance {
namespace {

std::vector<std::string> split(std::string_view list, char separator = ',') {
  std::vector<std::string> items;
  std::istringstream in{std::string{list}};
  for (std::string item; std::getline(in, item, separator);) items.push_back(item);
  return items;
}

const zone_rules& rules() {
  static const auto loaded = load_system_zone_rules();
  return *loaded;
}

TEST(AreaCodes, Counts_MatchThePublishedPlan) {
  int states = 0, territories = 0, canada = 0, others = 0;
  std::set<std::string_view> other_countries;
  const std::set<std::string_view> territory_regions{"US-AS", "US-GU", "US-MP", "US-PR", "US-VI"};
  for (const auto& code : all_area_codes()) {
    if (code.kind != number_kind::geographic) continue;
    if (code.country == "CA") {
      ++canada;
    } else if (code.country != "US") {
      ++others;
      other_countries.insert(code.country);
    } else {
      ++(territory_regions.contains(code.regions) ? territories : states);
    }
  }
  EXPECT_EQ(states, 359);
  EXPECT_EQ(territories, 6);
  EXPECT_EQ(canada, 56);
  EXPECT_EQ(others, 21);
  EXPECT_EQ(other_countries.size(), 18U);
}

TEST(AreaCodes, EveryRow_IsWellFormedAndItsZonesExist) {
  for (const auto& code : all_area_codes()) {
    SCOPED_TRACE(code.npa);
    EXPECT_TRUE(code.npa >= 200 && code.npa <= 999 && code.npa % 100 != 11 && code.npa / 10 % 10 != 9);
    EXPECT_EQ(find_area_code(code.npa), &code);
    const auto zones = split(code.zones);
    EXPECT_TRUE(std::ranges::is_sorted(zones));
    EXPECT_EQ(zones.empty(), code.kind != number_kind::geographic);
    for (const auto& zone : zones) EXPECT_TRUE(rules().knows(zone)) << zone;
    const auto regions = split(code.regions);
    EXPECT_TRUE(std::ranges::is_sorted(regions));
    for (const auto& region : regions) EXPECT_EQ(region.substr(0, 2), code.country);
  }
}

TEST(AreaCodes, Unassigned_AreNotFound) {
  for (const unsigned npa : {0U, 199U, 211U, 290U, 555U, 911U, 999U, 1000U, 5000U})
    EXPECT_EQ(find_area_code(npa), nullptr);
}

/// A state's zones are those of its area codes: the address table and the number table can't drift apart.
TEST(AreaCodes, ZonesOfAllCodesOfAState_AreTheZonesOfTheState) {
  std::map<std::string, std::set<std::string>> by_region;
  for (const auto& code : all_area_codes()) {
    const auto regions = split(code.regions);
    if (regions.size() > 1) continue;
    for (const auto& zone : split(code.zones))
      by_region[code.regions.data() ? std::string{code.regions} : ""].insert(zone);
  }
  const std::set<std::string_view> with_shared_codes{"CA-NS", "CA-PE", "CA-NT", "CA-NU", "CA-YT"};
  for (const auto& state : all_states()) {
    if (with_shared_codes.contains(state.region)) continue;
    const auto zones = split(state.zones);
    EXPECT_EQ(by_region[std::string{state.region}], std::set<std::string>(zones.begin(), zones.end())) << state.name;
  }
}

TEST(CallingCodes, EveryRow_IsWellFormedAndItsZonesExist) {
  for (const auto& code : all_calling_codes()) {
    SCOPED_TRACE(code.prefix);
    const auto zones = split(code.zones);
    EXPECT_TRUE(std::ranges::is_sorted(zones));
    EXPECT_EQ(zones.empty(), code.kind != number_kind::geographic);
    EXPECT_EQ(code.country.size(), zones.empty() ? 0U : 2U);
    for (const auto& zone : zones) EXPECT_TRUE(rules().knows(zone)) << zone;
  }
}

TEST(CallingCodes, LongestPrefix_Wins) {
  const auto country = [](std::uint64_t digits) { return find_numbering_fact(e164::from_digits(digits)).country; };
  EXPECT_EQ(country(447700900123), "GB");
  EXPECT_EQ(country(74951234567), "RU");
  EXPECT_EQ(country(77271234567), "KZ");
  EXPECT_EQ(country(61891621234), "CC");
  EXPECT_EQ(country(61891631234), "AU");
  EXPECT_EQ(country(85212345678), "HK");
  EXPECT_EQ(country(99912345678), "");
  EXPECT_EQ(country(12125550123), "US");
  EXPECT_EQ(country(12125550), "");  // +1 and too few digits
}

TEST(NumberFact, FictionAtBothEndsOfItsRange_IsReserved) {
  const auto fact = [](std::uint64_t digits) { return number_fact(e164::from_digits(digits)); };
  EXPECT_EQ(fact(12125550099), reason::none);
  EXPECT_EQ(fact(12125550100), reason::number_reserved_for_fiction);
  EXPECT_EQ(fact(12125550199), reason::number_reserved_for_fiction);
  EXPECT_EQ(fact(12125550200), reason::none);
  EXPECT_EQ(fact(447700899999), reason::none);
  EXPECT_EQ(fact(447700900000), reason::number_reserved_for_fiction);
  EXPECT_EQ(fact(447700900999), reason::number_reserved_for_fiction);
  EXPECT_EQ(fact(447700901000), reason::none);
  EXPECT_EQ(fact(442079460000), reason::number_reserved_for_fiction);
}

TEST(NumberFact, KindsWithoutAPlace_AreNotDialable) {
  const auto fact = [](std::uint64_t digits) { return number_fact(e164::from_digits(digits)); };
  for (const std::uint64_t npa : {800, 822, 833, 888, 500, 521, 588, 600, 622, 700, 710}) {
    EXPECT_EQ(fact((1000 + npa) * 10'000'000 + 5551234), reason::number_kind_not_dialable) << npa;
  }
  EXPECT_EQ(fact(80012345678), reason::number_kind_not_dialable);
  EXPECT_EQ(fact(15555551234), reason::number_invalid);
  EXPECT_EQ(fact(99912345678), reason::number_invalid);
}

TEST(NumberFact, PremiumRangesOutsideNorthAmerica_EndWhereTheyEnd) {
  const auto fact = [](std::uint64_t digits) { return number_fact(e164::from_digits(digits)); };
  EXPECT_EQ(fact(448999999999), reason::none);
  EXPECT_EQ(fact(449000000000), reason::number_premium);
  EXPECT_EQ(fact(449999999999), reason::number_premium);
  EXPECT_EQ(fact(448709999999), reason::none);
  EXPECT_EQ(fact(448710000000), reason::number_premium);
  EXPECT_EQ(fact(448739999999), reason::number_premium);
  EXPECT_EQ(fact(448740000000), reason::none);
  EXPECT_EQ(fact(447000000000), reason::number_kind_not_dialable) << "personal numbers";
  EXPECT_EQ(fact(49899999999), reason::none);
  EXPECT_EQ(fact(49900000000), reason::number_premium);
  EXPECT_EQ(fact(33880000000), reason::none);
  EXPECT_EQ(fact(33890000000), reason::number_premium);
  EXPECT_EQ(fact(61890000000), reason::none);
  EXPECT_EQ(fact(61190000000), reason::number_premium);
}

TEST(NumberFact, PayPerCallExchange_IsPremiumUnderEveryAreaCode) {
  const auto fact = [](std::uint64_t digits) { return number_fact(e164::from_digits(digits)); };
  EXPECT_EQ(fact(12129759999), reason::none);
  EXPECT_EQ(fact(12129760000), reason::number_premium);
  EXPECT_EQ(fact(12129769999), reason::number_premium);
  EXPECT_EQ(fact(12129770000), reason::none);
  EXPECT_EQ(fact(18009760000), reason::number_kind_not_dialable) << "toll-free stays toll-free";
  EXPECT_EQ(fact(19005551234), reason::number_premium);
  EXPECT_EQ(fact(97912345678), reason::number_premium);
}

/// A premium range is a part of some country's numbers, so that taking it out leaves those alone.
TEST(CallingCodes, PremiumRanges_LieWithinACountry) {
  int ranges = 0;
  for (const auto& code : all_calling_codes()) {
    if (code.kind != number_kind::premium || code.prefix < 1000) continue;
    ++ranges;
    const auto country = [&] {
      for (auto prefix = code.prefix / 10; prefix != 0; prefix /= 10) {
        for (const auto& row : all_calling_codes()) {
          if (row.prefix == prefix) return row.kind;
        }
      }
      return number_kind::unassigned;
    }();
    EXPECT_EQ(country, number_kind::geographic) << code.prefix;
  }
  EXPECT_GT(ranges, 100);
}

// ---- an independent opinion: oracle/area_codes.txt, one line "code|zone&zone|place name" per area code ----

/// Area codes for which its maker is known to be wrong or coarser than the plan.
const std::map<unsigned, std::string>& known_faults() {
  static const std::map<unsigned, std::string> faults = [] {
    std::map<unsigned, std::string> result{{437, "is Toronto"},
                                           {689, "is Orlando, as 407"},
                                           {474, "is Regina, which keeps Winnipeg's winter time"},
                                           {219, "crosses the zone line"},
                                           {480, "lists Denver; only 928 reaches the Navajo Nation"},
                                           {520, "as 480"},
                                           {602, "as 480"},
                                           {867, "one zone of five"},
                                           {709, "lists Puerto Rico for Goose Bay"}};
    for (const unsigned code : {448, 930, 812, 364, 270, 606, 423, 850, 574, 906})
      result[code] = "crosses the zone line";
    for (const unsigned code : {620, 785, 308, 458, 541}) result[code] = "crosses the zone line";
    for (const unsigned code : {367, 581, 418, 236, 250, 672, 778, 807}) result[code] = "crosses the zone line";
    return result;
  }();
  return faults;
}

/// Zones as the offsets they keep in winter and summer: names of the same time compare equal. 2022, the package's year.
std::set<std::pair<long, long>> offsets(const std::vector<std::string>& zones) {
  std::set<std::pair<long, long>> result;
  for (const auto& zone : zones) {
    const auto winter = rules().offset_at(zone, utc("2022-01-15 12:00"));
    const auto summer = rules().offset_at(zone, utc("2022-07-15 12:00"));
    if (winter && summer) result.emplace(winter->from_utc.count(), summer->from_utc.count());
  }
  return result;
}

TEST(AreaCodes, AgainstAnIndependentTable_DifferOnlyWhereThatIsKnownToBeWrong) {
  const std::string path = std::string{std::getenv("DIALER_SOURCE_DIR")} + "/tests/compliance/oracle/area_codes.txt";
  std::ifstream file{path};
  ASSERT_TRUE(file) << path;
  int compared = 0;
  std::set<unsigned> differing;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    auto fields = split(line, '|');
    fields.resize(3);
    const auto npa = static_cast<unsigned>(std::stoul(fields[0]));
    const auto* ours = find_area_code(npa);
    ASSERT_NE(ours, nullptr) << npa << " is missing";
    ++compared;
    const auto theirs = split(fields[1], '&');
    if (offsets(split(ours->zones)) != offsets(theirs)) {
      differing.insert(npa);
      EXPECT_TRUE(known_faults().contains(npa)) << npa << ": ours " << ours->zones << ", theirs " << fields[1];
    }
    auto name = fields[2].substr(fields[2].find(", ") == std::string::npos ? 0 : fields[2].find(", ") + 2);
    if (name == "Washington State") name = "Washington";
    if (const auto* state = find_state(name)) {
      EXPECT_EQ(ours->regions, state->region) << npa;
    }
  }
  EXPECT_EQ(compared, 410);
  for (const auto& [npa, fault] : known_faults())
    EXPECT_TRUE(differing.contains(npa)) << npa << " no longer differs (" << fault << "): take it out";
}

}  // namespace
}  // namespace dialer::compliance
