#include "engine/fair_share.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <numeric>

namespace dialer::engine {
namespace {

std::map<std::uint32_t, int> turns(fair_share& shares, int count) {
  std::map<std::uint32_t, int> had;
  for (int i = 0; i < count; ++i) ++had[*shares.next()];
  return had;
}

TEST(fair_share, nobody_active_has_no_turn) {
  fair_share shares;
  EXPECT_FALSE(shares.next());
  shares.activate(3, 1, 0, 1);
  shares.deactivate(3, 0);
  EXPECT_FALSE(shares.next());
  EXPECT_EQ(shares.active(), 0U);
}

TEST(fair_share, turns_follow_the_weights) {
  fair_share shares;
  shares.activate(0, 1, 0, 1);
  shares.activate(1, 3, 0, 1);
  EXPECT_EQ(turns(shares, 400), (std::map<std::uint32_t, int>{{0, 100}, {1, 300}}));
}

TEST(fair_share, workspaces_share_before_their_campaigns_do) {
  fair_share shares;
  shares.activate(0, 1, 0, 1);
  for (std::uint32_t campaign = 1; campaign <= 4; ++campaign) shares.activate(campaign, 1, 1, 1);
  EXPECT_EQ(turns(shares, 800), (std::map<std::uint32_t, int>{{0, 400}, {1, 100}, {2, 100}, {3, 100}, {4, 100}}));
}

TEST(fair_share, a_share_not_used_is_lent_and_given_back_at_once) {
  fair_share shares;
  shares.activate(0, 1, 0, 1);
  shares.activate(1, 1, 1, 1);
  shares.deactivate(0, 0);
  EXPECT_EQ(turns(shares, 100), (std::map<std::uint32_t, int>{{1, 100}}));
  shares.activate(0, 1, 0, 1);
  EXPECT_EQ(turns(shares, 100), (std::map<std::uint32_t, int>{{0, 50}, {1, 50}}));
}

RC_GTEST_PROP(share_ring, a_member_waits_for_at_most_the_others_weights, ()) {
  const auto weights =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint16_t>>(rc::gen::inRange<std::uint16_t>(1, 20)));
  share_ring ring;
  for (std::uint32_t who = 0; who < weights.size(); ++who) ring.insert(who, weights[who]);
  const auto total = std::accumulate(weights.begin(), weights.end(), 0U);
  std::vector<unsigned> waited(weights.size(), 0);
  std::vector<unsigned> had(weights.size(), 0);
  for (unsigned turn = 0; turn < 3 * total; ++turn) {
    const auto who = ring.next();
    ++had[who];
    for (std::size_t other = 0; other < waited.size(); ++other) {
      waited[other] = other == who ? 0 : waited[other] + 1;
      RC_ASSERT(waited[other] <= total - weights[other]);
    }
  }
  for (std::size_t who = 0; who < had.size(); ++who) RC_ASSERT(had[who] == 3U * weights[who]);
}

RC_GTEST_PROP(share_ring, members_that_come_and_go_starve_nobody, ()) {
  constexpr std::uint32_t members = 6;
  share_ring ring;
  const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 3 * members));
  ring.insert(members, 1);  // this one stays
  unsigned waited = 0;
  for (const std::uint32_t step : steps) {
    const std::uint32_t who = step % members;
    if (step / members == 0) ring.insert(who, static_cast<std::uint16_t>(1 + who));
    if (step / members == 1 && ring.contains(who)) ring.erase(who);
    const auto turn = ring.next();
    RC_ASSERT(ring.contains(turn));
    waited = turn == members ? 0 : waited + 1;
    // Each of the others has at most its weight of turns before the round comes by, whoever came or went meanwhile.
    RC_ASSERT(waited <= 1 + 2 + 3 + 4 + 5 + 6);
  }
}

}  // namespace
}  // namespace dialer::engine
