// Attempts that are over: the closing outcome, and what becomes of the contact.

#include <algorithm>
#include <utility>

#include "campaigns/retry.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds again_after_refusal{10};
constexpr std::chrono::seconds answered_comes_within{10};  // of the call's end
constexpr std::chrono::seconds ask_of_end_again{3};
constexpr std::chrono::minutes again_after_misunderstanding{5};
constexpr std::uint32_t understood_min = 10;  // good answers of late: then the one request is to blame

reason why_refused(carriers::reaction react) {
  switch (react) {
    case carriers::reaction::caller_id: return reason::caller_id_withdrawn;
    case carriers::reaction::rest_caller_id: return reason::caller_id_resting;
    case carriers::reaction::retry:
    case carriers::reaction::throttle_rate:
    case carriers::reaction::throttle_concurrency: return reason::account_throttled;
    case carriers::reaction::close_prefix: return reason::carrier_refuses_destination;
    default: return reason::account_stopped;
  }
}

/// Whether a call that was taken and then refused is no fault of the number called.
bool is_ours_to_mend(carriers::reaction react) {
  using enum carriers::reaction;
  return react == caller_id || react == rest_caller_id || react == throttle_rate || react == throttle_concurrency ||
         react == stop_account || react == close_prefix;
}

}  // namespace

void organisation::write(attempt_run& attempt, outcome_kind kind, instant now, outcome&& row) {
  row.attempt = attempt.what.attempt;
  row.campaign = attempt.what.campaign;
  row.contact = attempt.what.contact;
  row.kind = kind;
  row.at = now.utc;
  if (is_closing(kind)) closing_numbers_.push_back(attempt.what.to);
  closing_.outcomes.push_back(std::move(row));
}

// The attempt never was: the contact goes back as it came, and every count is taken back.
void organisation::close_not_sent(attempt_run& attempt, reason why, std::chrono::milliseconds again_in, instant now) {
  attempt.state = attempt_state::closed;
  outcome row;
  row.why = why == reason::none ? reason::account_throttled : why;
  const auto jitter = std::chrono::milliseconds{random_.below(static_cast<std::uint64_t>(again_in.count()) + 1)};
  wait_until(attempt, attempt.contact, row.why, now.utc + again_in + jitter);
  write(attempt, outcome_kind::not_sent, now, std::move(row));
  take_back(attempt);
}

void organisation::close_rejected(attempt_run& attempt, const carriers::create_answer& answer, instant now) {
  attempt.state = attempt_state::closed;
  outcome row;
  row.carrier_code = answer.carrier_code;
  row.detail = answer.detail;
  const bool misunderstood = answer.react == carriers::reaction::config;
  const bool contact_to_blame = answer.react == carriers::reaction::fail_number ||
                                answer.react == carriers::reaction::fail_here ||
                                (misunderstood && accounts_[attempt.account].understood.good() >= understood_min);
  if (contact_to_blame) {
    go_on_or_end(attempt, row, answer.outcome, now);
  } else {
    // An error of ours or of the account never costs the contact an attempt.
    row.why = why_refused(answer.react);
    const std::chrono::seconds again_in = misunderstood ? again_after_misunderstanding : again_after_refusal;
    wait_until(attempt, attempt.contact, row.why, now.utc + again_in);
    callees_.retract(attempt.what.to, attempt.what.decided_at);
  }
  write(attempt, outcome_kind::rejected, now, std::move(row));
  release(attempt);
}

// The call is over, and how it ended is still to come: from its late `answered`, or from the carrier, who is asked.
void organisation::hold_end(attempt_run& attempt, const carriers::call_report& report, instant now, effects& out) {
  attempt.unsure_end = std::make_unique<carriers::call_report>(report);
  attempt.unsure_until = now.steady + answered_comes_within;
  release_hold(attempt);
  ask_of_end(attempt, now, out);
}

