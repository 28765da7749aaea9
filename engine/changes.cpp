// Changes people make while calls are on their way: snapshots swapped whole, opt-outs as deltas, and what they forbid.

#include <algorithm>

#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

constexpr std::chrono::milliseconds changes_back_off{500};

/// The place of `id` in a list that only grows, made on first sight.
template <class Map, class List, class Id>
std::uint32_t place_of(Map& places, List& list, const Id& id) {
  const auto [found, added] = places.try_emplace(id, static_cast<std::uint32_t>(list.size()));
  if (added) list.emplace_back();
  return found->second;
}

}  // namespace

void organisation::on_event(changes_announced& what, instant, effects&) {
  changes_wanted_ = true;
  settings_wanted_ |= what.settings;
}

// Asks for them, once at a time. What is announced while they are on their way may have come too late to be among them:
// it is asked for after these.
void organisation::request_changes(instant now, effects& out) {
  if (!changes_wanted_ || changes_out_ || now.steady < std::max(ledger_down_until_, changes_again_at_)) return;
  changes_out_ = {generation_, settings_wanted_ ? 0 : settings_version_};
  out.load_changes = changes_out_;
  changes_wanted_ = settings_wanted_ = false;
}

void organisation::on_event(changes_loaded& what, instant now, effects& out) {
  const auto asked = std::exchange(changes_out_, std::nullopt);
  if (!what.ok) {
    changes_wanted_ = true;
    settings_wanted_ |= asked && asked->settings_version == 0;
    changes_again_at_ = now.steady + changes_back_off;
    return;
  }
  // What was decided under the old generation must not go out under the new one.
  drop_deciding();
  for (const opt_out_change& change : what.changes.opt_outs) {
    if (change.opted_out) {
      callees_.opt_out(change.number);
      const auto in_flight = numbers_in_flight_.find(change.number);
      attempt_run* attempt = in_flight == numbers_in_flight_.end() ? nullptr : find(in_flight->second);
      if (attempt != nullptr) attempt->opted_out = true;
    } else {
      callees_.opt_in(change.number);
    }
  }
  if (what.changes.snapshot) {
    apply_snapshot(std::move(*what.changes.snapshot), now);
    periodic_at_ = now.steady;  // a campaign that was started begins at once
    veto_forbidden(now, out);
  } else {
    generation_ = what.changes.generation;
    ++changes_applied_;
    veto_opted_out(what.changes.opt_outs, now, out);
  }
  confirm_due_ = true;
}

void organisation::apply_snapshot(organisation_snapshot&& snapshot, instant now) {
  ++changes_applied_;
  generation_ = snapshot.generation;
  settings_version_ = snapshot.settings_version;
  frozen_ = snapshot.frozen;
  rules_ = std::move(snapshot.rules);
  allowed_countries_ = snapshot.allowed_countries;
  for (const workspace_record& record : snapshot.workspaces) {
    workspaces_[place_of(workspace_index_, workspaces_, record.id)].what = record;
  }
  for (agent_run& agent : agents_) agent.present = false;
  for (const agent_record& record : snapshot.agents) {
    agent_run& agent = agents_[place_of(agent_index_, agents_, record.id)];
    agent.what = record;
    agent.answer_url = std::make_shared<const std::string>(record.answer_url);
    agent.present = true;
  }
  for (account_run& account : accounts_) account.present = false;
  org_rules_ = rules_over(snapshot.accounts);
  double calls_per_second = 0;
  for (const carriers::account& record : snapshot.accounts) {
    account_run& account = accounts_[place_of(account_index_, accounts_, record.id)];
    // A changed account (new credentials, say) gets another chance at once; one whose switch was thrown does not.
    carriers::account as_before = record;
    as_before.frozen = account.what.frozen;
    if (account.what != as_before) {
      account.stopped = false;
      account.understood = {};
      account.closed_in_a_row = 0;
      account.closed_prefixes.clear();
      account.refused_caller_ids.clear();
    }
    account.what = record;
    account.reserve = reserve_of(record);
    account.present = true;
    calls_per_second += record.calls_per_second;
  }
  calls_per_tenth_ = static_cast<std::uint32_t>(std::min(calls_per_second / 10, 1e9));
  for (campaign_run& campaign : campaigns_) campaign.present = false;
  for (const campaigns::settings& settings : snapshot.campaigns) apply_campaign(settings);
  for (const lane_record& lane : snapshot.lanes) apply_lane(lane);
  snapshot_ = std::move(snapshot);
  rebuild_pools();
  restore_health(now);
  activate_all(now);
}

