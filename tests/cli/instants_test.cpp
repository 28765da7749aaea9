#include "cli/instants.hpp"

#include <gtest/gtest.h>

namespace dialer::cli {
namespace {

TEST(instants, text_is_read_and_written_the_same) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-20T15:00:00Z", "2024-02-29T23:59:59.000001Z"}) {
    const auto at = parse_instant(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(to_text(*at), text);
  }
  EXPECT_EQ(parse_instant("2026-11-20"), parse_instant("2026-11-20T00:00:00Z"));
  EXPECT_EQ(parse_instant("2026-11-20T15:00:00.5Z"), parse_instant("2026-11-20T15:00:00.500000Z"));
  EXPECT_EQ(parse_instant("2001-09-09T01:46:40Z")->time_since_epoch(), std::chrono::seconds{1'000'000'000});
}

TEST(instants, anything_else_is_refused) {
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-02-29", "2026-11-20T24:00:00Z", "2026-11-20T15:60:00Z", "2026-11-20T15:00:60Z",
        "2026-11-20T15:00:00", "2026-11-20T15:00:00+01:00", "2026-11-20 15:00:00Z", "2026-11-20T15:00:00.Z",
        "2026-11-20T15:00:00.0000001Z", "2026-11-20T15:00:00Z ", "-026-11-20"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

}  // namespace
}  // namespace dialer::cli
