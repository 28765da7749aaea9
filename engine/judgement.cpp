#include "engine/judgement.hpp"

#include <algorithm>

namespace dialer::engine {

reason frozen_by(const campaigns::settings& campaign, const campaign_surroundings& around) {
  if (around.organisation_frozen) return reason::organisation_frozen;
  if (around.workspace_frozen) return reason::workspace_frozen;
  if (campaign.frozen) return reason::campaign_frozen;
  return around.agent != nullptr && around.agent->frozen ? reason::agent_frozen : reason::none;
}

reason held_by(const campaigns::settings& campaign, const campaign_surroundings& around) {
  using campaigns::campaign_state;
  if (has_ended(campaign.state)) return reason::campaign_stopped;
  if (campaign.state != campaign_state::running) return reason::campaign_not_running;
  if (const reason frozen = frozen_by(campaign, around); frozen != reason::none) return frozen;
  if (around.agent == nullptr || !around.agent->published || around.agent->answer_url.empty()) {
    return reason::agent_not_published;
  }
  return around.has_caller_id ? reason::none : reason::no_caller_id;
}

compliance::organisation_rules rules_over(const std::vector<carriers::account>& accounts) {
  return {!accounts.empty() && std::ranges::all_of(accounts, carriers::on_loopback)};
}

bool is_dialable(const compliance::window_state& lane) {
  return lane.open || lane.why == reason::no_time_zone;
}

compliance::subject subject_of(const campaigns::settings& campaign, contact_id contact, e164 number,
                               const compliance::window_state& lane, const compliance::country_set* countries) {
  return {contact, number, &lane, {campaign.attempts_per_number_24h, campaign.attempts_per_number_7d}, countries};
}

contact_step judge(const campaigns::settings& campaign, unsigned attempts, const compliance::verdict& may,
                   bool in_flight) {
  using kind = contact_step::kind;
  if (attempts >= campaign.attempts_per_contact_max) return {kind::end, reason::attempts_exhausted};
  if (may.what == compliance::verdict::kind::never || may.why == reason::no_time_zone) return {kind::end, may.why};
  if (may.what == compliance::verdict::kind::not_yet) {
    if (may.why == reason::window_closed || may.why == reason::window_never_opens) {
      return {kind::lane_closed, may.why, may.until};
    }
    const bool own = may.why == reason::attempt_cap_24h || may.why == reason::attempt_cap_7d;
    if (!own || !may.until) return {kind::campaign_held, may.why, may.until};
    // The attempt under way may yet turn out never to have been sent: a day is not lost to it.
    if (!in_flight) return {kind::put_off, may.why, may.until};
  }
  return in_flight ? contact_step{kind::put_off, reason::number_in_flight} : contact_step{};
}

}  // namespace dialer::engine
