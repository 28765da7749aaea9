// Batches on their way to the ledger and back. One of each kind is out at a time; the next fills meanwhile.

#include <utility>

#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

constexpr std::chrono::milliseconds ledger_back_off{200};

}  // namespace

void organisation::emit_decisions(effects& out) {
  if (committing_.number != 0 || lost_ || deciding_takes_.contacts.empty()) return;
  for (const auto& [campaign, lane] : moved_lanes_) {
    deciding_.cursors.push_back({campaigns_[campaign].what.id, lane->number, lane->through});
    lane->moved = false;
  }
  moved_lanes_.clear();
  deciding_.number = ++batch_number_;
  deciding_.owner = owner_;
  deciding_.generation = generation_;
  deciding_takes_.number = deciding_.number;
  committing_ = std::exchange(deciding_takes_, {});
  out.decisions.push_back(std::exchange(deciding_, {}));
  // The next batch will hardly be larger.
  deciding_.intents.reserve(out.decisions.back().intents.size());
  deciding_takes_.attempts.reserve(committing_.attempts.size());
  deciding_takes_.contacts.reserve(committing_.contacts.size());
}

void organisation::on_event(decisions_committed& what, instant now, effects& out) {
  if (what.number != committing_.number) return;
  batch_out batch = std::exchange(committing_, {});
  if (what.result == commit_result::committed) {
    if (!batch.attempts.empty()) newest_durable_ = batch.attempts.back()->what.attempt;
    const bool changed_since = batch.decided_under != changes_applied_;
    out.sends.reserve(out.sends.size() + batch.attempts.size());
    for (attempt_run* const taken : batch.attempts) {
      attempt_run& attempt = *taken;
      attempt.state = transition(attempt.state, attempt_event::committed)->next;
      ++counters_.intents;
      ++campaigns_[attempt.campaign].counters.intents;
      if (const reason why = changed_since ? forbidden(attempt, now) : reason::none; why != reason::none) {
        --accounts_[attempt.account].unsent;
        close_not_sent(attempt, why, std::chrono::milliseconds{0}, now);
        continue;
      }
      const campaigns::settings& settings = campaigns_[attempt.campaign].what;
      out.sends.push_back({attempt.what.integration, attempt.what.attempt, attempt.what.campaign, attempt.what.contact,
                           std::move(*attempt.permit), agents_[attempt.agent].answer_url, settings.ring_timeout,
                           settings.call_time_limit, settings.detection == campaigns::machine_detection::detect});
      attempt.permit.reset();
    }
    for (const reason why : batch.ended) ++counters_.ended_undialed[static_cast<std::size_t>(why)];
    for (const reason why : batch.put_off) ++counters_.put_off[static_cast<std::size_t>(why)];
    return;
  }
  // Nothing of it is durable. What was decided after it rests on its cursors, so that goes back too, newest first.
  drop_deciding();
  roll_back(batch);
  switch (what.result) {
    case commit_result::stale_generation:
      ++counters_.stale_batches;
      changes_wanted_ = true;
      break;
    case commit_result::not_owner:
      lost_ = true;
      out.ownership_lost = true;
      break;
    default: ++counters_.failed_commits; ledger_down_until_ = now.steady + ledger_back_off;
  }
}

// Takes back the batch that is being filled.
void organisation::drop_deciding() {
  roll_back(deciding_takes_);
  deciding_ = {};
  deciding_takes_ = {};
  for (const auto& [campaign, lane] : moved_lanes_) lane->moved = false;
  moved_lanes_.clear();
}

void organisation::roll_back(batch_out& batch) {
  for (auto taken = batch.attempts.rbegin(); taken != batch.attempts.rend(); ++taken) undo(**taken);
  for (auto taken = batch.contacts.rbegin(); taken != batch.contacts.rend(); ++taken) {
    taken->lane->queue.push_front(taken->contact);
    activate(taken->campaign);
  }
}

// Takes back everything place_call() took for an attempt that does not exist.
void organisation::undo(attempt_run& attempt) {
  attempt.state = transition(attempt.state, attempt_event::rolled_back)->next;
  --accounts_[attempt.account].unsent;
  numbers_in_flight_.erase(attempt.what.to);
  take_back(attempt);
}

void organisation::emit_outcomes(instant now, effects& out) {
  if (lost_) return;
  if (!is_empty(closing_) && !closing_due_) closing_due_ = now.steady + options_.outcome_delay;
  if (closing_out_.number != 0) {
    if (!closing_again_ || now.steady < ledger_down_until_) return;
    closing_again_ = false;
    closing_out_.number = ++batch_number_;  // the ledger never commits a number that it has declared failed
    out.outcomes.push_back(closing_out_);
    return;
  }
  if (is_empty(closing_)) return;
  if (now.steady < *closing_due_ && closing_.outcomes.size() < options_.batch_max && !draining_) return;
  closing_due_.reset();
  closing_.number = ++batch_number_;
  closing_.owner = owner_;
  closing_out_ = std::exchange(closing_, {});
  closing_out_earliest_wait_ = std::exchange(closing_earliest_wait_, {});
  closing_out_numbers_ = std::exchange(closing_numbers_, {});
  out.outcomes.push_back(closing_out_);
}

void organisation::on_event(outcomes_committed& what, instant now, effects& out) {
  if (what.number != closing_out_.number) return;
  if (what.result == commit_result::not_owner) {
    lost_ = true;
    out.ownership_lost = true;
    return;
  }
  if (what.result != commit_result::committed) {
    // Facts are never dropped: they go out again.
    ++counters_.failed_commits;
    ledger_down_until_ = now.steady + ledger_back_off;
    closing_again_ = true;
    return;
  }
  for (const outcome& row : closing_out_.outcomes) {
    switch (row.kind) {
      case outcome_kind::accepted: ++counters_.accepted; break;
      case outcome_kind::in_doubt: ++counters_.in_doubt; break;
      case outcome_kind::adopted: ++counters_.adopted; break;
      case outcome_kind::held: break;
      case outcome_kind::not_sent: ++counters_.not_sent; break;
      case outcome_kind::rejected: ++counters_.rejected; break;
      case outcome_kind::absent: ++counters_.absent; break;
      case outcome_kind::ended: ++counters_.ended; break;
      case outcome_kind::late: break;
    }
    if (row.answered) ++counters_.answered;
    if (!row.ended_as) continue;
    ++counters_.dispositions[static_cast<std::size_t>(*row.ended_as)];
    const auto campaign = campaign_index_.find(row.campaign);
    if (campaign == campaign_index_.end()) continue;
    campaign_counters& own = campaigns_[campaign->second].counters;
    ++own.dispositions[static_cast<std::size_t>(*row.ended_as)];
    if (row.answered) ++own.answered;
  }
  for (const e164 number : closing_out_numbers_) numbers_in_flight_.erase(number);
  closing_out_ = {};
  closing_out_earliest_wait_.reset();
}

}  // namespace dialer::engine
