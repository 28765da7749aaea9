// Attempts in doubt: whether the carrier has their call. When to look and what to conclude: doubt.hpp.

#include <algorithm>
#include <memory>

#include "carriers/codec.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {

void organisation::begin_doubt(attempt_run& attempt, instant now) {
  if (!attempt.in_doubt) ++doubts_;
  attempt.in_doubt = std::make_unique<doubt>();
  attempt.in_doubt->intent_at = attempt.what.decided_at;
  attempt.in_doubt->since = now;
  if (const auto earlier = recent_refs_.find(attempt.what.to); earlier != recent_refs_.end()) {
    attempt.in_doubt->not_ours = earlier->second;
  }
  set_deadline(attempt, next_look_at(*attempt.in_doubt, options_.doubts));
}

void organisation::end_doubt(attempt_run& attempt) {
  if (!attempt.in_doubt) return;
  attempt.in_doubt.reset();
  --doubts_;
}

void organisation::on_event(looked_up& what, instant now, effects& out) {
  attempt_run* attempt = find(what.attempt);
  if (attempt == nullptr) return;
  attempt->asked = false;
  if (!attempt->in_doubt) return;
  const intent& sent = attempt->what;
  note_clock(*attempt->in_doubt, what.page.carrier_time, options_.doubts, now);
  const utc_time earliest = created_from(*attempt->in_doubt, options_.doubts);
  const carriers::lookup_query asked{sent.to, sent.from, earliest, {}};
  // One open attempt per number in the organisation makes (to, from, created) unambiguous, but for calls of attempts
  // that were closed a moment before this one was decided: those are known by their references.
  const auto matches = [&](const carriers::listed_call& call) {
    // The sender has left no token but this attempt's; Telnyx's active calls say nothing else.
    if (!call.token.empty()) return true;
    return carriers::can_be(asked, call) &&
           std::ranges::find(attempt->in_doubt->not_ours, std::hash<std::string_view>{}(call.report.call_ref)) ==
               attempt->in_doubt->not_ours.end();
  };
  doubt_step result = digest(*attempt->in_doubt, what.page, options_.doubts, now.steady, matches);
  switch (result.what) {
    case doubt_step::kind::next_page:
      ask(*attempt, look_up{sent.integration, sent.attempt, sent.to, sent.from, earliest, what.page.next}, out);
      return;
    case doubt_step::kind::adopt:
      for (const std::string& ref : result.hang_up) {
        ++counters_.double_dials;
        hang_up_stray(sent.integration, sent.attempt, ref, now, out);
      }
      apply_report(*attempt, result.adopted.report, now, out);
      return;
    case doubt_step::kind::absent:
      if (transition(attempt->state, attempt_event::absent)) close_absent(*attempt, now);
      return;
    case doubt_step::kind::unreachable:
      if (const auto next = transition(attempt->state, attempt_event::unreachable)) {
        attempt->state = next->next;
        write(*attempt, *next->write, now, {});
      }
      break;
    case doubt_step::kind::look_again: break;
  }
  set_deadline(*attempt, next_look_at(*attempt->in_doubt, options_.doubts));
}

void organisation::remember_ref(e164 to, std::string_view call_ref, steady_time now) {
  if (call_ref.empty()) return;
  recent_refs_[to].push_back(std::hash<std::string_view>{}(call_ref));
  recent_refs_by_age_.emplace_back(now, to);
}

// A reference of an earlier attempt that comes to light while a later one may be in doubt.
void organisation::learn_late(e164 to, std::string_view call_ref, steady_time now) {
  remember_ref(to, call_ref, now);
  for (const auto& [id, slot] : attempt_index_) {
    attempt_run& attempt = attempts_[slot];
    if (!attempt.in_doubt || attempt.what.to != to) continue;
    attempt.in_doubt->not_ours.push_back(std::hash<std::string_view>{}(call_ref));
    std::erase_if(attempt.in_doubt->found, [&](const auto& call) { return call.report.call_ref == call_ref; });
  }
}

}  // namespace dialer::engine
