// Open attempts: what the carrier says of them. Their end: closing.cpp.

#include <algorithm>
#include <utility>

#include "carriers/codec.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t misunderstood_max =
    5;  // of the latest answers, then the account is stopped for a person to look
constexpr std::uint32_t closed_in_a_row_max = 5;  // area codes: not their fault any more
constexpr std::chrono::minutes prefix_stays_closed{30};
constexpr std::chrono::seconds probe_every{10};
constexpr std::chrono::seconds ceiling_holds{30};
constexpr std::chrono::seconds rate_rests{5};
constexpr std::chrono::seconds fetch_again{30};

attempt_event event_of(const carriers::call_report& report, bool hold) {
  return report.phase == carriers::call_phase::ended && !hold ? attempt_event::ended : attempt_event::reported;
}

/// Destinations that a carrier takes or refuses together: an area code under +1, elsewhere the first five digits.
std::uint64_t prefix_of(e164 number) {
  std::uint64_t prefix = number.digits();
  while (prefix >= (number.is_nanp() ? 10'000U : 100'000U)) prefix /= 10;
  return prefix;
}

}  // namespace

organisation::attempt_run* organisation::find(attempt_id id) {
  const auto found = attempt_index_.find(id);
  return found == attempt_index_.end() ? nullptr : &attempts_[found->second];
}

organisation::attempt_run& organisation::open(attempt_id id) {
  index slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<index>(attempts_.size());
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
  history_.retract(attempt.what.to, attempt.what.decided_at);
  pools_.retract(attempt.caller_id, attempt.what.decided_at);
  forget(attempt);
}

void organisation::on_event(sends_taken& what, instant, effects&) {
  const auto account = account_index_.find(what.integration);
  if (account == account_index_.end()) return;
  account_run& run = accounts_[account->second];
  run.unsent -= std::min(run.unsent, what.count);
}

// --- the answer to the create ---------------------------------------------------------------------------------------

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
      cancel_if_vetoed(*attempt, now, out);
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

// What an answer says about the account, the caller ID and the pace; the attempt itself is apart.
void organisation::apply_reaction(attempt_run& attempt, const carriers::create_answer& answer, instant now,
                                  effects& out) {
  account_run& account = accounts_[attempt.account];
  if (answer.circuit) {
    account.breaker.on_fault(now.steady);
  } else if (answer.http_status != 0) {
    account.breaker.on_good();
  }
  if (answer.what == carriers::answer_class::accepted) {
    account.understood.note(true);
    account.closed_in_a_row = 0;
  }
  if (answer.react == carriers::reaction::throttle_rate) {
    out.slowdowns.push_back({account.what.id, answer.retry_after});
    if (answer.retry_after) account.held_until = std::max(account.held_until, now.steady + *answer.retry_after);
  } else {
    apply_reaction(attempt, answer.react, now);
  }
  if (answer.what == carriers::answer_class::accepted && answer.queue_time > options_.queue_time_max) {
    out.slowdowns.push_back({account.what.id, std::nullopt});
  }
}

// Whether it was said at once or after the call had been taken.
void organisation::apply_reaction(attempt_run& attempt, carriers::reaction react, instant now) {
  account_run& account = accounts_[attempt.account];
  switch (react) {
    case carriers::reaction::throttle_rate:
      account.held_until = std::max(account.held_until, now.steady + rate_rests);
      break;
    case carriers::reaction::throttle_concurrency:
      account.ceiling = std::max<std::uint32_t>(account.live - 1, 1);
      account.ceiling_until = now.steady + ceiling_holds;
      break;
    case carriers::reaction::caller_id:
      if (account.refused_caller_ids.insert(attempt.what.from).second) rebuild_pools();
      break;
    case carriers::reaction::stop_account: stop(account, now); break;
    case carriers::reaction::config:
      account.understood.note(false);
      if (account.understood.bad() >= misunderstood_max) stop(account, now);
      break;
    case carriers::reaction::close_prefix:
      account.closed_prefixes[prefix_of(attempt.what.to)] = now.steady + prefix_stays_closed;
      // One area code after the other: the account may not call the country at all.
      if (attempt.what.to.is_nanp() && ++account.closed_in_a_row >= closed_in_a_row_max) stop(account, now);
      break;
    default: break;
  }
}

bool organisation::is_closed(account_run& account, e164 number, instant now) const {
  if (account.closed_prefixes.empty()) return false;
  const auto found = account.closed_prefixes.find(prefix_of(number));
  if (found == account.closed_prefixes.end()) return false;
  if (now.steady < found->second) return true;
  account.closed_prefixes.erase(found);
  return false;
}

// Until a probe finds the account usable again.
void organisation::stop(account_run& account, instant now) {
  account.stopped = true;
  account.probe_at = now.steady + probe_every;
  ++changes_applied_;
}

