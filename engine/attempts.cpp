// Open attempts: their slots, the answer to their create, their waits.
// What else is heard of them: reports.cpp, in_doubt.cpp, hang_ups.cpp; their end: closing.cpp.

#include <algorithm>
#include <utility>

#include "carriers/codec.hpp"
#include "compliance/prefetch.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

}  // namespace

attempt_run* organisation::find(attempt_id id) {
  const auto found = attempt_index_.find(id);
  return found == attempt_index_.end() ? nullptr : &attempts_[found->second];
}

void organisation::prefetch(const event& what) const {
  const auto* answered = std::get_if<create_answered>(&what);
  if (answered == nullptr) return;
  const auto found = attempt_index_.find(answered->attempt);
  if (found == attempt_index_.end()) return;
  const auto* slot = reinterpret_cast<const char*>(&attempts_[found->second]);
  for (std::size_t line = 0; line < sizeof(attempt_run); line += 64) compliance::prefetch_line(slot + line);
}

attempt_run& organisation::open(attempt_id id) {
  run_index slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<run_index>(attempts_.size());
    attempts_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    std::destroy_at(&attempts_[slot]);
    std::construct_at(&attempts_[slot]);
  }
  attempt_index_.emplace(id, slot);
  attempts_[slot].what.attempt = id;
  return attempts_[slot];
}

// The carrier has said something about the create, or nobody will ask it any more.
void organisation::note_answer(attempt_run& attempt) {
  if (std::exchange(attempt.unanswered, false)) --accounts_[attempt.account].unanswered;
}

// Frees what an open attempt holds: its lines and its slot. The number called stays taken until the close is durable.
void organisation::forget(attempt_run& attempt) {
  campaign_run& campaign = campaigns_[attempt.campaign];
  --campaign.live;
  --agents_[attempt.agent].live;
  --accounts_[attempt.account].live;
  note_answer(attempt);
  release_hold(attempt);
  end_doubt(attempt);
  if (campaign.blocked == reason::campaign_concurrency || campaign.blocked == reason::agent_concurrency ||
      campaign.blocked == reason::account_concurrency) {
    activate(attempt.campaign);
  }
  const attempt_id id = attempt.what.attempt;
  free_slots_.push_back(attempt_index_.at(id));
  attempt_index_.erase(id);
}

void organisation::release(attempt_run& attempt) {
  pools_.release(attempt.caller_id);
  forget(attempt);
}

// As if the attempt had never been decided: all counts go back, those of the caps too.
void organisation::take_back(attempt_run& attempt) {
  callees_.retract(attempt.what.to, attempt.what.decided_at);
  pools_.retract(attempt.caller_id, attempt.what.decided_at);
  forget(attempt);
}

void organisation::on_event(sends_taken& what, instant, effects&) {
  const auto account = account_index_.find(what.integration);
  if (account == account_index_.end()) return;
  account_run& run = accounts_[account->second];
  run.unsent -= std::min(run.unsent, what.count);
}

void organisation::on_event(create_answered& what, instant now, effects& out) {
  attempt_run* attempt = find(what.attempt);
  if (attempt == nullptr) return;  // already closed by a callback that overtook the answer
  note_answer(*attempt);
  const carriers::create_answer& answer = what.answer;
  apply_reaction(*attempt, answer, now, out);
  switch (answer.what) {
    case carriers::answer_class::accepted: {
      const auto next = transition(attempt->state, attempt_event::accepted);
      if (!next) return;  // a callback was first
      attempt->call_ref = answer.call_ref;
      attempt->phase_known = attempt->state == attempt_state::ready;
      attempt->state = next->next;
      end_doubt(*attempt);
      outcome row;
      row.call_ref = answer.call_ref;
      write(*attempt, *next->write, now, std::move(row));
      // Excess is never left to the carrier: what it would start too late is taken back at once.
      attempt->vetoed |= now.utc + answer.queue_time >= window_closes(*attempt, now);
      if (attempt->vetoed && !attempt->phase_known) {
        set_deadline(*attempt, now.steady);  // it may talk by now: ask before anything is taken back
      } else {
        poll_at(*attempt, now.steady + campaigns_[attempt->campaign].what.ring_timeout + options_.poll_after_ring, now);
      }
      // Changes since the decision were held against it when they were applied.
      if (attempt->vetoed) cancel_if_vetoed(*attempt, now, out);
      return;
    }
    case carriers::answer_class::not_sent:
      if (!transition(attempt->state, attempt_event::not_sent)) return;
      close_not_sent(*attempt, what.vetoed, answer.retry_after.value_or(1000ms), now);
      return;
    case carriers::answer_class::rejected:
      if (!transition(attempt->state, attempt_event::rejected)) return;
      close_rejected(*attempt, answer, now);
      return;
    case carriers::answer_class::unknown: {
      const auto next = transition(attempt->state, attempt_event::unanswered);
      if (!next) return;
      attempt->state = next->next;
      outcome row;
      row.carrier_code = answer.carrier_code;
      row.detail = answer.detail;
      write(*attempt, *next->write, now, std::move(row));
      begin_doubt(*attempt, now);
      return;
    }
  }
}

// One question about an attempt at a time: while the carrier can't be reached they would pile up.
void organisation::ask(attempt_run& attempt, carrier_question&& what, effects& out) {
  if (!std::exchange(attempt.asked, true)) out.questions.push_back(std::move(what));
}

void organisation::set_deadline(attempt_run& attempt, steady_time at) {
  attempt.deadline = at;
  timers_.push({at, attempt.what.attempt});
}

// The carrier is asked at `at`; while it holds the call queued, also when the window closes.
void organisation::poll_at(attempt_run& attempt, steady_time at, instant now) {
  if (queued_at_carrier(attempt)) {
    const auto left = window_closes(attempt, now) - now.utc;
    if (left > left.zero() && left < at - now.steady) at = now.steady + left;
  }
  set_deadline(attempt, at);
}

void organisation::on_deadline(attempt_run& attempt, instant now, effects& out) {
  const intent& sent = attempt.what;
  switch (attempt.state) {
    case attempt_state::in_doubt:
    case attempt_state::held:
      ask(attempt,
          look_up{
              sent.integration, sent.attempt, sent.to, sent.from, created_from(*attempt.in_doubt, options_.doubts), {}},
          out);
      set_deadline(attempt, now.steady + options_.doubts.look_again);
      return;
    case attempt_state::accepted:
      if (attempt.unsure_end) return ask_of_end(attempt, now, out);
      attempt.cancel_out = attempt_run::cancel::none;  // whatever became of the last one
      cancel_if_vetoed(attempt, now, out);
      ask(attempt, fetch_call{sent.integration, sent.attempt, attempt.call_ref}, out);
      poll_at(attempt, now.steady + fetch_again, now);
      return;
    case attempt_state::deciding:
    case attempt_state::ready:
    case attempt_state::closed: return;
  }
}

}  // namespace dialer::engine