void organisation::apply_campaign(const campaigns::settings& settings) {
  const run_index number = place_of(campaign_index_, campaigns_, settings.id);
  campaign_run& campaign = campaigns_[number];
  // Leaves the round, to come back with the new weight and workspace.
  block(number, reason::none, steady_time{});
  campaign.what = settings;
  campaign.countries = countries_of(settings.default_country);
  campaign.present = true;
  campaign.agent = place_of(agent_index_, agents_, settings.agent);
  campaign.workspace = place_of(workspace_index_, workspaces_, settings.workspace);
  for (const auto& lane : campaign.lanes) {
    if (!lane) continue;
    lane->window_until = {};        // the window or the zone data may have changed
    lane->fresh_exhausted = false;  // contacts may have been added
  }
}

const compliance::country_set* organisation::countries_of(const std::string& default_country) {
  auto& set = country_sets_[{allowed_countries_, default_country}];
  set = compliance::countries_called(allowed_countries_, default_country);
  return &set;
}

// A campaign stopped meanwhile, or an account taken away, stays for its open attempts.
run_index organisation::keep_campaign(campaign_id id) {
  if (!campaign_index_.contains(id)) {
    campaigns::settings stopped;
    stopped.id = id;
    stopped.state = campaigns::campaign_state::stopped;
    apply_campaign(stopped);
  }
  return campaign_index_.at(id);
}

run_index organisation::keep_account(integration_id id) {
  const run_index number = place_of(account_index_, accounts_, id);
  accounts_[number].what.id = id;
  return number;
}

void organisation::apply_lane(const lane_record& record) {
  const auto found = campaign_index_.find(record.campaign);
  if (found == campaign_index_.end()) return;
  auto& lanes = campaigns_[found->second].lanes;
  if (record.lane >= lanes.size()) lanes.resize(record.lane + std::size_t{1});
  if (lanes[record.lane]) return;
  auto lane = std::make_unique<lane_run>();
  lane->where = record.where;
  lane->number = record.lane;
  lane->fresh_after = record.through;
  lane->through = record.through;
  lane->next_due = utc_time{};  // whether anything waits is not known before the first load
  lane->look_ahead = options_.look_ahead_min / 2;
  if (record.urgent) {
    campaigns_[found->second].urgent.push_back(lane.get());
    campaigns_[found->second].has_urgent = true;
  }
  lanes[record.lane] = std::move(lane);
}

void organisation::rebuild_pools() {
  std::vector<callerid::phone_number> numbers;
  numbers.reserve(snapshot_.numbers.size());
  for (const callerid::phone_number& number : snapshot_.numbers) {
    const auto account = account_index_.find(number.integration);
    const bool refused =
        account != account_index_.end() && accounts_[account->second].refused_caller_ids.contains(number.number);
    if (!refused) numbers.push_back(number);
  }
  pools_.rebuild(snapshot_.sharing, numbers, snapshot_.assignments, snapshot_.restrictions);
  ++changes_applied_;
  for (campaign_run& campaign : campaigns_) {
    campaign.accounts.clear();
    campaign.account_at = 0;
    for (const integration_id& integration :
         pools_.integrations_of(campaign.what.agent, campaign.what.fixed_caller_id())) {
      const auto account = account_index_.find(integration);
      if (account != account_index_.end()) campaign.accounts.push_back(account->second);
    }
  }
}

campaign_surroundings organisation::around(const campaign_run& campaign) const {
  const agent_run& agent = agents_[campaign.agent];
  return {frozen_, workspaces_[campaign.workspace].what.frozen, agent.present ? &agent.what : nullptr,
          !campaign.accounts.empty()};
}

/// What the campaign's settings of now forbid of a call that rings nowhere yet.
reason organisation::outside_settings(const attempt_run& attempt, instant now) const {
  const campaign_run& campaign = campaigns_[attempt.campaign];
  if (attempt.agent != campaign.agent) return reason::changed_since_decided;
  const e164 fixed = campaign.what.fixed_caller_id();
  if (fixed && attempt.what.from != fixed) return reason::changed_since_decided;
  if (attempt.what.attempt_number > campaign.what.attempts_per_contact_max) return reason::attempts_exhausted;
  const compliance::recent_attempts recent = callees_.find(attempt.what.to, now.utc).recent;  // this one among them
  if (recent.last_24h > campaign.what.attempts_per_number_24h) return reason::attempt_cap_24h;
  if (recent.last_7d > campaign.what.attempts_per_number_7d) return reason::attempt_cap_7d;
  return window_closes(attempt, now) > now.utc ? reason::none : reason::window_closed;
}

