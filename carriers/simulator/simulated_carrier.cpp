#include "carriers/simulator/simulated_carrier.hpp"

#include <algorithm>
#include <stdexcept>

namespace dialer::carriers::simulator {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view gateway_page =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n";
constexpr std::size_t huge_answer_bytes = 8 * 1024 * 1024;

call_end end_of(call_fate fate) noexcept {
  switch (fate) {
    case call_fate::human:
    case call_fate::voicemail:
      return call_end::completed;
    case call_fate::busy:
      return call_end::busy;
    case call_fate::no_answer:
    case call_fate::rejected:
      return call_end::no_answer;
    case call_fate::failed:
    case call_fate::invalid:
      break;
  }
  return call_end::failed;
}

}  // namespace

simulated_carrier::simulated_carrier(carrier_name carrier, carrier_setup setup, outputs& out)
    : carrier_{carrier},
      setup_{std::move(setup)},
      out_{out},
      dice_{setup_.rules, carrier, setup_.seed},
      calls_{setup_.reference_salt},
      desk_{carrier, setup_.rules, dice_, out,
            [this](const callback_draft& draft, int delivery, utc_time now, callback_post& post) {
              finish_callback(draft, delivery, now, post);
            }} {
  for (const auto& each : setup_.accounts) {
    for (const auto& other : accounts_) {
      if (other.id == each.id) throw std::invalid_argument("account " + each.id + " is given twice; give it once");
    }
    account_state state;
    state.id = each.id;
    state.secret = each.secret;
    state.limits = setup_.rules.limits_of(carrier, each.id);
    accounts_.push_back(std::move(state));
  }
}

simulated_carrier::~simulated_carrier() = default;

api_operation simulated_carrier::operation_of(endpoint where) noexcept {
  switch (where) {
    case endpoint::create_call:
      return api_operation::create;
    case endpoint::fetch_call:
      return api_operation::fetch;
    case endpoint::list_calls:
    case endpoint::list_events:
      return api_operation::list;
    case endpoint::change_call:
      return api_operation::change;
    case endpoint::read_account:
    case endpoint::read_balance:
      return api_operation::account;
    case endpoint::none:
      break;
  }
  return api_operation::unknown;
}

api_answer simulated_carrier::handle(const api_request& request, utc_time now) {
  advance(now);
  ++requests_;
  placed_ref_.clear();
  auto routed = route(request, now);
  const auto operation = operation_of(routed.where);
  std::uint64_t ordinal = requests_;
  if (routed.where == endpoint::create_call) {
    log_entry entry;
    entry.event = log_event::create_received;
    entry.at = now;
    entry.carrier = carrier_;
    entry.request = requests_;
    entry.account = routed.claimed_account;
    entry.to = routed.order.to;
    entry.from = routed.order.from;
    entry.token = routed.order.token;
    entry.command_id = routed.order.command_id;
    record(entry);
    ordinal = creates_to_[routed.order.to]++;
  }
  const auto faults = dice_.roll_request(operation, routed.order.to, ordinal);
  if (routed.account) ++accounts_[*routed.account].requests_in_flight;
  auto answer = answer_with_faults(routed, faults, now);
  answer.latency += milliseconds{faults.delay_ms};
  if (routed.account) {
    answer.account = static_cast<int>(*routed.account);
    answer.headers += answer_headers(*routed.account);
  }
  return answer;
}

api_answer simulated_carrier::answer_with_faults(routed_request& request, const request_faults& faults, utc_time now) {
  if (faults.before) return refuse_by_fault(request, *faults.before, now);
  if (request.account) {
    const auto& state = accounts_[*request.account];
    if (state.limits.requests_in_flight_max != 0 && state.requests_in_flight > state.limits.requests_in_flight_max) {
      return refuse_create(request, failure(429, now), "in_flight", now);
    }
  }
  auto answer = request.refusal ? refuse_create(request, std::move(*request.refusal), request.refusal_code, now)
                                : act(request, now);
  if (faults.after) spoil_answer(answer, request, *faults.after, now);
  return answer;
}

