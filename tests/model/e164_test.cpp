#include "model/e164.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <unordered_set>

namespace dialer {
namespace {

TEST(E164, SevenDigits_AreTheFewest) {
  EXPECT_FALSE(e164::parse("+290123"));
  EXPECT_EQ(e164::parse("+2901234")->digits(), 2901234U);
}

TEST(E164, FifteenDigits_AreTheMost) {
  EXPECT_EQ(e164::parse("+999999999999999")->digits(), 999'999'999'999'999U);
  EXPECT_FALSE(e164::parse("+1000000000000000"));
}

TEST(E164, AnythingButPlusAndDigits_IsRefused) {
  for (const char* text :
       {"", "+", "12125550123", "+0125550123", "+1 2125550123", "+1-212-555-0123", " +12125550123", "+12125550123 ",
        "++2125550123", "+1212555012a", "+1212555\xd9\xa0\xd9\xa1", "tel:+12125550123"}) {
    EXPECT_FALSE(e164::parse(text)) << '"' << text << '"';
  }
  EXPECT_FALSE(e164::parse(std::string_view{"+1212555\0123", 12}));
}

RC_GTEST_PROP(E164, TextOfANumber_ParsesToTheSame, ()) {
  const auto digits = *rc::gen::inRange<std::uint64_t>(1'000'000, 1'000'000'000'000'000);
  const auto number = e164::parse(e164::from_digits(digits).text());
  RC_ASSERT(number.has_value());
  RC_ASSERT(number->digits() == digits);
}

TEST(E164, Default_IsNoNumber) {
  EXPECT_FALSE(static_cast<bool>(e164{}));
  EXPECT_EQ(e164{}.text(), "");
  EXPECT_EQ(e164{}.masked(), "");
}

TEST(E164, NanpParts_AreTakenApart) {
  const e164 number = *e164::parse("+12125550123");
  ASSERT_TRUE(number.is_nanp());
  EXPECT_EQ(number.npa(), 212U);
  EXPECT_EQ(number.subscriber(), 5'550'123U);
}

TEST(E164, OtherLengthsAndCountries_AreNotNanp) {
  EXPECT_FALSE(e164::parse("+1212555012")->is_nanp());
  EXPECT_FALSE(e164::parse("+121255501230")->is_nanp());
  EXPECT_FALSE(e164::parse("+447700900123")->is_nanp());
  EXPECT_FALSE(e164::parse("+20212555012")->is_nanp());
}

TEST(E164, Masked_KeepsAreaAndTheLastTwoDigits) {
  EXPECT_EQ(e164::parse("+12125550123")->masked(), "+1212*****23");
  EXPECT_EQ(e164::parse("+2901234")->masked(), "+2901*34");
}

RC_GTEST_PROP(E164, Masked_HidesAtLeastOneDigitOfEveryNumber, ()) {
  const auto digits = *rc::gen::inRange<std::uint64_t>(1'000'000, 1'000'000'000'000'000);
  const e164 number = e164::from_digits(digits);
  RC_ASSERT(number.masked().size() == number.text().size());
  RC_ASSERT(number.masked().find('*') != std::string::npos);
}

TEST(E164, HashesOfOneExchange_AreDistinct) {
  std::unordered_set<std::size_t> seen;
  for (std::uint64_t line = 100; line < 200; ++line)
    seen.insert(std::hash<e164>{}(e164::from_digits(12125550000 + line)));
  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace dialer
