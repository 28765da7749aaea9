#include "campaigns/phone_normaliser.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace dialer::campaigns {
namespace {

std::string read(std::string_view text, std::string_view country = "US") {
  const phone_result result = phone_normaliser{country}.normalise(text);
  if (!result) return std::string{describe(result.problem).name};
  std::string said = result.number.text();
  if (!result.extension().empty()) said += " x" + std::string{result.extension()};
  return said;
}

struct example {
  std::string_view country;
  std::string_view text;
  std::string_view expected;
};

class PhoneNormaliser : public ::testing::TestWithParam<example> {};

TEST_P(PhoneNormaliser, WrittenNumber_IsReadAsExpected) {
  EXPECT_EQ(read(GetParam().text, GetParam().country), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    NorthAmerica, PhoneNormaliser,
    ::testing::Values(
        example{"US", "+12125550123", "+12125550123"}, example{"US", "2125550123", "+12125550123"},
        example{"US", "12125550123", "+12125550123"}, example{"US", "(212) 555-0123", "+12125550123"},
        example{"US", "212.555.0123", "+12125550123"}, example{"US", "+1 (212) 555-0123", "+12125550123"},
        example{"US", "1-212-555-0123", "+12125550123"}, example{"US", "  212 555 0123  ", "+12125550123"},
        example{"US", "tel:+1-212-555-0123", "+12125550123"}, example{"US", "TEL:212-555-0123", "+12125550123"},
        example{"US", "00 1 212 555 0123", "+12125550123"}, example{"US", "011 1 212 555 0123", "+12125550123"},
        example{"GB", "+1 212 555 0123", "+12125550123"}, example{"GB", "001 212 555 0123", "+12125550123"},
        example{"US", "'+12125550123", "+12125550123"}, example{"US", "=\"2125550123\"", "+12125550123"},
        example{"US", "\xEF\xBC\x8B\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x91\xEF\xBC\x92 555 0123", "+12125550123"},
        example{"US",
                "\xE2\x80\xAA+1 212\xE2\x80\x91"
                "555\xC2\xA0"
                "0123\xE2\x80\xAC",
                "+12125550123"},
        example{"US", "\xD9\xA2\xD9\xA1\xD9\xA2 555 0123", "+12125550123"},
        // Area codes: 2-9, no N11, no 9 in the middle; new ones are not judged by any list.
        example{"US", "2005550123", "+12005550123"}, example{"US", "1995550123", "area_code"},
        example{"US", "3505550123", "+13505550123"}, example{"US", "9115550123", "area_code"},
        example{"US", "9105550123", "+19105550123"}, example{"US", "9125550123", "+19125550123"},
        example{"US", "2905550123", "area_code"}, example{"US", "2895550123", "+12895550123"},
        example{"US", "2995550123", "area_code"}, example{"US", "3005550123", "+13005550123"},
        example{"US", "0125550123", "area_code"}, example{"US", "+1 012 555 0123", "area_code"},
        // Exchanges: 2-9, no N11.
        example{"US", "2121990123", "exchange_code"}, example{"US", "2122000123", "+12122000123"},
        example{"US", "2129110123", "exchange_code"}, example{"US", "2129100123", "+12129100123"},
        example{"US", "2125550123 ext. 5", "+12125550123 x5"}, example{"US", "212-555-0123x123", "+12125550123 x123"},
        example{"US", "212-555-0123 #9", "+12125550123 x9"},
        example{"US", "tel:+12125550123;ext=77", "+12125550123 x77"},
        example{"US", "212-555-0123 Extension: 0042", "+12125550123 x0042"},
        example{"US", "212-555-0123 x", "extension"},
        example{"US", "212-555-0123 x123456789012345", "+12125550123 x123456789012345"},
        example{"US", "212-555-0123 x1234567890123456", "extension"}));

INSTANTIATE_TEST_SUITE_P(
    OtherPlans, PhoneNormaliser,
    ::testing::Values(
        example{"GB", "020 7946 0123", "+442079460123"}, example{"GB", "+44 (0)20 7946 0123", "+442079460123"},
        example{"GB", "0044 20 7946 0123", "+442079460123"}, example{"GB", "07700 900123", "+447700900123"},
        example{"GB", "447700900123", "+447700900123"}, example{"GB", "2079460123", "+442079460123"},
        example{"US", "011 44 20 7946 0123", "+442079460123"}, example{"US", "+44 7700 900123", "+447700900123"},
        example{"AU", "0011 44 7700 900123", "+447700900123"}, example{"DE", "00 44 7700 900123", "+447700900123"},
        example{"US", "447700900123", "too_long"}, example{"GB", "07700 9001234567", "too_long"},
        example{"GB", "+44 770", "too_short"}, example{"GB", "+44 77009001", "impossible_length"},
        // Both +49 30 12345678 and +49 49 3012345678 could be meant.
        example{"DE", "493012345678", "ambiguous"}, example{"DE", "+493012345678", "+493012345678"},
        example{"DE", "03012345678", "+493012345678"}, example{"IT", "06 1234 5678", "+390612345678"},
        example{"RU", "8 (495) 000-00-00", "+74950000000"}, example{"RU", "8000000000", "+78000000000"},
        example{"HU", "06 20 000 0000", "+36200000000"}, example{"US", "+999 123 4567 89", "calling_code"},
        example{"US", "+0 212 555 0123", "calling_code"}));

INSTANTIATE_TEST_SUITE_P(
    Refused, PhoneNormaliser,
    ::testing::Values(example{"US", "", "empty"}, example{"US", "   ", "empty"}, example{"US", "n/a", "letters"},
                      example{"US", "-", "empty"}, example{"US", "1-800-FLOWERS", "letters"},
                      example{"US", "212-555-xray", "letters"}, example{"US", "1.21255E+10", "scientific"},
                      example{"US", "1,21255E+10", "scientific"}, example{"US", "12125550123.0", "decimal"},
                      example{"US", "2125550123.00", "decimal"},
                      // Eleven digits that would otherwise be taken for +1 212 555 0120.
                      example{"US", "1212555012.0", "decimal"}, example{"US", "555-0123", "area_code_missing"},
                      example{"US", "212-555-012", "too_short"}, example{"US", "212-555-01234", "too_long"},
                      example{"US", "+1 212-555-01234", "too_long"},
                      example{"US", "212-555-0123, 212-555-0124", "unreadable"},
                      example{"US", "212-555-0123 / 212-555-0124", "too_long"}, example{"US", "=1+1", "unreadable"},
                      example{"US", "=cmd|' /C calc'!A0", "unreadable"},
                      example{"US", "+1 212 555 0123 mobile", "letters"}, example{"US", "\xE9\xFF", "letters"},
                      example{"US", "212+5550123", "unreadable"}));

TEST(PhoneNormaliserPaths, QuickAndThoroughPath_Agree) {
  // A word joiner in front sends a text down the thorough path.
  for (const std::string text : {"2125550123", "12125550123", "+12125550123", "(212) 555-0123", "1 (911) 555-0123",
                                 "1212555012.0", "+1 212 155 0123", "5550123", "+2125550123", "0125550123"}) {
    EXPECT_EQ(read(text), read("\xE2\x81\xA0" + text)) << text;
    EXPECT_EQ(read(text, "GB"), read("\xE2\x81\xA0" + text, "GB")) << text;
  }
}

TEST(PhoneNormaliserPaths, UnknownDefaultCountry_Throws) {
  EXPECT_THROW(phone_normaliser{"XX"}, std::invalid_argument);
  EXPECT_THROW(phone_normaliser{"us"}, std::invalid_argument);
  EXPECT_THROW(phone_normaliser{""}, std::invalid_argument);
}

TEST(PhoneNormaliserPaths, EveryProblem_HasMeaningAndRemedy) {
  for (int i = 1; i <= static_cast<int>(phone_problem::extension); ++i) {
    const phone_problem_text& text = describe(static_cast<phone_problem>(i));
    EXPECT_FALSE(text.name.empty() || text.meaning.empty() || text.remedy.empty()) << i;
  }
}

}  // namespace
}  // namespace dialer::campaigns
