// A call from its creation through the queue, the ringing and the talk to its end.

#include <algorithm>

#include "carriers/simulator/simulated_carrier.hpp"

namespace dialer::carriers::simulator {

namespace {

using std::chrono::milliseconds;

/// Between two starts of one account. REQUIRES: it has a call rate.
std::chrono::microseconds start_interval(const account_limits& limits) noexcept {
  return std::chrono::microseconds{static_cast<std::int64_t>(1'000'000.0 / limits.calls_per_second)};
}

call_end end_of(call_fate fate) noexcept {
  switch (fate) {
    case call_fate::human:
    case call_fate::voicemail: return call_end::completed;
    case call_fate::busy: return call_end::busy;
    case call_fate::no_answer:
    case call_fate::rejected: return call_end::no_answer;
    case call_fate::failed:
    case call_fate::invalid: break;
  }
  return call_end::failed;
}

}  // namespace

std::chrono::microseconds simulated_carrier::expected_wait(const account_state& state, utc_time now) const {
  if (state.limits.calls_per_second <= 0) return std::chrono::microseconds{0};
  const auto first = std::max(state.next_start, now) - now;
  return first + start_interval(state.limits) * state.waiting;
}

call_record& simulated_carrier::place_call(std::size_t account_index, create_order order, bool paced, utc_time now) {
  auto& state = accounts_[account_index];
  const auto wait = paced ? expected_wait(state, now) : std::chrono::microseconds{0};
  auto& call = calls_.add(account_index, std::move(order));
  call.plan = plan_call(setup_.rules, setup_.seed, call.order.to, call.ordinal);
  auto lags = draws_for(setup_.seed ^ 0x1A6, call.order.to, call.ordinal);
  const auto& section = setup_.rules.of(carrier_);
  call.created = call.updated = now;
  call.listed_from = now + milliseconds{draw(lags, section.listing_lag)};
  call.fetched_from = now + milliseconds{draw(lags, section.fetch_lag)};
  call.queue_ms = std::chrono::duration_cast<milliseconds>(wait).count();
  state.live.insert(call.index);
  state.calls.push_back(call.index);
  placed_ref_ = ref_text(call);

  auto entry = entry_for(call, log_event::call_created, now);
  entry.request = requests_;
  entry.account = state.id;
  entry.to = call.order.to;
  entry.from = call.order.from;
  entry.token = std::move(call.order.token);
  record(entry);

  if (wait.count() == 0) {
    if (paced && state.limits.calls_per_second > 0) {
      state.next_start = now + start_interval(state.limits);
    }
    start(call, now);
    return call;
  }
  state.queue.push_back(call.index);
  ++state.waiting;
  auto waiting = entry_for(call, log_event::queued, now);
  waiting.queue_ms = call.queue_ms;
  record(waiting);
  if (!state.slot_scheduled) {
    state.slot_scheduled = true;
    schedule(state.next_start, step::slot, account_index);
  }
  return call;
}

void simulated_carrier::run_slot(std::size_t account_index, utc_time now) {
  auto& state = accounts_[account_index];
  state.slot_scheduled = false;
  while (!state.queue.empty()) {
    auto& call = calls_.at(state.queue.front());
    state.queue.pop_front();
    if (call.phase != call_phase::queued) continue;  // canceled meanwhile: its place is the next one's
    --state.waiting;
    state.next_start = now + start_interval(state.limits);
    start(call, now);
    break;
  }
  if (state.waiting > 0) {
    state.slot_scheduled = true;
    schedule(state.next_start, step::slot, account_index);
  }
}

void simulated_carrier::start(call_record& call, utc_time now) {
  call.phase = call_phase::initiated;
  call.started = call.updated = now;
  auto entry = entry_for(call, log_event::started, now);
  entry.to = call.order.to;
  record(entry);
  announce(call, call_event::initiated, now);
  const auto fate = call.plan.fate;
  const bool rings = fate != call_fate::failed && fate != call_fate::invalid && fate != call_fate::busy;
  schedule(now + milliseconds{call.plan.post_dial}, rings ? step::ring : step::finish, call.index);
}

void simulated_carrier::ring(call_record& call, utc_time now) {
  if (call.phase != call_phase::initiated) return;
  call.phase = call_phase::ringing;
  call.updated = now;
  record(entry_for(call, log_event::ringing, now));
  announce(call, call_event::ringing, now);
  const auto timeout = call.order.ring_timeout_s * 1000;
  if (call.plan.ring >= timeout) {  // nobody was quick enough
    call.plan.fate = call_fate::no_answer;
    call.plan.sip = 487;
    call.plan.ring = timeout;
  }
  const bool picked_up = call.plan.fate == call_fate::human || call.plan.fate == call_fate::voicemail;
  schedule(now + milliseconds{call.plan.ring}, picked_up ? step::answer : step::finish, call.index);
}

void simulated_carrier::answer(call_record& call, utc_time now) {
  if (call.phase != call_phase::ringing) return;
  call.phase = call_phase::in_progress;
  call.answered = call.updated = now;
  auto entry = entry_for(call, log_event::answered, now);
  entry.answered_by = call.plan.fate == call_fate::voicemail ? "machine" : "human";
  record(entry);
  if (call.order.callbacks && !call.order.callbacks->agent.empty()) hand_over(call, call.order.callbacks->agent, now);
  announce(call, call_event::answered, now);
  if (call.order.machine_detection != detection::off) {
    schedule(now + milliseconds{call.plan.verdict}, step::verdict, call.index);
  }
  schedule(now + milliseconds{std::min(call.plan.talk, call.order.time_limit_s * 1000)}, step::finish, call.index);
}

void simulated_carrier::hand_over(call_record& call, std::string_view agent, utc_time now) {
  call.handed_over = true;
  auto entry = entry_for(call, log_event::handed_over, now);
  entry.reason = agent;
  record(entry);
}

void simulated_carrier::verdict(call_record& call, utc_time now) {
  if (call.phase != call_phase::in_progress) return;
  call.verdict_known = true;
  call.updated = now;
  auto entry = entry_for(call, log_event::verdict, now);
  entry.answered_by = call.plan.fate == call_fate::voicemail ? "machine" : "human";
  record(entry);
  announce(call, call_event::verdict, now);
}

void simulated_carrier::finish_as_planned(call_record& call, utc_time now) {
  finish(call, end_of(call.plan.fate), call.plan.sip, now);
}

void simulated_carrier::finish(call_record& call, call_end end, int sip, utc_time now) {
  if (call.phase == call_phase::ended) return;
  const bool was_queued = call.phase == call_phase::queued;
  auto& state = accounts_[call.account];
  auto entry = entry_for(call, end == call_end::canceled ? log_event::canceled : log_event::ended, now);
  entry.outcome = call_end_names[static_cast<std::size_t>(end)];
  entry.sip = sip;
  if (end == call_end::canceled) entry.reason = was_queued ? "queued" : "ringing";
  if (call.was_answered() && !call.handed_over) entry.reason = "silence";
  if (call.was_answered()) entry.answered_by = call.plan.fate == call_fate::voicemail ? "machine" : "human";
  record(entry);

  call.phase = call_phase::ended;
  call.end = end;
  call.sip = sip;
  call.ended = call.updated = now;
  state.live.erase(call.index);
  if (was_queued) {
    --state.waiting;  // and no callback at all
  } else {
    announce(call, call_event::ended, now);
  }
  call.order.callbacks.reset();
}

void simulated_carrier::end_by_customer(call_record& call, utc_time now) {
  call.ended_by_customer = true;
  if (call.phase == call_phase::in_progress) {
    finish(call, call_end::completed, 200, now);
  } else {
    finish(call, call_end::canceled, call.phase == call_phase::queued ? 0 : 487, now);
  }
}

}  // namespace dialer::carriers::simulator
