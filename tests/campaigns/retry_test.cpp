#include "campaigns/retry.hpp"

#include <gtest/gtest.h>

namespace dialer::campaigns {
namespace {

using namespace std::chrono_literals;

constexpr utc_time ended{std::chrono::seconds{1'795'000'000}};

std::size_t slot(disposition value) {
  return static_cast<std::size_t>(value);
}

TEST(Retry, DefaultRules_AreTheDocumentedOnes) {
  const retry_rules rules = default_retry_rules();
  for (const disposition each : all_dispositions) {
    retry_rule expected{};
    if (each == disposition::busy) expected = {10min, 3};
    if (each == disposition::no_answer) expected = {4h, 3};
    if (each == disposition::failed) expected = {5min, 3};
    EXPECT_EQ(rules[slot(each)], expected) << to_string(each);
  }
}

TEST(Retry, FinalDisposition_IsDoneWithoutExhaustion) {
  for (const disposition each : {disposition::answered, disposition::voicemail, disposition::invalid_number,
                                 disposition::rejected, disposition::canceled, disposition::blocked}) {
    EXPECT_EQ(next_step({}, each, 1, ended), next_step_result{done{each}}) << to_string(each);
  }
}

TEST(Retry, AttemptsPossible_AreThoseOfTheMostPatientRule) {
  settings campaign;
  EXPECT_EQ(attempts_possible(campaign), 3U);
  campaign.retry[slot(disposition::busy)].attempts_max = 5;
  EXPECT_EQ(attempts_possible(campaign), 5U);
  campaign.attempts_per_contact_max = 4;
  EXPECT_EQ(attempts_possible(campaign), 4U);
  campaign.redial_absent = true;
  campaign.retry = {};
  EXPECT_EQ(attempts_possible(campaign), 4U);
  campaign.redial_absent = false;
  EXPECT_EQ(attempts_possible(campaign), 1U);
}

TEST(Retry, RuleAttempts_OneBelowGoesOn_AtTheMaximumIsExhausted) {
  EXPECT_EQ(next_step({}, disposition::busy, 2, ended), (next_step_result{again{ended + 10min}}));
  EXPECT_EQ(next_step({}, disposition::busy, 3, ended),
            (next_step_result{done{disposition::busy, reason::attempts_exhausted}}));
  EXPECT_EQ(next_step({}, disposition::no_answer, 1, ended), (next_step_result{again{ended + 4h}}));
}

TEST(Retry, CampaignMaximum_BoundsEveryRule) {
  settings campaign;
  campaign.retry[slot(disposition::busy)].attempts_max = 100;
  campaign.attempts_per_contact_max = 4;
  EXPECT_EQ(next_step(campaign, disposition::busy, 3, ended), (next_step_result{again{ended + 10min}}));
  EXPECT_EQ(next_step(campaign, disposition::busy, 4, ended),
            (next_step_result{done{disposition::busy, reason::attempts_exhausted}}));
}

TEST(Retry, CallTheCarrierDoesNotKnow_GoesOnOnlyWhenTheCampaignAsks_AndNotBeforeHalfAnHour) {
  settings campaign;
  EXPECT_EQ(next_step(campaign, disposition::unknown, 1, ended), next_step_result{done{disposition::unknown}});
  campaign.retry[slot(disposition::unknown)] = {1min, 5};
  EXPECT_EQ(next_step(campaign, disposition::unknown, 1, ended), next_step_result{done{disposition::unknown}});
  campaign.redial_absent = true;
  EXPECT_EQ(next_step(campaign, disposition::unknown, 1, ended), (next_step_result{again{ended + 30min}}));
  campaign.retry[slot(disposition::unknown)] = {2h, 5};
  EXPECT_EQ(next_step(campaign, disposition::unknown, 4, ended), (next_step_result{again{ended + 2h}}));
  EXPECT_EQ(next_step(campaign, disposition::unknown, 5, ended),
            (next_step_result{done{disposition::unknown, reason::attempts_exhausted}}));
  campaign.retry[slot(disposition::unknown)] = {};
  EXPECT_EQ(next_step(campaign, disposition::unknown, 5, ended), (next_step_result{again{ended + 30min}}));
  EXPECT_EQ(next_step(campaign, disposition::unknown, 6, ended),
            (next_step_result{done{disposition::unknown, reason::attempts_exhausted}}));
}

}  // namespace
}  // namespace dialer::campaigns
