#include "compliance/place.hpp"

#include <gtest/gtest.h>

#include "compliance/address.hpp"
#include "compliance/zone_rules.hpp"

namespace dialer::compliance {
namespace {

const zone_rules& rules() {
  static const auto loaded = load_system_zone_rules();
  return *loaded;
}

struct row {
  const char* name;
  std::uint64_t number;
  std::string_view time_zone;
  std::string_view state;
  std::string_view postal_code;
  const char* expected;  ///< to_text of the place
};

class Locate : public testing::TestWithParam<row> {};

TEST_P(Locate, FindsThePlace) {
  const auto& in = GetParam();
  std::optional<place_error> error;
  const auto found = locate({e164::from_digits(in.number), in.time_zone, in.state, in.postal_code}, rules(), &error);
  EXPECT_FALSE(error) << error->message;
  EXPECT_EQ(to_text(found), in.expected);
  EXPECT_EQ(parse_place(to_text(found)), found);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Locate,
    testing::Values(
        row{"NumberAlone", 12125550123, "", "", "", "US US-NY America/New_York number"},
        row{"NumberOfSplitCode", 18505550123, "", "", "", "US US-FL America/Chicago,America/New_York number"},
        row{"OverlayInheritsTheSplit", 14485550123, "", "", "", "US US-FL America/Chicago,America/New_York number"},
        row{"NumberOfTwoProvinces", 19025550123, "", "", "", "CA CA-NS,CA-PE America/Halifax number"},
        row{"NumberAbroad", 442079460123, "", "", "", "GB - Europe/London number"},
        row{"NumberInManyZones", 34600123456, "", "", "", "ES - Atlantic/Canary,Europe/Madrid number"},
        row{"CaribbeanNumber", 18765550123, "", "", "", "JM - America/Jamaica number"},
        row{"TorontoOverlay", 14375550123, "", "", "", "CA CA-ON America/Toronto number"},
        row{"ReginaOverlay", 14745550123, "", "", "", "CA CA-SK America/Regina number"},
        // Explicit zones: one of the number's, one that keeps its time, one that conflicts.
        row{"ExplicitZoneSettlesASplit", 18505550123, "America/Chicago", "", "", "US US-FL America/Chicago time_zone"},
        row{"ExplicitZoneOfTheSameTime", 12125550123, "America/Detroit", "", "", "US US-NY America/Detroit time_zone"},
        row{"ExplicitZoneInConflict", 12125550123, "America/Los_Angeles", "", "",
            "US US-NY America/Los_Angeles,America/New_York time_zone"},
        row{"SameTimeInWinterOnlyIsAConflict", 13035550123, "America/Phoenix", "", "",
            "US US-CO America/Denver,America/Phoenix time_zone"},
        row{"ExplicitZoneBeatsAddress", 18505550123, "America/Chicago", "NY", "10001",
            "US US-FL,US-NY America/Chicago time_zone"},
        // Addresses.
        row{"StateOfOneZone", 12125550123, "", "CA", "", "US US-CA,US-NY America/Los_Angeles state"},
        row{"StateByName", 12125550123, "", " south dakota ", "",
            "US US-NY,US-SD America/Chicago,America/Denver,America/New_York state"},
        row{"StateNarrowedByItsOwnNumber", 13055550123, "", "FL", "", "US US-FL America/New_York state"},
        row{"StateNotNarrowedByAForeignNumber", 12125550123, "", "TX", "",
            "US US-NY,US-TX America/Chicago,America/Denver,America/New_York state"},
        row{"ZipBeatsState", 12125550123, "", "NY", "90001", "US US-CA,US-NY America/Los_Angeles postal_code"},
        row{"ZipPlusFour", 12125550123, "", "", "60601-1234", "US US-IL,US-NY America/Chicago postal_code"},
        row{"ZipNarrowedByItsOwnNumber", 19155550123, "", "", "79901", "US US-TX America/Denver postal_code"},
        row{"CanadianPostalCode", 14165550123, "", "", "v5k 0a1",
            "CA CA-BC,CA-ON America/Edmonton,America/Toronto,America/Vancouver postal_code"},
        row{"AddressColumnsOfOtherCountriesAreNotRead", 493012345678, "", "Bayern", "80331",
            "DE - Europe/Berlin number"},
        // Numbers without a place.
        row{"TollFree", 18005550123, "", "", "", "- - - none"},
        row{"TollFreeWithAddressOnly", 18005550123, "", "NY", "10001", "US US-NY - none"},
        row{"TollFreeWithExplicitZone", 18005550123, "America/Toronto", "", "", "CA - America/Toronto time_zone"},
        row{"UnassignedStaysNowhere", 15555550123, "America/New_York", "NY", "10001", "US US-NY - none"}),
    [](const auto& one) { return one.param.name; });

TEST(Locate, BadColumns_NameTheColumnAndTheRemedy) {
  const auto number = e164::from_digits(12125550123);
  const auto column_of = [&](std::string_view zone, std::string_view state, std::string_view postal_code) {
    std::optional<place_error> error;
    const auto found = locate({number, zone, state, postal_code}, rules(), &error);
    EXPECT_EQ(found, place{});
    if (!error) return std::string{"no error"};
    EXPECT_NE(error->message.find("write"), std::string::npos) << error->message;
    return error->column;
  };
  EXPECT_EQ(column_of("America/Gotham", "", ""), "time_zone");
  EXPECT_EQ(column_of("../../etc/passwd", "", ""), "time_zone");
  EXPECT_EQ(column_of("", "XX", ""), "state");
  EXPECT_EQ(column_of("", "Atlantis", ""), "state");
  for (const auto* code :
       {"1234", "123456", "1O001", "10001-12", "00000", "09012", "96401", "99999999999", "D1A 1A1", "M5V-2T6"}) {
    EXPECT_EQ(column_of("", "", code), "postal_code") << code;
  }
}

TEST(Locate, WithoutError_LeavesNoOldOneStanding) {
  std::optional<place_error> error{place_error{"state", "of the row before"}};
  locate({e164::from_digits(12125550123), "", "", ""}, rules(), &error);
  EXPECT_FALSE(error);
}

TEST(Address, ZipAtBothEndsOfAState_IsInIt) {
  const auto state = [](std::string_view zip) {
    const auto* row = find_state_of_postal_code(zip);
    return row == nullptr ? std::string_view{} : row->code;
  };
  EXPECT_EQ(state("00501"), "NY");
  EXPECT_EQ(state("06390"), "NY");  // Fishers Island, in the middle of Connecticut's range
  EXPECT_EQ(state("06391"), "CT");
  EXPECT_EQ(state("20099"), "DC");
  EXPECT_EQ(state("20100"), "VA");
  EXPECT_EQ(state("88499"), "NM");
  EXPECT_EQ(state("88500"), "TX");
  EXPECT_EQ(state("96798"), "HI");
  EXPECT_EQ(state("96799"), "AS");
  EXPECT_EQ(state("99950"), "AK");
  EXPECT_EQ(state("96899"), "HI");
  EXPECT_EQ(state("96900"), "");
  EXPECT_EQ(state("X0A0H0"), "NU");
  EXPECT_EQ(state("X1A1N4"), "NT");
}

TEST(PlaceText, NothingKnown_IsFourDashedFields) {
  EXPECT_EQ(to_text(place{}), "- - - none");
  EXPECT_EQ(parse_place("- - - none"), place{});
}

TEST(PlaceText, AnythingNotWrittenByToText_IsRefused) {
  for (const auto* text :
       {"", " ", "US", "US - -", "US - - number ", "US  - - number", "us - - number", "US - - elsewhere",
        "US US-FL,US-AL America/Chicago number", "US US-FL,US-FL America/Chicago number", "US , - number",
        "US US-FL, - number", "US - America/Chicago,- number", "US - America/Chi cago number", "US - A;B number"}) {
    EXPECT_FALSE(parse_place(text)) << text;
  }
}

}  // namespace
}  // namespace dialer::compliance
