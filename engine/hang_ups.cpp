// Calls that must not go on: taken back while the carrier still holds them queued, or ended as nobody's.

#include <algorithm>

#include "carriers/codec.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

}  // namespace

// What the carrier holds queued is taken back when a change forbids it, its window closes, or it turns out after a
// doubt that it would not be placed under the settings of now. A call that has begun to ring comes to its own end, but
// to a number that opted out. Of one found after a take-over or a doubt that is asked first: somebody may be talking.
void organisation::cancel_if_vetoed(attempt_run& attempt, instant now, effects& out) {
  attempt.vetoed |= attempt.phase_known && queued_at_carrier(attempt) && outside_settings(attempt, now) != reason::none;
  if (!attempt.vetoed) return;
  if (callees_.opted_out(attempt.what.to)) {
    cancel(attempt, attempt_run::cancel::any, out);
  } else if (!attempt.phase_known) {
    return;
  } else if (queued_at_carrier(attempt)) {
    cancel(attempt, attempt_run::cancel::unanswered, out);
  } else {
    release_hold(attempt);
  }
}

/// When ringing becomes unlawful where the number is; an instant gone by when it is already, or when nobody can tell.
utc_time organisation::window_closes(const attempt_run& attempt, instant now) const {
  const campaign_run& campaign = campaigns_[attempt.campaign];
  lane_run* lane = find_lane(campaign, attempt.what.lane);
  if (lane == nullptr) return {};
  refresh_window(campaign, *lane, now);
  return lane->window.open ? lane->window.closes_at.value_or(utc_time{}) : utc_time{};
}

// As far as we know: its callbacks may be late or lost.
bool organisation::queued_at_carrier(const attempt_run& attempt) const {
  return attempt.phase == carriers::call_phase::queued && carriers::queues_calls(accounts_[attempt.account].what.kind);
}

void organisation::cancel(attempt_run& attempt, enum attempt_run::cancel what, effects& out) {
  if (attempt.cancel_out >= what || attempt.call_ref.empty()) return;
  attempt.cancel_out = what;
  attempt.canceled = true;
  const bool ringing_only = what == attempt_run::cancel::unanswered;
  out.questions.push_back(cancel_call{attempt.what.integration, attempt.what.attempt, attempt.call_ref, ringing_only});
}

// Ends a call that stands for no attempt; asked again until the carrier has answered.
void organisation::hang_up_stray(integration_id integration, attempt_id attempt, const std::string& call_ref,
                                 instant now, effects& out) {
  const auto is_it = [&](const stray_call& each) { return each.what.call_ref == call_ref; };
  if (std::ranges::any_of(stray_calls_, is_it)) return;
  stray_calls_.push_back({{integration, attempt, call_ref}, now.steady, {}});
  out.questions.push_back(stray_calls_.back().what);
}

void organisation::on_event(call_canceled& what, instant now, effects& out) {
  const auto is_it = [&](const stray_call& each) { return each.what.call_ref == what.call_ref; };
  if (const auto stray = std::ranges::find_if(stray_calls_, is_it); stray != stray_calls_.end()) {
    const bool too_early = what.result == carriers::cancel_result::unknown_call &&
                           now.steady - stray->since < options_.doubts.absent_after;
    if (what.result == carriers::cancel_result::failed || too_early) {
      stray->ask_again = now.steady + 1s;
    } else {
      stray_calls_.erase(stray);
    }
    return;
  }
  attempt_run* attempt = find(what.attempt);
  if (attempt == nullptr || attempt->call_ref != what.call_ref) return;
  if (attempt->unsure_end) return;  // over, and asked about
  const bool not_known = what.result == carriers::cancel_result::unknown_call && !believe_unknown(*attempt, now);
  if (what.result == carriers::cancel_result::failed || not_known) {
    attempt->cancel_out = attempt_run::cancel::none;
    set_deadline(*attempt, now.steady + 2s);
    return;
  }
  // No callback is sent for a call cancelled while it was still queued at the carrier: ask for its end.
  release_hold(*attempt);
  // What is out already may have left before the cancellation.
  set_deadline(*attempt, now.steady + (attempt->asked ? 2s : fetch_again));
  ask(*attempt, fetch_call{attempt->what.integration, attempt->what.attempt, attempt->call_ref}, out);
}

}  // namespace dialer::engine