void organisation::ask_of_end(attempt_run& attempt, instant now, effects& out) {
  if (now.steady < attempt.unsure_until) {
    ask(attempt, fetch_call{attempt.what.integration, attempt.what.attempt, attempt.call_ref}, out);
    set_deadline(attempt, std::min(now.steady + ask_of_end_again, attempt.unsure_until));
  } else if (transition(attempt.state, attempt_event::ended)) {
    close_ended(attempt, *std::exchange(attempt.unsure_end, {}), now);
  }
}

void organisation::close_ended(attempt_run& attempt, const carriers::call_report& report, instant now) {
  if (report.circuit) accounts_[attempt.account].breaker.on_fault(now.steady);
  attempt.state = attempt_state::closed;
  disposition how = attempt.answered ? report.if_answered : report.if_unanswered;
  if (how == disposition::answered && attempt.machine) how = disposition::voicemail;
  outcome row;
  row.call_ref = attempt.call_ref;
  row.answered = how == disposition::answered || how == disposition::voicemail;
  // Nobody spoke to whoever answered: our fault, and no sign of theirs.
  if (row.answered && attempt.abandoned) how = disposition::failed;
  row.duration_s = static_cast<std::uint32_t>(report.duration.value_or(0s).count());
  if (how == disposition::canceled && (attempt.canceled || attempt.recovered) && !callees_.opted_out(attempt.what.to)) {
    // Taken back by us because of a pause, say, before it rang: that never costs the contact an attempt.
    row.why = reason::changed_since_decided;
    wait_until(attempt, attempt.contact, row.why, now.utc + again_after_refusal);
  } else if (!attempt.answered && is_ours_to_mend(report.react)) {
    // Taken and then refused for the account's or the caller ID's sake: nobody's phone rang.
    apply_reaction(attempt, report.react, now);
    row.why = why_refused(report.react);
    wait_until(attempt, attempt.contact, row.why, now.utc + again_after_refusal);
    callees_.retract(attempt.what.to, attempt.what.decided_at);
  } else {
    go_on_or_end(attempt, row, how, now);
    count_for_health(attempt, how, row.duration_s, now);
  }
  write(attempt, outcome_kind::ended, now, std::move(row));
  remember_ref(attempt.what.to, attempt.call_ref, now.steady);
  release(attempt);
}

void organisation::close_absent(attempt_run& attempt, instant now) {
  attempt.state = attempt_state::closed;
  const intent& sent = attempt.what;
  remember_absent({sent.attempt, sent.campaign, sent.contact, sent.integration, sent.to, now.utc});
  outcome row;
  go_on_or_end(attempt, row, disposition::unknown, now);
  write(attempt, outcome_kind::absent, now, std::move(row));
  release(attempt);
}

void organisation::remember_absent(const absent_attempt& closed) {
  absent_.emplace(closed.attempt, closed);
  absent_by_age_.emplace_back(closed.closed_at, closed.attempt);
}

// The contact's next state by the retry rule of the disposition.
void organisation::go_on_or_end(attempt_run& attempt, outcome& row, disposition how, instant now) {
  row.ended_as = how;
  campaign_run& campaign = campaigns_[attempt.campaign];
  const auto next = campaigns::next_step(campaign.what, how, attempt.what.attempt_number, now.utc);
  const auto* again = std::get_if<campaigns::again>(&next);
  if (again == nullptr) {
    row.contact_done = true;
    return;
  }
  campaigns::contact contact = attempt.contact;
  contact.attempts = attempt.what.attempt_number;
  contact.last_caller_id = attempt.what.from;
  wait_until(attempt, contact, again->why, again->due_at);
}

// The closing outcome's other half: the contact goes on.
void organisation::wait_until(const attempt_run& attempt, const campaigns::contact& contact, reason why, utc_time due) {
  contact_wait wait = make_wait(campaigns_[attempt.campaign], contact, why, due);
  closing_earliest_wait_ = std::min(closing_earliest_wait_.value_or(wait.contact.due_at), wait.contact.due_at);
  closing_.waits.push_back(std::move(wait));
}

}  // namespace dialer::engine
