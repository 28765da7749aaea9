#include "campaigns/retry.hpp"

#include <algorithm>

namespace dialer::campaigns {

retry_rules default_retry_rules() {
  using namespace std::chrono_literals;
  const auto slot = [](disposition value) { return static_cast<std::size_t>(value); };
  retry_rules rules{};  // one attempt: final
  rules[slot(disposition::busy)] = {10min, 3};
  rules[slot(disposition::no_answer)] = {4h, 3};
  rules[slot(disposition::failed)] = {5min, 3};
  return rules;
}

next_step_result next_step(const settings& campaign, disposition ended_as, unsigned attempts,
                           utc_time attempt_ended) noexcept {
  const auto slot = static_cast<std::size_t>(ended_as);
  if (slot >= campaign.retry.size()) return done{ended_as};
  retry_rule rule = campaign.retry[slot];
  if (ended_as == disposition::unknown) {
    if (!campaign.redial_absent) return done{ended_as};
    rule.delay = std::max<std::chrono::seconds>(rule.delay, redial_absent_delay);
    if (rule.attempts_max <= 1) rule.attempts_max = campaign.attempts_per_contact_max;
  }
  if (rule.attempts_max <= 1) return done{ended_as};
  if (attempts >= std::min(rule.attempts_max, campaign.attempts_per_contact_max)) {
    return done{ended_as, reason::attempts_exhausted};
  }
  return again{attempt_ended + rule.delay};
}

unsigned attempts_possible(const settings& campaign) noexcept {
  const auto goes_on = [&](unsigned attempts) {
    return std::ranges::any_of(all_dispositions, [&](disposition each) {
      return std::holds_alternative<again>(next_step(campaign, each, attempts, utc_time{}));
    });
  };
  unsigned attempts = 1;
  while (goes_on(attempts)) ++attempts;
  return attempts;
}

}  // namespace dialer::campaigns
