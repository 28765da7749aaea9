#include "api/rest_query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dialer::api {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(RestQuery, Pairs_AreDecoded) {
  EXPECT_THAT(*parse_query("a=1&b=%41%2b&&c&=x"),
              ElementsAre(Pair("a", "1"), Pair("b", "A+"), Pair("c", ""), Pair("", "x")));
  EXPECT_THAT(*parse_query("number=+12125550100"), ElementsAre(Pair("number", "+12125550100")));
  EXPECT_TRUE(parse_query("")->empty());
}

TEST(RestQuery, BrokenEscape_IsNoQuery) {
  for (const char* text : {"a=%", "a=%4", "a=%4g", "a=%-1", "a=%+1", "%zz=1"}) EXPECT_FALSE(parse_query(text)) << text;
}

TEST(Cursor, ComesBackAsItWentAndOnlyInItsList) {
  const std::string text = make_cursor("con", 7, 0xFFFF'FFFF'FFFF'FFFFULL);
  const auto place = parse_cursor("con", text);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->high, 7U);
  EXPECT_EQ(place->low, 0xFFFF'FFFF'FFFF'FFFFULL);
  EXPECT_FALSE(parse_cursor("att", text));
  EXPECT_FALSE(parse_cursor("con", text + "0"));
  EXPECT_FALSE(parse_cursor("con", ""));
}

}  // namespace
}  // namespace dialer::api
