#include "model/money.hpp"

#include <gtest/gtest.h>

namespace dialer {
namespace {

TEST(Money, Text_HasTheDigitsOfItsCurrency) {
  EXPECT_EQ(to_string({115, "USD"}), "1.15 USD");
  EXPECT_EQ(to_string({5, "USD"}), "0.05 USD");
  EXPECT_EQ(to_string({-5, "EUR"}), "-0.05 EUR");
  EXPECT_EQ(to_string({115, "JPY"}), "115 JPY");
  EXPECT_EQ(to_string({1, "KWD"}), "0.001 KWD");
  EXPECT_EQ(to_string({INT64_MIN, "USD"}), "-92233720368547758.08 USD");
}

TEST(Money, Parsed_OnlyWhatTheCurrencyCanSay) {
  EXPECT_EQ(parse_money("1.15", "USD"), (money{115, "USD"}));
  EXPECT_EQ(parse_money("1.5", "USD"), (money{150, "USD"}));
  EXPECT_EQ(parse_money("-0.05", "USD"), (money{-5, "USD"}));
  EXPECT_EQ(parse_money("7", "JPY"), (money{7, "JPY"}));
  EXPECT_EQ(parse_money("92233720368547758.07", "USD"), (money{INT64_MAX, "USD"}));
  for (const char* wrong :
       {"", "-", ".5", "1.", "1.155", "1,5", "1e3", " 1", "1 ", "0x1", "92233720368547758.08", "+1"}) {
    EXPECT_EQ(parse_money(wrong, "USD"), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_money("1.5", "JPY"), std::nullopt);
  EXPECT_EQ(parse_money("1", "usd"), std::nullopt);
  EXPECT_EQ(parse_money("1", ""), std::nullopt);
}

}  // namespace
}  // namespace dialer