void organisation::on_event(account_probed& what, instant now, effects&) {
  const auto found = account_index_.find(what.integration);
  if (found == account_index_.end()) return;
  account_run& account = accounts_[found->second];
  if (what.usable) {
    account.stopped = false;
    account.understood.forgive();
    account.closed_in_a_row = 0;
  } else {
    account.probe_at = now.steady + probe_every;
  }
}

// --- what the carrier reports ---------------------------------------------------------------------------------------

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

// One question about an attempt at a time: while the carrier can't be reached they would pile up.
void organisation::ask(attempt_run& attempt, carrier_question&& what, effects& out) {
  if (!std::exchange(attempt.asked, true)) out.questions.push_back(std::move(what));
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

// Ends a call that stands for no attempt; asked again until the carrier has answered.
void organisation::hang_up_stray(integration_id integration, attempt_id attempt, const std::string& call_ref,
                                 instant now, effects& out) {
  const auto is_it = [&](const stray_call& each) { return each.what.call_ref == call_ref; };
  if (std::ranges::any_of(stray_calls_, is_it)) return;
  stray_calls_.push_back({{integration, attempt, call_ref}, now.steady, {}});
  out.questions.push_back(stray_calls_.back().what);
}

void organisation::cancel(attempt_run& attempt, enum attempt_run::cancel what, effects& out) {
  if (attempt.cancel_out >= what || attempt.call_ref.empty()) return;
  attempt.cancel_out = what;
  attempt.canceled = true;
  const bool ringing_only = what == attempt_run::cancel::unanswered;
  out.questions.push_back(cancel_call{attempt.what.integration, attempt.what.attempt, attempt.call_ref, ringing_only});
}

// As far as we know: its callbacks may be late or lost.
bool organisation::queued_at_carrier(const attempt_run& attempt) const {
  return attempt.phase == carriers::call_phase::queued && carriers::queues_calls(accounts_[attempt.account].what.kind);
}

/// When ringing becomes unlawful where the number is; an instant gone by when it is already, or when nobody can tell.
utc_time organisation::window_closes(const attempt_run& attempt, instant now) const {
  const campaign_run& campaign = campaigns_[attempt.campaign];
  lane_run* lane = find_lane(campaign, attempt.what.lane);
  if (lane == nullptr) return {};
  refresh_window(campaign, *lane, now);
  return lane->window.open ? lane->window.closes_at.value_or(utc_time{}) : utc_time{};
}

// What the carrier holds queued is taken back when a change forbids it or its window closes.
// A call that has begun to ring comes to its own end, but to a number that opted out. Of one found after a take-over or
// a doubt that is asked first: somebody may be talking.
void organisation::cancel_if_vetoed(attempt_run& attempt, instant now, effects& out) {
  attempt.vetoed |= attempt.phase_known && queued_at_carrier(attempt) && window_closes(attempt, now) <= now.utc;
  if (!attempt.vetoed) return;
  if (opt_outs_.contains(attempt.what.to)) {
    cancel(attempt, attempt_run::cancel::any, out);
  } else if (!attempt.phase_known) {
    return;
  } else if (queued_at_carrier(attempt)) {
    cancel(attempt, attempt_run::cancel::unanswered, out);
  } else {
    release_hold(attempt);
  }
}

// --- doubt ----------------------------------------------------------------------------------------------------------

void organisation::end_doubt(attempt_run& attempt) {
  if (!attempt.in_doubt) return;
  attempt.in_doubt.reset();
  --doubts_;
}

void organisation::begin_doubt(attempt_run& attempt, instant now) {
  if (!attempt.in_doubt) ++doubts_;
  attempt.in_doubt = std::make_unique<doubt>();
  attempt.in_doubt->intent_at = attempt.what.decided_at;
  attempt.in_doubt->since = now.steady;
  if (const auto earlier = recent_refs_.find(attempt.what.to); earlier != recent_refs_.end()) {
    attempt.in_doubt->not_ours = earlier->second;
  }
  set_deadline(attempt, next_look_at(*attempt.in_doubt, options_.doubts));
}

void organisation::on_event(looked_up& what, instant now, effects& out) {
  attempt_run* attempt = find(what.attempt);
  if (attempt == nullptr) return;
  attempt->asked = false;
  if (!attempt->in_doubt) return;
  const intent& sent = attempt->what;
  note_clock(*attempt->in_doubt, what.page.carrier_time, options_.doubts, now.utc);
  const utc_time earliest = created_from(*attempt->in_doubt, options_.doubts);
  const carriers::lookup_query asked{sent.to, sent.from, earliest, {}};
  // One open attempt per number in the organisation makes (to, from, created) unambiguous, but for calls of attempts
  // that were closed a moment before this one was decided: those are known by their references.
  const auto matches = [&](const carriers::listed_call& call) {
    // The sender has taken out what carries another attempt's token; Telnyx's active calls say nothing but the token.
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

// --- time -----------------------------------------------------------------------------------------------------------

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
