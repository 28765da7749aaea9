// Calls to Telnyx's numbers: their connection's webhook URL is told, and commands say what becomes of them.

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/telnyx_api.hpp"

namespace dialer::carriers::simulator {

std::string telnyx_api::inbound_ref(std::uint64_t high, std::uint64_t low) const {
  std::string out = "v3:";
  append_hex(out, high);
  append_hex(out, low);
  return out;
}

void telnyx_api::ask_about(inbound_call& call, utc_time now) {
  const auto connection = shelf().find(call.to)->setting("connection_id");
  const auto& urls = setup().rules.telnyx.voice_urls;
  if (const auto found = urls.find(connection); found != urls.end()) call.url = found->second;
  if (call.url.empty()) {
    instruct(call, "the number's connection has no webhook URL", now);
    end_inbound(call, "failed", now);
    return;
  }
  announce_inbound(call, call.ref, "call.initiated", {},
                   {{"direction", "incoming"}, {"state", "parked"}, {"from", call.from}, {"to", call.to}}, now);
}

void telnyx_api::announce_inbound(inbound_call& call, std::string_view leg, std::string_view name,
                                  std::string_view client_state,
                                  const std::vector<std::pair<std::string_view, std::string>>& more, utc_time now) {
  callback_draft draft;
  draft.ref = call.ref;
  draft.to = call.to;
  draft.event = name == "call.hangup" ? call_event::ended : call_event::initiated;
  draft.sequence = call.sequence++;
  draft.target.url = call.url;
  draft.target.attempts_max = setup().rules.callback_attempts_max;
  draft.target.retry_no_answer = draft.target.retry_5xx = draft.target.retry_408_429 = true;
  draft.content_type = "application/json";
  draft.headers = "User-Agent: telnyx-webhooks\r\n";
  json_writer json{draft.body};
  json.open_object().key("data").open_object().field("record_type", "event").field("event_type", name);
  json.field("id", call.ref.substr(3) + "-" + std::to_string(draft.sequence));
  json.field("occurred_at", rfc3339(now)).key("payload").open_object().field("call_control_id", leg);
  json.field("connection_id", account(call.account).id);
  if (client_state.empty()) {
    json.null_field("client_state");
  } else {
    json.field("client_state", client_state);
  }
  for (const auto& [key, value] : more) json.field(key, value);
  json.close_object().close_object();
  desk().submit(std::move(draft), now);
}

api_answer telnyx_api::command_inbound(inbound_call& call, const routed_request& request, utc_time now) {
  const auto& told = request.form;
  if (call.over) return telnyx_call_over();
  const std::string& action = request.action;
  const bool before_answer = action == "answer" || action == "reject";
  const bool after_answer = action == "speak" || action == "record_start";
  if ((before_answer && call.answered) || (after_answer && !call.answered)) {
    return telnyx_error(422, "90034", "Call not in the right state", "The call does not take this command now.");
  }
  if (is_repeated(request)) return telnyx_done();
  if (action == "transfer" && told.get("to").empty()) return telnyx_no_destination();
  std::string what = action;
  for (const std::string_view key : {"cause", "to", "payload", "webhook_url"}) {
    if (const auto value = told.get(key); !value.empty()) what.append(" ").append(value);
  }
  instruct(call, what, now);
  const auto client_state = told.get("client_state");
  if (action == "answer") {
    if (const auto agent = told.get("webhook_url"); !agent.empty()) {
      hand_over(call, agent, now);  // what the agent does then is its own affair
      end_inbound(call, "completed", now);
    } else {
      call.answered = true;
      announce_inbound(call, call.ref, "call.answered", client_state, {{"from", call.from}, {"to", call.to}}, now);
    }
  } else if (action == "reject") {
    end_inbound(call, told.get("cause") == "USER_BUSY" ? "busy" : "rejected", now);
  } else if (action == "hangup") {
    end_inbound(call, "completed", now);
  } else if (action == "speak") {
    announce_inbound(call, call.ref, "call.speak.ended", client_state, {{"status", "completed"}}, now);
  } else if (action == "record_start") {
    announce_inbound(call, call.ref, "call.recording.saved", client_state, {{"recording_id", call.ref}}, now);
  } else if (action == "transfer") {
    agent_leg leg;
    leg.inbound = call.ref;
    leg.ref = call.ref + "-" + std::to_string(legs_.size());
    open_leg(std::move(leg), request, now);
  }
  return telnyx_done();
}

}  // namespace dialer::carriers::simulator
