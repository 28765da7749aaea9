#include "model/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace dialer {
namespace {

TEST(RandomSource, KnownSeed_GivesThePublishedSequence) {
  // First outputs of splitmix64 for seed 1234567, as its authors' reference program prints them.
  random_source random{1234567};
  EXPECT_EQ(random(), 6457827717110365317U);
  EXPECT_EQ(random(), 3203168211198807973U);
  EXPECT_EQ(random(), 9817491932198370423U);
}

RC_GTEST_PROP(RandomSource, Below_StaysBelow, (std::uint64_t seed, std::uint64_t any)) {
  const std::uint64_t bound = any == 0 ? 1 : any;
  random_source random{seed};
  for (int i = 0; i < 20; ++i) RC_ASSERT(random.below(bound) < bound);
}

TEST(RandomSource, Below_IsEvenlySpread) {
  random_source random{1};
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen[random.below(10)];
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);
}

TEST(RandomSource, Chance_IsNeverAtZeroAndAlwaysAtOne) {
  random_source random{2};
  int half = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
    half += random.chance(0.5) ? 1 : 0;
  }
  EXPECT_NEAR(half, 5'000, 250);
}

}  // namespace
}  // namespace dialer
