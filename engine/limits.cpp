// What stands in the way before a contact is even looked at: state, rates, concurrency, the account's room.

#include <algorithm>
#include <cmath>

#include "engine/organisation.hpp"

namespace dialer::engine {

bool organisation::may_decide(instant now) const {
  // While known changes are on their way a batch could only be refused by the ledger.
  return !lost_ && !frozen_ && !draining_ && !changes_due() && now.steady >= ledger_down_until_;
}

reason organisation::account_block(const account_run& account, instant now) const {
  if (!account.present) return reason::no_account;
  if (!account.what.unusable.empty()) return reason::account_unusable;
  if (account.what.frozen) return reason::account_frozen;
  if (account.stopped) return reason::account_stopped;
  if (!account.breaker.allows(now.steady, account.unanswered)) return reason::account_circuit_open;
  if (now.steady < account.held_until) return reason::account_throttled;
  std::uint32_t ceiling = account.what.concurrent_calls_max;
  if (account.ceiling != 0 && now.steady < account.ceiling_until) {
    ceiling = ceiling == 0 ? account.ceiling : std::min(ceiling, account.ceiling);
  }
  if (ceiling != 0 && account.live >= ceiling) return reason::account_concurrency;
  return reason::none;
}

/// Decisions that may be made on this account now: what keeps its reserve of durable intents filled, within its
/// ceilings.
std::uint32_t organisation::room_of(const account_run& account, instant now) const {
  if (account_block(account, now) != reason::none) return 0;
  if (account.breaker.is_open()) return 1;
  if (account.unsent >= account.reserve) return 0;
  std::uint32_t room = account.reserve - account.unsent;
  if (account.what.concurrent_calls_max != 0) room = std::min(room, account.what.concurrent_calls_max - account.live);
  if (account.ceiling != 0 && now.steady < account.ceiling_until) room = std::min(room, account.ceiling - account.live);
  return room;
}

/// Intents committed ahead, so that a slow commit costs no throughput.
std::uint32_t organisation::reserve_of(const carriers::account& account) const {
  const double seconds = std::chrono::duration<double>(options_.reserve).count();
  return static_cast<std::uint32_t>(
      std::clamp(std::ceil(account.calls_per_second * seconds), 1.0, static_cast<double>(options_.reserve_max)));
}

/// An account takes new decisions when a quarter of its reserve has gone out: a commit costs much more than a row in
/// it.
bool organisation::refill_due(instant now) const {
  return std::ranges::any_of(accounts_, [&](const account_run& account) {
    return account.unsent <= account.reserve - std::max(account.reserve / 4, 1U) && room_of(account, now) > 0;
  });
}

std::uint32_t organisation::total_room(instant now) const {
  std::uint32_t room = 0;
  for (const account_run& account : accounts_) room += room_of(account, now);
  return room;
}

/// What the calls just decided on may have filled: the campaign's and its agent's lines, the campaign's pace.
reason organisation::own_limit(const campaign_run& campaign, instant now) const {
  const agent_run& agent = agents_[campaign.agent];
  if (campaign.what.concurrent_calls_max != 0 && campaign.live >= campaign.what.concurrent_calls_max) {
    return reason::campaign_concurrency;
  }
  if (agent.what.concurrent_calls_max != 0 && agent.live >= agent.what.concurrent_calls_max) {
    return reason::agent_concurrency;
  }
  if (campaign.what.calls_per_second_max > 0 && now.steady < campaign.next_start()) return reason::campaign_rate;
  return reason::none;
}

/// The limit in force for a campaign, `none` when it may dial. account_cps is the ordinary state of a busy dialer:
/// every account has its reserve filled.
reason organisation::campaign_block(const campaign_run& campaign, instant now) const {
  if (!campaign.present) return reason::campaign_stopped;
  if (const reason held = held_by(campaign.what, around(campaign)); held != reason::none) return held;
  if (now.steady < campaign.blocked_until) return campaign.blocked;
  if (const reason own = own_limit(campaign, now); own != reason::none) return own;
  reason why = reason::no_account;
  for (const run_index number : campaign.accounts) {
    const account_run& account = accounts_[number];
    if (room_of(account, now) > 0) return reason::none;
    const reason block = account_block(account, now);
    why = block == reason::none ? reason::account_cps : why == reason::account_cps ? why : block;
  }
  return why;
}

/// Takes a campaign out of the round. It comes back by the event that frees it or by the periodic look.
void organisation::block(run_index number, reason why, steady_time until) {
  campaign_run& campaign = campaigns_[number];
  campaign.blocked = why;
  campaign.blocked_until = until;
  if (campaign.active) {
    campaign.active = false;
    shares_.deactivate(number, campaign.workspace);
  }
  if (why == reason::campaign_rate) timers_.push({until, attempt_id{}});
}

void organisation::activate(run_index number) {
  campaign_run& campaign = campaigns_[number];
  if (campaign.active || !campaign.present || campaign.what.state != campaigns::campaign_state::running) return;
  campaign.active = true;
  shares_.activate(number, campaign.what.weight, campaign.workspace, workspaces_[campaign.workspace].what.weight);
}

void organisation::activate_all(instant now) {
  for (run_index number = 0; number < campaigns_.size(); ++number) {
    if (now.steady >= campaigns_[number].blocked_until) activate(number);
  }
}

}  // namespace dialer::engine
