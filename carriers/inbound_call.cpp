#include "carriers/inbound_call.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "carriers/agent_address.hpp"
#include "carriers/base64.hpp"
#include "carriers/form.hpp"
#include "carriers/hand_over.hpp"
#include "carriers/json_reading.hpp"
#include "carriers/telnyx_events.hpp"
#include "carriers/twilio_sid.hpp"
#include "carriers/twiml.hpp"

namespace dialer::carriers {
namespace {

namespace json = boost::json;

/// Tells our own events from those of outbound calls, whose client_state is an attempt token.
constexpr std::string_view state_mark = "inbound:";

std::string client_state_of(std::string_view call_ref) {
  std::string state{state_mark};
  state += call_ref;
  std::string coded;
  append_base64(state, base64_kind::standard, coded);
  return coded;
}

/// The caller's leg that a client_state of ours names; empty when it is none.
std::string call_ref_of_client_state(std::string_view client_state) {
  const auto state = decode_base64(client_state, base64_kind::standard);
  if (!state || !state->starts_with(state_mark)) return {};
  std::string call_ref = state->substr(state_mark.size());
  return is_call_control_id(call_ref) ? call_ref : std::string{};
}

/// Of the leg to a SIP agent. Its own `to` is that agent.
constexpr std::string_view leg_mark = "inbound-agent:";
constexpr std::array<std::string_view, 3> rung_names{"", "first", "fallback"};

std::string client_state_of_leg(const inbound_event& event, rung_agent who) {
  std::string coded;
  append_base64(std::string{leg_mark} + std::string{rung_names[static_cast<std::size_t>(who)]} + " " + event.to.text() +
                    " " + event.call_ref,
                base64_kind::standard, coded);
  return coded;
}

rung_agent rung_of(std::string_view name) {
  const auto* found = std::ranges::find(rung_names, name);
  return found == rung_names.end() ? rung_agent::none : static_cast<rung_agent>(found - rung_names.begin());
}

/// Fills in whose caller waits. False: it is not the state of such a leg.
bool read_leg(std::string_view client_state, inbound_event& event) {
  const auto state = decode_base64(client_state, base64_kind::standard);
  if (!state || !state->starts_with(leg_mark)) return false;
  const std::string_view rest = std::string_view{*state}.substr(leg_mark.size());
  const std::size_t number = rest.find(' ');
  const std::size_t call = number == std::string_view::npos ? number : rest.find(' ', number + 1);
  if (call == std::string_view::npos) return false;
  event.rung = rung_of(rest.substr(0, number));
  event.to = e164::parse(rest.substr(number + 1, call - number - 1)).value_or(e164{});
  event.call_ref = rest.substr(call + 1);
  return event.rung != rung_agent::none && is_call_control_id(event.call_ref);
}

std::optional<inbound_step> telnyx_step(std::string_view type, simdjson::dom::object payload, bool callers_leg) {
  if (type == "call.answered" && callers_leg) return inbound_step::answered;
  if (type == "call.speak.ended" && json_text(payload, "status") == "completed") return inbound_step::spoken;
  if (type == "call.recording.saved") return inbound_step::over;
  return std::nullopt;
}

telnyx_command command(const inbound_event& event, std::string_view action, json::object body,
                       std::string_view id_suffix = {}) {
  // Telnyx ignores a command whose id it has seen on the call: one that is sent again is done once.
  body["command_id"] = event.event_key + std::string{id_suffix};
  return {event.call_ref, std::string{action}, json::serialize(body)};
}

/// Also when somebody else was rung first: the caller's call has not been answered.
telnyx_command command_when_ringing(const inbound_event& event, const inbound_answer& answer) {
  switch (answer.how) {
    case inbound_answer::kind::agent:
      if (!is_sip_address(answer.text)) {
        return command(event, "answer", {{"webhook_url", answer.text}, {"webhook_url_method", "POST"}});
      }
      // Rings for the caller until the agent answers. Shows our number, as Telnyx does unless told otherwise: it may
      // not let us show one that the account does not hold.
      return command(event, "transfer",
                     {{"to", answer.text},
                      {"timeout_secs", sip_ring_timeout_s},
                      {"target_leg_client_state", client_state_of_leg(event, answer.who)}});
    case inbound_answer::kind::voicemail:
      return command(event, "answer", {{"client_state", client_state_of(event.call_ref)}});
    case inbound_answer::kind::not_in_service: return command(event, "reject", {{"cause", "CALL_REJECTED"}});
    case inbound_answer::kind::busy: break;
  }
  return command(event, "reject", {{"cause", "USER_BUSY"}});
}

}  // namespace

std::optional<inbound_event> decode_twilio_inbound(const callback_request& request) {
  const std::vector<form_field> fields = parse_form(request.body);
  const std::string_view sid = form_value(fields, "CallSid");
  if (!is_call_sid(sid) || form_value(fields, "Direction") != "inbound") return std::nullopt;
  inbound_event event;
  event.call_ref = sid;
  event.event_key = sid;
  event.to = e164::parse(form_value(fields, "To")).value_or(e164{});
  event.from = e164::parse(form_value(fields, "From")).value_or(e164{});
  const std::string_view status = form_value(fields, "CallStatus");
  // The end of a recording, and of a connection, is told at the URL of the document that asked for it.
  const bool is_up = status == "ringing" || status == "in-progress";
  const std::string_view dialed = form_value(fields, "DialCallStatus");
  if (!dialed.empty()) {
    const std::vector<form_field> query = parse_form(query_of(request.url));
    const rung_agent rung = rung_of(form_value(query, "rang"));
    const bool missed = is_up && dialed != "completed" && dialed != "answered" && rung != rung_agent::none;
    event.step = missed ? inbound_step::unreached : inbound_step::over;
    if (missed) {
      event.rung = rung;
      event.event_key += "/" + std::string{rung_names[static_cast<std::size_t>(rung)]};
    }
  } else if (!form_value(fields, "RecordingUrl").empty()) {
    event.step = inbound_step::over;
  } else if (!is_up) {
    return std::nullopt;
  }
  return event;
}

std::optional<inbound_event> decode_telnyx_inbound(const callback_request& request) {
  const auto body = json_body(request.body);
  const auto data = body ? json_object(*body, "data") : std::nullopt;
  const auto payload = data ? json_object(*data, "payload") : std::nullopt;
  if (!payload) return std::nullopt;
  const std::string_view type = json_text(*data, "event_type");
  const std::string_view leg = json_text(*payload, "call_control_id");
  inbound_event event;
  event.event_key = json_text(*data, "id");
  if (!is_call_control_id(event.event_key)) return std::nullopt;
  event.to = e164::parse(json_text(*payload, "to")).value_or(e164{});
  event.from = e164::parse(json_text(*payload, "from")).value_or(e164{});
  if (type == "call.initiated") {
    if (json_text(*payload, "direction") != "incoming" || !is_call_control_id(leg)) return std::nullopt;
    event.call_ref = leg;
    return event;
  }
  const std::string_view client_state = json_text(*payload, "client_state");
  if (read_leg(client_state, event)) {
    const bool missed = type == "call.hangup" && leg_came_to_nothing(json_text(*payload, "hangup_cause"),
                                                                     json_text(*payload, "sip_hangup_cause"));
    if (!missed) return std::nullopt;
    event.step = inbound_step::unreached;
    return event;
  }
  event.call_ref = call_ref_of_client_state(client_state);
  const auto step = telnyx_step(type, *payload, leg == event.call_ref);
  if (event.call_ref.empty() || !step) return std::nullopt;
  event.step = *step;
  return event;
}

std::string twilio_document(const inbound_event& event, const inbound_answer& answer) {
  const bool rings = event.step == inbound_step::ringing;
  if (!rings && event.step != inbound_step::unreached) return twiml_hang_up();
  switch (answer.how) {
    case inbound_answer::kind::agent:
      if (!is_sip_address(answer.text)) return twiml_redirect(answer.text);
      return twiml_dial_sip(answer.text, "voice?rang=" + std::string{rung_names[static_cast<std::size_t>(answer.who)]});
    case inbound_answer::kind::voicemail: return twiml_voicemail(answer.text, voicemail_max_s);
    // Only a call that nobody was rung for can be rejected.
    case inbound_answer::kind::not_in_service: return rings ? twiml_not_in_service() : twiml_hang_up();
    case inbound_answer::kind::busy: break;
  }
  return rings ? twiml_busy() : twiml_hang_up();
}

telnyx_command command_for(const inbound_event& event, const inbound_answer& answer) {
  const std::string state = client_state_of(event.call_ref);
  switch (event.step) {
    case inbound_step::ringing:
    case inbound_step::unreached: return command_when_ringing(event, answer);
    case inbound_step::answered:
      return command(event, "speak",
                     {{"payload", answer.text}, {"voice", "female"}, {"language", "en-US"}, {"client_state", state}});
    case inbound_step::spoken:
      return command(event, "record_start",
                     {{"format", "mp3"},
                      {"channels", "single"},
                      {"play_beep", true},
                      {"max_length", voicemail_max_s},
                      {"client_state", state}});
    case inbound_step::over: break;
  }
  return command(event, "hangup", {});
}

telnyx_command closing_command(const inbound_event& event) {
  constexpr std::string_view suffix = "-end";
  const bool is_answered = event.step != inbound_step::ringing && event.step != inbound_step::unreached;
  return is_answered ? command(event, "hangup", {}, suffix)
                     : command(event, "reject", {{"cause", "USER_BUSY"}}, suffix);
}

}  // namespace dialer::carriers