/// Why an attempt must not be dialed any more; none when it may.
reason organisation::forbidden(const attempt_run& attempt, instant now) const {
  if (callees_.opted_out(attempt.what.to)) return reason::opted_out;
  if (rules_.is_listed(attempt.what.to)) return reason::national_do_not_call;
  const campaign_run& campaign = campaigns_[attempt.campaign];
  if (!campaign.present || campaign.what.state == campaigns::campaign_state::stopped) return reason::campaign_stopped;
  if (campaign.what.state != campaigns::campaign_state::running) return reason::campaign_not_running;
  if (const reason frozen = frozen_by(campaign.what, around(campaign)); frozen != reason::none) return frozen;
  if (!campaign.countries->contains(attempt.what.to)) return reason::country_not_allowed;
  const agent_run& agent = agents_[attempt.agent];
  if (!agent.present || !agent.what.published) return reason::agent_not_published;
  const account_run& account = accounts_[attempt.account];
  if (!account.present || account.stopped) return reason::account_stopped;
  if (!account.what.unusable.empty()) return reason::account_unusable;
  if (account.what.frozen) return reason::account_frozen;
  if (!pools_.may_show(agent.what.id, account.what.id, attempt.what.from)) return reason::caller_id_withdrawn;
  const bool rings_nowhere =
      attempt.state == attempt_state::ready || (attempt.phase_known && queued_at_carrier(attempt));
  return rings_nowhere ? outside_settings(attempt, now) : reason::none;
}

void organisation::veto_forbidden(instant now, effects& out) {
  // Slot by slot as they lie in memory, and some at a time: there may be a million, whose numbers are in no cache.
  constexpr std::size_t at_once = 64;
  for (std::size_t from = 0; from < attempts_.size(); from += at_once) {
    const std::size_t to = std::min(from + at_once, attempts_.size());
    const auto each_open = [&](auto look) {
      for (std::size_t slot = from; slot < to; ++slot) {
        if (attempts_[slot].state != attempt_state::closed) look(attempts_[slot]);
      }
    };
    each_open([&](const attempt_run& attempt) { gate_.prefetch(attempt.what.to); });
    each_open([&](attempt_run& attempt) { veto_if_forbidden(attempt, now, out); });
  }
}

// Opt-outs come all day: each looks at the one call it can forbid, not at all that are open.
void organisation::veto_opted_out(const std::vector<opt_out_change>& changes, instant now, effects& out) {
  for (const opt_out_change& change : changes) {
    const auto in_flight = numbers_in_flight_.find(change.number);
    if (in_flight == numbers_in_flight_.end()) continue;
    if (attempt_run* attempt = find(in_flight->second)) veto_if_forbidden(*attempt, now, out);
  }
}

void organisation::veto_if_forbidden(attempt_run& attempt, instant now, effects& out) {
  if (attempt.state == attempt_state::deciding) return;  // its batch is stale and will not commit
  const reason why = forbidden(attempt, now);
  if (why == reason::none) return;
  const bool unanswered = attempt.state == attempt_state::ready;
  // A pause lets calls that ring or talk come to their end; an opt-out does not.
  const bool comes_to_its_end = attempt.phase_known && !queued_at_carrier(attempt);
  if (!unanswered && comes_to_its_end && why != reason::opted_out) return;
  if (unanswered) out.vetoes.push_back({attempt.what.integration, attempt.what.attempt, why});
  attempt.vetoed = true;
  hold_confirmation(attempt);
  cancel_if_vetoed(attempt, now, out);
}

void organisation::hold_confirmation(attempt_run& attempt) {
  if (attempt.holds_confirmation) return;
  attempt.holds_confirmation = true;
  ++confirm_holds_;
}

void organisation::release_hold(attempt_run& attempt) {
  if (!attempt.holds_confirmation) return;
  attempt.holds_confirmation = false;
  --confirm_holds_;
}

void organisation::confirm_when_clear(effects& out) {
  if (!confirm_due_ || confirm_holds_ != 0) return;
  confirm_due_ = false;
  out.confirm_applied = generation_;
}

}  // namespace dialer::engine
