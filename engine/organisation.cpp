#include "engine/organisation.hpp"

#include <algorithm>

namespace dialer::engine {
namespace {

constexpr std::chrono::milliseconds period{250};
constexpr std::chrono::seconds health_period{10};
constexpr std::chrono::minutes oldest_open_period{1};
constexpr std::chrono::hours absent_kept{24};
// Longer than a doubt's clock skew and the longest way from a decision to its doubt together.
constexpr std::chrono::minutes refs_kept{2};

}  // namespace

organisation::organisation(organisation_options options, recovery found, instant now)
    : options_{std::move(options)},
      owner_{found.owner},
      random_{options_.seed},
      attempt_ids_{options_.node, found.last_attempt},
      gate_{rules_, callees_},
      pools_{options_.region},
      periodic_at_{now.steady},
      oldest_open_at_{now.steady + oldest_open_period},
      newest_durable_{found.last_attempt} {
  recover(found, now);
}

organisation::~organisation() = default;

// Contacts without doubt may be dialed at once; open attempts keep their lines and numbers until the carrier has
// spoken.
void organisation::recover(recovery& found, instant now) {
  for (const opt_out_change& change : found.opt_outs) {
    if (change.opted_out) callees_.opt_out(change.number);
  }
  for (const past_attempt& past : found.history) callees_.record(past.to, past.at);
  for (const known_call& call : found.known_calls) remember_ref(call.to, call.call_ref, now.steady);
  for (const absent_attempt& closed : found.absent) remember_absent(closed);
  apply_snapshot(std::move(found.snapshot), now);
  for (std::size_t newer = found.history.size(); const past_attempt& past : found.history) {
    --newer;
    if (past.open) continue;  // below, for their index
    const callerid::number_index number = pools_.restore(past.from, past.at, false);
    if (newer < options_.recount_max) recount_health(past, number);
  }

  for (open_attempt& old : found.open) {
    const run_index campaign = keep_campaign(old.what.campaign);
    const run_index account = keep_account(old.what.integration);
    campaign_run& run = campaigns_[campaign];
    attempt_run& attempt = open(old.what.attempt);
    attempt.what = old.what;
    attempt.campaign = campaign;
    attempt.account = account;
    attempt.agent = run.agent;
    attempt.caller_id = pools_.restore(old.what.from, old.what.decided_at, true);
    attempt.recovered = true;
    attempt.call_ref = old.call_ref;
    attempt.contact.id = old.what.contact;
    attempt.contact.number = old.what.to;
    attempt.contact.lane = old.what.lane;
    attempt.contact.attempts = static_cast<std::uint16_t>(old.what.attempt_number - 1);
    attempt.contact.last_caller_id = old.what.from;
    attempt.contact.fresh = false;
    numbers_in_flight_[old.what.to] = old.what.attempt;
    ++run.live;
    ++agents_[attempt.agent].live;
    ++accounts_[attempt.account].live;
    if (!old.call_ref.empty()) {
      attempt.state = attempt_state::accepted;
      // Callbacks may have been lost while nobody listened.
      set_deadline(attempt, now.steady + std::chrono::seconds{1} + std::chrono::milliseconds{random_.below(4000)});
      continue;
    }
    attempt.state = attempt_state::in_doubt;
    if (!old.last_kind) write(attempt, outcome_kind::in_doubt, now, {});
    if (old.last_kind == outcome_kind::held) attempt.state = attempt_state::held;
    begin_doubt(attempt, now);
  }
  std::erase_if(found.history, [now](const past_attempt& past) { return past.at <= now.utc - refs_kept; });
  std::ranges::sort(found.history, std::ranges::greater{}, &past_attempt::at);
  for (const past_attempt& past : found.history) {
    if (numbers_in_flight_.try_emplace(past.to).second) resting_numbers_.emplace_front(past.at + refs_kept, past.to);
  }
}

void organisation::step(event&& what, instant now, effects& out) {
  std::visit([&](auto& known) { on_event(known, now, out); }, what);
}

void organisation::on_event(tick&, instant now, effects& out) {
  while (!timers_.empty() && timers_.top().at <= now.steady) {
    const timer due = timers_.top();
    timers_.pop();
    if (!due.attempt) {
      activate_all(now);
    } else if (attempt_run* attempt = find(due.attempt); attempt != nullptr && attempt->deadline == due.at) {
      on_deadline(*attempt, now, out);
    }
  }
  if (std::exchange(taken_over_, false)) {
    veto_forbidden(now, out);
    confirm_due_ = true;
  }
  if (now.steady >= periodic_at_) periodic(now, out);
  request_changes(now, out);
  schedule(now);
  emit_decisions(out);
  emit_outcomes(now, out);
  request_hungry(now, out);
  confirm_when_clear(out);
}

void organisation::on_event(drain_requested&, instant, effects&) {
  draining_ = true;
}

void organisation::periodic(instant now, effects& out) {
  periodic_at_ = now.steady + period;
  activate_all(now);
  scan_lanes(now);
  callees_.expire(now.utc);
  if (now.steady >= health_advances_at_) {
    health_advances_at_ = now.steady + health_period;
    advance_health(now);
  }
  if (now.steady >= oldest_open_at_) {
    oldest_open_at_ = now.steady + oldest_open_period;
    note_oldest_open(out);
  }
  for (account_run& account : accounts_) {
    if (account.present && account.stopped && now.steady >= account.probe_at) {
      account.probe_at = steady_time::max();  // until the answer
      out.questions.push_back(probe_account{account.what.id});
    }
  }
  for (stray_call& stray : stray_calls_) {
    if (!stray.ask_again || *stray.ask_again > now.steady) continue;
    stray.ask_again.reset();
    out.questions.push_back(stray.what);
  }
  while (!absent_by_age_.empty() && absent_by_age_.front().first + absent_kept < now.utc) {
    absent_.erase(absent_by_age_.front().second);
    absent_by_age_.pop_front();
  }
  while (!recent_refs_by_age_.empty() && recent_refs_by_age_.front().first + refs_kept < now.steady) {
    const auto refs = recent_refs_.find(recent_refs_by_age_.front().second);
    refs->second.erase(refs->second.begin());  // its number's oldest
    if (refs->second.empty()) recent_refs_.erase(refs);
    recent_refs_by_age_.pop_front();
  }
  while (!resting_numbers_.empty() && resting_numbers_.front().first < now.utc) {
    numbers_in_flight_.erase(resting_numbers_.front().second);
    resting_numbers_.pop_front();
  }
}

// Not past an attempt whose close is still on its way to the ledger, nor past the newest intent there: the next owner's
// identifiers begin after that one.
void organisation::note_oldest_open(effects& out) {
  attempt_id oldest = newest_durable_;
  for (const auto& [id, slot] : attempt_index_) oldest = std::min(oldest, id);
  for (const outcome& row : closing_.outcomes) oldest = std::min(oldest, row.attempt);
  for (const outcome& row : closing_out_.outcomes) oldest = std::min(oldest, row.attempt);
  if (oldest <= oldest_open_noted_) return;
  oldest_open_noted_ = oldest;
  out.oldest_open = oldest;
}

steady_time organisation::next_tick() const {
  steady_time next = periodic_at_;
  if (!timers_.empty()) next = std::min(next, timers_.top().at);
  if (closing_due_ && closing_out_.number == 0 && !lost_) next = std::min(next, *closing_due_);
  return next;
}

bool organisation::drained() const {
  return committing_.number == 0 && deciding_takes_.contacts.empty() && closing_out_.number == 0 &&
         is_empty(closing_) && std::ranges::none_of(attempt_index_, [&](const auto& entry) {
           return attempts_[entry.second].state == attempt_state::ready;
         });
}

organisation_view organisation::view(instant now) const {
  organisation_view view;
  view.id = owner_.organisation;
  view.generation = generation_;
  view.counters = counters_;
  view.open_attempts = static_cast<std::uint32_t>(attempt_index_.size());
  view.in_doubt = doubts_;
  const bool settled = committing_.number == 0 && closing_out_.number == 0 && is_empty(closing_) && !changes_due();
  for (const campaign_run& campaign : campaigns_) {
    campaign_view& shown = view.campaigns.emplace_back();
    shown.id = campaign.what.id;
    shown.name = campaign.what.name;
    // A full account stops the round before any campaign's turn comes: asked for here.
    shown.blocked = campaign.blocked != reason::none ? campaign.blocked : campaign_block(campaign, now);
    shown.live = campaign.live;
    shown.counters = campaign.counters;
    shown.idle = settled && campaign.live == 0;
    for (const auto& lane : campaign.lanes) {
      if (!lane) continue;
      ++shown.lanes;
      shown.queued += static_cast<std::uint32_t>(lane->queue.size());
      const bool closed = !lane->window.open && lane->window.why != reason::no_time_zone;
      const bool exhausted = lane->queue.empty() && lane->fresh_exhausted;
      if (closed) ++shown.lanes_closed;
      if (exhausted && !lane->next_due) ++shown.lanes_exhausted;
      const bool nothing_now =
          closed || (exhausted && !lane->loading && (!lane->next_due || *lane->next_due > now.utc));
      shown.idle &= nothing_now;
      const std::optional<utc_time> next = closed ? lane->window.opens_at : exhausted ? lane->next_due : std::nullopt;
      const bool anything_left = !exhausted || lane->next_due;
      if (anything_left && next) shown.next_at = std::min(shown.next_at.value_or(*next), *next);
    }
    if (waits_for_number(shown.blocked)) shown.next_at = campaign.number_frees;
  }
  view.numbers_by_health = health_.count_by_state();
  for (const account_run& account : accounts_) {
    view.accounts.push_back({account.what.id, account.what.name, account.what.calls_per_second, account.live,
                             account.unsent, account_block(account, now)});
  }
  for (const agent_run& agent : agents_) {
    if (agent.live != 0) view.agents.push_back({agent.what.id, agent.live});
  }
  return view;
}

}  // namespace dialer::engine
