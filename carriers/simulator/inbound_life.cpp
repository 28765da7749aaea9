// Calls to numbers that the accounts hold: what both dialects share.

#include <algorithm>

#include "carriers/simulator/simulated_carrier.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

bool simulated_carrier::route_ring(const api_request& request, routed_request& routed) const {
  if (request.method != "POST" || request.target != "/simulator/ring") return false;
  routed.where = endpoint::ring_number;
  routed.form = form_fields::parse(request.body);
  return true;
}

api_answer simulated_carrier::ring_number(const routed_request& request, utc_time now) {
  api_answer answer;
  answer.content_type = "text/plain";
  const std::string to{request.form.get("to")};
  const std::string from{request.form.get("from")};
  const held_number* held = shelf_.find(to);
  if (!held || !e164::parse(from)) {
    answer.status = 422;
    answer.body = held ? "from is no number in E.164\n" : "to is a number that no account holds\n";
    return answer;
  }
  inbound_call& call = inbound_.emplace_back();
  const auto high = inbound_refs_(), low = inbound_refs_();
  call.ref = inbound_ref(high, low);
  call.account = held->account;
  call.to = to;
  call.from = from;
  auto entry = entry_for(call, log_event::number_rung, now);
  entry.to = to;
  entry.from = from;
  record(entry);
  ask_about(call, now);
  answer.body = call.ref + "\n";
  return answer;
}

simulated_carrier::inbound_call* simulated_carrier::find_inbound(std::string_view ref) {
  const auto found = std::ranges::find(inbound_, ref, &inbound_call::ref);
  return found == inbound_.end() ? nullptr : &*found;
}

log_entry simulated_carrier::entry_for(const inbound_call& call, log_event event, utc_time now) const {
  log_entry entry;
  entry.event = event;
  entry.at = now;
  entry.carrier = carrier_;
  entry.account = accounts_[call.account].id;
  entry.ref = call.ref;
  return entry;
}

void simulated_carrier::instruct(const inbound_call& call, std::string what, utc_time now) {
  auto entry = entry_for(call, log_event::instructed, now);
  entry.reason = std::move(what);
  record(entry);
}

void simulated_carrier::hand_over(inbound_call& call, std::string_view agent, utc_time now) {
  call.answered = true;
  auto entry = entry_for(call, log_event::handed_over, now);
  entry.reason = agent;
  record(entry);
}

void simulated_carrier::end_inbound(inbound_call& call, std::string_view outcome, utc_time now) {
  if (call.over) return;
  call.over = true;
  auto entry = entry_for(call, log_event::inbound_ended, now);
  entry.outcome = outcome;
  record(entry);
}

call_plan simulated_carrier::plan_leg(const std::string& to, std::int64_t timeout_s, std::uint64_t ordinal) const {
  call_plan plan = plan_call(setup_.rules, setup_.seed, to, ordinal);
  // The shares of fates are those of people.
  const auto script = setup_.rules.destinations.find(to);
  if (script == setup_.rules.destinations.end() || !script->second.fate) plan.fate = call_fate::human;
  if (plan.ring >= timeout_s * 1000) {
    plan.fate = call_fate::no_answer;
    plan.ring = timeout_s * 1000;
  }
  return plan;
}

}  // namespace dialer::carriers::simulator