api_answer simulated_carrier::refuse_by_fault(const routed_request& request, const fault_rule& rule, utc_time now) {
  api_answer answer;
  switch (rule.kind) {
    case fault_kind::throttled_429:
      answer = failure(429, now);
      break;
    case fault_kind::unavailable_503:
      answer = failure(503, now);
      break;
    case fault_kind::unauthorized_401:
      answer = failure(401, now);
      break;
    case fault_kind::redirect_302:
      answer.status = 302;
      answer.headers = "Location: /elsewhere\r\n";
      break;
    case fault_kind::html_502_before:
      answer.status = 502;
      answer.content_type = "text/html";
      answer.body = gateway_page;
      break;
    case fault_kind::drop_before:
      answer.delivery = answer_delivery::dropped;
      break;
    case fault_kind::reset_before:
      answer.delivery = answer_delivery::reset;
      break;
    default:
      answer = failure(500, now);
      break;
  }
  if (rule.retry_after_s >= 0) answer.headers += "Retry-After: " + std::to_string(rule.retry_after_s) + "\r\n";
  if (answer.delivery == answer_delivery::whole) {
    return refuse_create(request, std::move(answer), fault_traits[static_cast<std::size_t>(rule.kind)].name, now);
  }
  log_entry entry;
  entry.event = log_event::answer_dropped;
  entry.at = now;
  entry.carrier = carrier_;
  entry.request = requests_;
  entry.reason = fault_traits[static_cast<std::size_t>(rule.kind)].name;
  record(entry);
  return answer;
}

void simulated_carrier::spoil_answer(api_answer& answer, const routed_request& request, const fault_rule& rule,
                                     utc_time now) {
  switch (rule.kind) {
    case fault_kind::error_500_after:
      answer = failure(500, now);
      break;
    case fault_kind::html_502_after:
      answer.status = 502;
      answer.content_type = "text/html";
      answer.body = gateway_page;
      break;
    case fault_kind::drop_after:
      answer.delivery = answer_delivery::dropped;
      break;
    case fault_kind::reset_after:
      answer.delivery = answer_delivery::reset;
      break;
    case fault_kind::partial_answer:
      answer.delivery = answer_delivery::partial;
      break;
    case fault_kind::bad_json:
      answer.body.resize(answer.body.size() / 2);
      break;
    case fault_kind::huge_answer:
      answer.body.append(huge_answer_bytes, ' ');
      break;
    default: {
      auto random = draws_for(setup_.seed, request.order.to, requests_);
      answer.delivery = answer_delivery::trickled;
      answer.trickle = milliseconds{draw(random, rule.delay)};
      break;
    }
  }
  log_entry entry;
  entry.event = log_event::answer_dropped;
  entry.at = now;
  entry.carrier = carrier_;
  entry.request = requests_;
  entry.ref = placed_ref_;
  entry.reason = fault_traits[static_cast<std::size_t>(rule.kind)].name;
  record(entry);
}

api_answer simulated_carrier::refuse_create(const routed_request& request, api_answer answer, std::string_view code,
                                            utc_time now) {
  if (request.where == endpoint::create_call) {
    log_entry entry;
    entry.event = log_event::create_refused;
    entry.at = now;
    entry.carrier = carrier_;
    entry.request = requests_;
    entry.account = request.claimed_account;
    entry.to = request.order.to;
    entry.status = answer.status;
    entry.code = code;
    record(entry);
  }
  return answer;
}

void simulated_carrier::record_lookup(log_event event, const routed_request& request, int status, std::int64_t count,
                                      utc_time now) {
  log_entry entry;
  entry.event = event;
  entry.at = now;
  entry.carrier = carrier_;
  entry.request = requests_;
  entry.account = request.claimed_account;
  entry.ref = request.ref;
  entry.to = request.order.to;
  entry.from = request.order.from;
  entry.status = status;
  entry.count = count;
  record(entry);
}

