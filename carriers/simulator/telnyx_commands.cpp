// What Telnyx's calls are told to do once they are up, and the legs that this opens; and the agents' applications,
// which live here because only the carrier knows which calls there are.

#include <algorithm>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/telnyx_api.hpp"

namespace dialer::carriers::simulator {

namespace {

struct leg_end {
  std::string_view cause;
  int sip;
};

leg_end end_of(call_fate fate) noexcept {
  switch (fate) {
    case call_fate::busy: return {"user_busy", 486};
    case call_fate::no_answer: return {"timeout", 487};
    case call_fate::rejected: return {"call_rejected", 603};
    case call_fate::invalid: return {"not_found", 404};
    case call_fate::human:
    case call_fate::voicemail:
    case call_fate::failed: break;
  }
  return {"unspecified", 503};
}

}  // namespace

api_answer telnyx_api::answer_as_agent(const routed_request& request, utc_time now) {
  api_answer answer;
  answer.status = setup().rules.agent_status;
  answer.body = "{}";
  std::uint64_t high = 0, low = 0;
  const bool named = request.ref.starts_with("v3:") && parse_hex128(std::string_view{request.ref}.substr(3), high, low);
  auto* call = named ? calls().find(high, low) : nullptr;
  const bool taken = answer.status < 300 && request.form.get("event_type") == "call.answered";
  if (taken && call && call->phase == call_phase::in_progress) hand_over(*call, request.action, now);
  return answer;
}

bool telnyx_api::is_repeated(const routed_request& request) {
  const auto id = request.form.get("command_id");
  return !id.empty() && !call_commands_.insert(request.ref + '\n' + std::string(id)).second;
}

api_answer telnyx_api::command(const routed_request& request, utc_time now) {
  auto* call = find_call(request);
  api_answer answer;
  if (auto* inbound = find_inbound(request.ref)) {
    answer = command_inbound(*inbound, request, now);
  } else if (!call) {
    answer = telnyx_unknown_call();
  } else if (call->phase == call_phase::ended) {
    answer = telnyx_call_over();
  } else if (call->phase != call_phase::in_progress) {
    answer = telnyx_error(422, "90034", "Call not answered yet", "This command needs a call that was answered.");
  } else if (is_repeated(request)) {
    answer = telnyx_done();
  } else {
    answer = request.action == "transfer" ? transfer(*call, request, now) : telnyx_done();
  }
  auto entry = entry_for(request, log_event::commanded, now);
  entry.ref = request.ref;
  entry.to = request.form.get("to");
  entry.reason = request.action;
  entry.status = answer.status;
  record(entry);
  return answer;
}

api_answer telnyx_api::transfer(call_record& call, const routed_request& request, utc_time now) {
  if (request.form.get("to").empty()) return telnyx_no_destination();
  agent_leg leg;
  leg.call = call.index;
  leg.ref = "v3:";
  append_hex(leg.ref, ~call.ref_high + legs_.size());
  append_hex(leg.ref, call.ref_low);
  open_leg(std::move(leg), request, now);
  return telnyx_done();
}

void telnyx_api::open_leg(agent_leg leg, const routed_request& request, utc_time now) {
  leg.to = request.form.get("to");
  leg.client_state = request.form.get("target_leg_client_state");
  leg.plan = plan_leg(leg.to, parse_number(request.form.get("timeout_secs")).value_or(30), legs_.size());
  announce_leg(leg, call_event::initiated, {}, 0, now);
  schedule_leg(now + std::chrono::milliseconds{leg.plan.ring}, legs_.size());
  legs_.push_back(std::move(leg));
}

void telnyx_api::settle_leg(std::size_t index, utc_time now) {
  auto& leg = legs_[index];
  if (leg.over) return;
  if (leg.plan.fate != call_fate::human && leg.plan.fate != call_fate::voicemail) {
    const auto [cause, sip] = end_of(leg.plan.fate);
    end_leg(leg, cause, sip, now);
    return;
  }
  leg.answered = true;
  announce_leg(leg, call_event::answered, {}, 0, now);
  if (auto* inbound = find_inbound(leg.inbound)) {
    hand_over(*inbound, leg.to, now);
    end_leg(leg, "normal_clearing", 200, now);
    end_inbound(*inbound, "completed", now);
  } else {
    hand_over(calls().at(leg.call), leg.to, now);
  }
}

void telnyx_api::end_leg(agent_leg& leg, std::string_view cause, int sip, utc_time now) {
  leg.over = true;
  const auto* inbound = find_inbound(leg.inbound);
  auto entry = inbound ? entry_for(*inbound, log_event::leg_ended, now)
                       : entry_for(calls().at(leg.call), log_event::leg_ended, now);
  entry.to = leg.to;
  entry.outcome = leg.answered ? "completed" : "no-answer";
  entry.reason = cause;
  entry.sip = sip;
  record(entry);
  announce_leg(leg, call_event::ended, cause, sip, now);
}

/// Bridged legs end together; one that still rings is given up.
void telnyx_api::end_legs_of(const call_record& call, utc_time now) {
  for (auto& leg : legs_) {
    if (!leg.inbound.empty() || leg.call != call.index || leg.over) continue;
    leg.answered ? end_leg(leg, "normal_clearing", 200, now) : end_leg(leg, "originator_cancel", 487, now);
  }
}

void telnyx_api::announce_leg(const agent_leg& leg, call_event event, std::string_view cause, int sip, utc_time now) {
  const std::string_view name = event == call_event::initiated  ? "call.initiated"
                                : event == call_event::answered ? "call.answered"
                                                                : "call.hangup";
  if (auto* inbound = find_inbound(leg.inbound)) {
    std::vector<std::pair<std::string_view, std::string>> more{{"from", inbound->to}, {"to", leg.to}};
    if (event == call_event::ended) {
      more.insert(more.end(), {{"hangup_cause", std::string(cause)}, {"sip_hangup_cause", std::to_string(sip)}});
    }
    return announce_inbound(*inbound, leg.ref, name, leg.client_state, more, now);
  }
  auto& call = calls().at(leg.call);
  if (!call.order.callbacks) return;
  callback_draft draft = draft_for(call, event, name);
  if (draft.target.url.empty()) return;
  json_writer json{draft.body};
  json.open_object().key("data").open_object().field("record_type", "event").field("event_type", name);
  json.field("id", uuid_text(~call.ref_high + static_cast<std::uint64_t>(draft.sequence) + 1, call.ref_low));
  json.field("occurred_at", rfc3339(now)).key("payload").open_object().field("call_control_id", leg.ref);
  json.field("connection_id", account(call.account).id).field("client_state", leg.client_state);
  json.field("from", call.order.to).field("to", leg.to);
  if (event == call_event::initiated) json.field("direction", "outgoing").field("state", "bridging");
  if (event == call_event::ended) {
    json.field("hangup_cause", cause).field("hangup_source", "unknown").field("sip_hangup_cause", std::to_string(sip));
  }
  json.close_object().close_object();
  desk().submit(std::move(draft), now);
}

}  // namespace dialer::carriers::simulator
