// What the carrier reports of a call: in callbacks, and when asked for it.

#include <algorithm>
#include <utility>

#include "carriers/codec.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

attempt_event event_of(const carriers::call_report& report, bool hold) {
  return report.phase == carriers::call_phase::ended && !hold ? attempt_event::ended : attempt_event::reported;
}

}  // namespace

void organisation::on_event(call_reported& what, instant now, effects& out) {
  if (attempt_run* attempt = find(what.attempt)) {
    apply_report(*attempt, what.report, now, out);
    return;
  }
  // Late truth: the carrier had said there is no such call.
  const auto late = absent_.find(what.attempt);
  if (late == absent_.end()) return;
  outcome row;
  row.attempt = what.attempt;
  row.campaign = late->second.campaign;
  row.contact = late->second.contact;
  row.kind = outcome_kind::late;
  row.at = now.utc;
  row.call_ref = what.report.call_ref;
  closing_.outcomes.push_back(std::move(row));
  ++counters_.double_dials;
  learn_late(late->second.to, what.report.call_ref, now.steady);
  if (what.report.phase != carriers::call_phase::ended) {
    hang_up_stray(late->second.integration, what.attempt, what.report.call_ref, now, out);
  }
  absent_.erase(what.attempt);
}

void organisation::apply_report(attempt_run& attempt, const carriers::call_report& report, instant now, effects& out) {
  if (!attempt.call_ref.empty() && !report.call_ref.empty() && attempt.call_ref != report.call_ref) {
    // A second call for one attempt: it must not go on, and it must not be mixed up with the first.
    ++counters_.double_dials;
    if (report.phase != carriers::call_phase::ended) {
      hang_up_stray(attempt.what.integration, attempt.what.attempt, report.call_ref, now, out);
    }
    return;
  }
  note_answer(attempt);
  if (!carriers::is_no_such_call(report)) attempt.unknown_answers = 0;
  attempt.answered |= report.phase == carriers::call_phase::answered;
  attempt.machine |= report.machine;
  attempt.abandoned |= report.abandoned;
  attempt.caller_id_signal |= report.caller_id_signal;
  // Callbacks come in any order, and some never: that a call is over may be known before that it was answered.
  const bool hold = report.maybe_answered && !attempt.answered;
  const auto next = transition(attempt.state, event_of(report, hold));
  if (!next) return;
  if (attempt.call_ref.empty()) attempt.call_ref = report.call_ref;
  if (next->next == attempt_state::closed) {
    if (attempt.in_doubt && attempt.recovered) ++counters_.recovered;
    close_ended(attempt, report, now);
    return;
  }
  if (attempt.unsure_end && attempt.answered) {
    if (transition(attempt.state, attempt_event::ended))
      close_ended(attempt, *std::exchange(attempt.unsure_end, {}), now);
    return;
  }
  attempt.phase_known = true;
  const bool advanced = report.phase > attempt.phase;
  attempt.phase = std::max(attempt.phase, report.phase);
  attempt.state = next->next;
  if (next->write) adopt(attempt, *next->write, now);
  if (hold) {
    if (!attempt.unsure_end) hold_end(attempt, report, now, out);
    return;
  }
  if (advanced || next->write) {
    const campaigns::settings& settings = campaigns_[attempt.campaign].what;
    const auto until_over = attempt.phase == carriers::call_phase::answered
                                ? std::chrono::seconds{settings.call_time_limit}
                                : std::chrono::seconds{settings.ring_timeout};
    poll_at(attempt, now.steady + until_over + options_.poll_after_ring, now);
  }
  cancel_if_vetoed(attempt, now, out);
}

// The call is known to exist, by a callback that overtook the answer or by what the carrier lists.
void organisation::adopt(attempt_run& attempt, outcome_kind kind, instant now) {
  end_doubt(attempt);
  if (attempt.recovered) ++counters_.recovered;
  outcome row;
  row.call_ref = attempt.call_ref;
  write(attempt, kind, now, std::move(row));
}

void organisation::on_event(call_fetched& what, instant now, effects& out) {
  attempt_run* attempt = find(what.attempt);
  if (attempt == nullptr) return;
  attempt->asked = false;
  if (what.report && (!carriers::is_no_such_call(*what.report) || believe_unknown(*attempt, now))) {
    apply_report(*attempt, *what.report, now, out);
    attempt = find(what.attempt);
    if (attempt == nullptr) return;
  }
  if (attempt->deadline <= now.steady) poll_at(*attempt, now.steady + fetch_again, now);
}

// Call resources are eventually consistent: "no such call" is believed like an empty listing, late and not only once.
bool organisation::believe_unknown(attempt_run& attempt, instant now) const {
  ++attempt.unknown_answers;
  return attempt.unknown_answers >= 2 && now.utc - attempt.what.decided_at >= options_.doubts.absent_after;
}

}  // namespace dialer::engine
