#include "compliance/countries.hpp"

#include <gtest/gtest.h>

#include "compliance/numbering_plan.hpp"

namespace dialer::compliance {
namespace {

bool called(const country_set& countries, std::uint64_t digits) {
  return countries.contains(e164::from_digits(digits));
}

TEST(CountrySet, Empty_CallsNobody) {
  const country_set none;
  for (const std::uint64_t digits : {12125550123ULL, 18005550123ULL, 447700900123ULL, 80012345678ULL}) {
    EXPECT_FALSE(called(none, digits)) << digits;
  }
  EXPECT_EQ(none.text(), "none");
}

TEST(CountrySet, AreaCodes_AreToldApartByTheirCountry) {
  const country_set usa{{"US"}};
  EXPECT_TRUE(called(usa, 12125550123));
  EXPECT_TRUE(called(usa, 17875550123)) << "Puerto Rico's numbers are domestic";
  EXPECT_FALSE(called(usa, 14165550123)) << "Toronto";
  EXPECT_FALSE(called(usa, 18765550123)) << "Jamaica";
  EXPECT_TRUE(called(country_set{{"JM"}}, 18765550123));
  EXPECT_FALSE(called(country_set{{"JM"}}, 12125550123));
}

TEST(CountrySet, CodesWithoutAPlaceUnderPlusOne_GoWithTheUnitedStatesAndCanada) {
  for (const std::uint64_t digits : {18005550123ULL, 15005550123ULL}) {
    EXPECT_TRUE(called(country_set{{"US"}}, digits)) << digits;
    EXPECT_TRUE(called(country_set{{"CA"}}, digits)) << digits;
    EXPECT_FALSE(called(country_set{{"JM"}}, digits)) << digits;
  }
}

TEST(CountrySet, SatelliteAndUnassignedCodes_AreInNoSet) {
  std::vector<std::string> everywhere;
  for (const auto& code : all_calling_codes()) everywhere.emplace_back(code.country);
  for (const auto& code : all_area_codes()) everywhere.emplace_back(code.country);
  const country_set all{everywhere};
  EXPECT_TRUE(called(all, 447700900123));
  EXPECT_TRUE(called(all, 80012345678)) << "freephone";
  for (const std::uint64_t digits : {870712345678ULL, 881612345678ULL, 882312345678ULL, 99912345678ULL}) {
    EXPECT_FALSE(called(all, digits)) << digits;
  }
}

TEST(CountrySet, CountryOfASharedCode_IsItsNeighbour) {
  EXPECT_TRUE(called(country_set{{"GG"}}, 447700900123));
  EXPECT_EQ((country_set{{"JE", "GB", "US"}}.text()), "GB, US");
  EXPECT_TRUE(is_known_country("VA"));
  for (const char* unknown : {"", "UK", "ZZ", "us"}) EXPECT_FALSE(is_known_country(unknown)) << unknown;
}

TEST(CountriesCalled, NothingAllowedByName_IsTheCampaignsOwnCountry) {
  EXPECT_EQ(countries_called({}, "US").text(), "CA, US");
  EXPECT_EQ(countries_called({}, "CA").text(), "CA, US");
  EXPECT_EQ(countries_called({}, "GB").text(), "GB");
  EXPECT_EQ(countries_called({}, "ZZ").text(), "none");
}

TEST(CountriesCalled, WhatIsAllowed_IsNotWidenedByTheCampaign) {
  EXPECT_EQ(countries_called({"GB"}, "US").text(), "GB");
  EXPECT_EQ(countries_called({"US"}, "US").text(), "US");
}

}  // namespace
}  // namespace dialer::compliance
