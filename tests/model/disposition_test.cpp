#include "model/disposition.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dialer {
namespace {

TEST(Disposition, Each_HasItsOwnNameAndFitsItsSlot) {
  std::set<std::string_view> names;
  for (const disposition value : all_dispositions) {
    EXPECT_NE(to_string(value), "none");
    EXPECT_TRUE(names.insert(to_string(value)).second);
    EXPECT_LT(static_cast<std::size_t>(value), disposition_slots);
    EXPECT_EQ(parse_disposition(to_string(value)), value);
  }
  EXPECT_EQ(names.size(), disposition_slots - 1) << "a slot without a disposition, besides slot 0";
}

TEST(Disposition, OutsideTheEnumeration_IsNone) {
  EXPECT_EQ(to_string(disposition{0}), "none");
  EXPECT_EQ(to_string(disposition{disposition_slots}), "none");
  EXPECT_FALSE(parse_disposition("none"));
  EXPECT_FALSE(parse_disposition("Answered"));
  EXPECT_FALSE(parse_disposition(""));
}

}  // namespace
}  // namespace dialer