log_entry simulated_carrier::entry_for(const call_record& call, log_event event, utc_time now) const {
  log_entry entry;
  entry.event = event;
  entry.at = now;
  entry.carrier = carrier_;
  entry.ref = ref_text(call);
  return entry;
}

void simulated_carrier::answer_finished(int account_index) {
  if (account_index >= 0) --accounts_[static_cast<std::size_t>(account_index)].requests_in_flight;
}

void simulated_carrier::callback_done(std::uint64_t id, callback_result result, utc_time now) {
  desk_.done(id, result, now);
}

std::optional<utc_time> simulated_carrier::next_due() const {
  auto next = desk_.next_due();
  if (!timeline_.empty() && (!next || timeline_.top().at < *next)) next = timeline_.top().at;
  return next;
}

void simulated_carrier::advance(utc_time now) {
  for (;;) {
    const auto desk_due = desk_.next_due();
    const bool desk_first = desk_due && (timeline_.empty() || *desk_due <= timeline_.top().at);
    if (desk_first && *desk_due <= now) {
      desk_.advance(*desk_due);
    } else if (!timeline_.empty() && timeline_.top().at <= now) {
      const auto item = timeline_.top();
      timeline_.pop();
      run(item);
    } else {
      return;
    }
  }
}

void simulated_carrier::schedule(utc_time at, step what, std::size_t subject) {
  timeline_.push({at, ++scheduled_, what, subject});
}

void simulated_carrier::run(const due& item) {
  if (item.what == step::slot) {
    run_slot(item.subject, item.at);
    return;
  }
  auto& call = calls_.at(item.subject);
  switch (item.what) {
    case step::ring:
      ring(call, item.at);
      break;
    case step::answer:
      answer(call, item.at);
      break;
    case step::verdict:
      verdict(call, item.at);
      break;
    default:
      finish(call, end_of(call.plan.fate), call.plan.sip, item.at);
      break;
  }
}

std::chrono::microseconds simulated_carrier::expected_wait(const account_state& state, utc_time now) const {
  if (state.limits.calls_per_second <= 0) return std::chrono::microseconds{0};
  const auto interval = 1'000'000.0 / state.limits.calls_per_second;
  const auto first = std::max(state.next_start, now) - now;
  return first + std::chrono::microseconds{static_cast<std::int64_t>(interval * static_cast<double>(state.waiting))};
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
      state.next_start =
          now + std::chrono::microseconds{static_cast<std::int64_t>(1'000'000.0 / state.limits.calls_per_second)};
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
    state.next_start =
        now + std::chrono::microseconds{static_cast<std::int64_t>(1'000'000.0 / state.limits.calls_per_second)};
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
  announce(call, call_event::answered, now);
  if (call.order.machine_detection != detection::off) {
    schedule(now + milliseconds{call.plan.verdict}, step::verdict, call.index);
  }
  schedule(now + milliseconds{std::min(call.plan.talk, call.order.time_limit_s * 1000)}, step::finish, call.index);
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

void simulated_carrier::finish(call_record& call, call_end end, int sip, utc_time now) {
  if (call.phase == call_phase::ended) return;
  const bool was_queued = call.phase == call_phase::queued;
  auto& state = accounts_[call.account];
  auto entry = entry_for(call, end == call_end::canceled ? log_event::canceled : log_event::ended, now);
  entry.outcome = call_end_names[static_cast<std::size_t>(end)];
  entry.sip = sip;
  if (end == call_end::canceled) entry.reason = was_queued ? "queued" : "ringing";
  if (call.was_answered()) entry.answered_by = call.plan.fate == call_fate::voicemail ? "machine" : "human";
  record(entry);

  call.phase = call_phase::ended;
  call.end = end;
  call.sip = sip;
  call.ended = call.updated = now;
  state.live.erase(call.index);
  if (was_queued) {
    --state.waiting;  // and no callback at all (carriers.md 4.2)
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
