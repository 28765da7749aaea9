#include "callerid/locality.hpp"

#include <gtest/gtest.h>

#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using house::tel;

TEST(locality, of_the_nanp_has_area_code_and_exchange) {
  const locality where = locality_of(tel("+12125550123"), "US-NY");
  EXPECT_EQ(where.calling_code, 1u);
  EXPECT_EQ(where.prefix, (std::array<std::uint64_t, 4>{1'212, 12'125, 121'255, 1'212'555}));
}

TEST(locality, elsewhere_takes_the_digits_after_the_calling_code) {
  const locality where = locality_of(tel("+447700900123"), "");
  EXPECT_EQ(where.calling_code, 44u);
  EXPECT_EQ(where.prefix, (std::array<std::uint64_t, 4>{44'770, 447'700, 4'477'009, 44'770'090}));
}

TEST(locality, of_a_short_number_has_no_prefix_beyond_its_digits) {
  const locality where = locality_of(e164::from_digits(3'541'234), "");  // 354 and four digits
  EXPECT_EQ(where.calling_code, 354u);
  EXPECT_EQ(where.prefix, (std::array<std::uint64_t, 4>{354'123, 3'541'234, 0, 0}));
}

TEST(locality, of_no_number_is_nowhere) {
  const locality where = locality_of(e164{}, "");
  EXPECT_EQ(where.calling_code, 0u);
  EXPECT_EQ(where.prefix, (std::array<std::uint64_t, 4>{}));
}

TEST(locality, region_is_a_country_with_or_without_a_state) {
  const e164 number = tel("+12125550123");
  const locality california = locality_of(number, "US-CA");
  EXPECT_NE(california.state, 0u);
  EXPECT_EQ(california.country, locality_of(number, "US").country);
  EXPECT_EQ(locality_of(number, "US").state, 0u);
  EXPECT_NE(california.state, locality_of(number, "US-NY").state);
  EXPECT_NE(california.country, locality_of(number, "CA").country);
  EXPECT_NE(locality_of(number, "GB-ENG").state, 0u);
}

TEST(locality, region_in_any_other_form_is_unknown) {
  for (const char* text : {"", "U", "us-ca", "USA", "US-", "US-CALI", "US CA", "U1-CA", "California"}) {
    const locality where = locality_of(tel("+12125550123"), text);
    EXPECT_EQ(where.country, 0u) << text;
    EXPECT_EQ(where.state, 0u) << text;
  }
}

TEST(calling_code_length, follows_the_zones_of_e164) {
  EXPECT_EQ(calling_code_length(tel("+12125550123")), 1u);
  EXPECT_EQ(calling_code_length(tel("+442079460123")), 2u);
  EXPECT_EQ(calling_code_length(e164::from_digits(79'991'234'567)), 1u);   // Russia, Kazakhstan
  EXPECT_EQ(calling_code_length(e164::from_digits(353'201'234'567)), 3u);  // Ireland
  EXPECT_EQ(calling_code_length(e164::from_digits(33'123'456'789)), 2u);   // France
  EXPECT_EQ(calling_code_length(e164::from_digits(852'12'345'678)), 3u);   // Hong Kong
  EXPECT_EQ(calling_code_length(e164::from_digits(20'123'456'789)), 2u);   // Egypt
  EXPECT_EQ(calling_code_length(e164::from_digits(212'123'456'789)), 3u);  // Morocco
}

}  // namespace
}  // namespace dialer::callerid
