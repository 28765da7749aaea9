// Callbacks to reports. Called after the signature was verified, yet nothing here trusts a
// byte.

#include <algorithm>
#include <charconv>

#include "carriers/codec.hpp"
#include "carriers/dispositions.hpp"
#include "carriers/form.hpp"
#include "carriers/hand_over.hpp"
#include "carriers/json_reading.hpp"
#include "carriers/telnyx_events.hpp"
#include "carriers/timestamps.hpp"
#include "carriers/twilio_sid.hpp"

namespace dialer::carriers {
namespace {

std::optional<int> small_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// Event keys are stored: short, visible, and without the separator.
bool fit_for_key(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

std::vector<form_field> twilio_fields(const callback_request& request) {
  return parse_form(request.method == "GET" ? query_of(request.url) : request.body);
}

/// The asynchronous verdict: no CallStatus, and the call has been answered, or nobody would have been listened to.
std::optional<callback> machine_verdict(const std::vector<form_field>& fields, callback event) {
  const std::string_view answered_by = form_value(fields, "AnsweredBy");
  if (!fit_for_key(answered_by)) return std::nullopt;
  event.report.phase = call_phase::answered;
  event.report.machine = twilio_answered_by_machine(answered_by);
  event.event_key = event.report.call_ref + ":amd:" + std::string{answered_by};
  return event;
}

void read_end(const std::vector<form_field>& fields, std::string_view status, call_report& report) {
  report.sip_code = parse_sip_code(form_value(fields, "SipResponseCode"));
  const int error_code = small_number(form_value(fields, "ErrorCode")).value_or(0);
  const call_end end = twilio_call_end(status, report.sip_code, error_code);
  report.if_answered = end.if_answered;
  report.if_unanswered = end.if_unanswered;
  report.caller_id_signal = end.caller_id_signal;
  report.circuit = end.circuit;
  report.react = end.react;
  if (const auto seconds = small_number(form_value(fields, "CallDuration"))) {
    report.duration = std::chrono::seconds{*seconds};
  }
}

/// The leg to a SIP agent says something about the call only when it comes to nothing.
std::optional<callback> end_of_agent_leg(std::string_view type, simdjson::dom::object payload, agent_leg& leg,
                                         callback event) {
  const bool missed = type == "call.hangup" &&
                      leg_came_to_nothing(json_text(payload, "hangup_cause"), json_text(payload, "sip_hangup_cause"));
  if (!missed) return std::nullopt;
  event.token = std::move(leg.token);
  event.report.call_ref = std::move(leg.call_ref);
  event.report.phase = call_phase::answered;
  event.report.abandoned = true;
  event.task = call_task::hang_up;
  return event;
}

}  // namespace

std::optional<callback> decode_twilio_callback(const callback_request& request) {
  const std::vector<form_field> query = parse_form(query_of(request.url));
  const std::vector<form_field> fields = twilio_fields(request);
  const std::string_view sid = form_value(fields, "CallSid");
  callback event;
  event.token = form_value(query, "t");
  if (event.token.empty() || !is_call_sid(sid)) return std::nullopt;
  event.report.call_ref = sid;
  if (const auto at = parse_rfc2822(form_value(fields, "Timestamp"))) event.report.at = *at;

  const std::string_view status = form_value(fields, "CallStatus");
  if (status.empty()) return machine_verdict(fields, std::move(event));
  const auto phase = twilio_phase(status);
  if (!phase) return std::nullopt;
  event.report.phase = *phase;
  event.report.machine = twilio_answered_by_machine(form_value(fields, "AnsweredBy"));
  if (*phase == call_phase::ended) read_end(fields, status, event.report);
  const auto sequence = small_number(form_value(fields, "SequenceNumber"));
  event.event_key =
      event.report.call_ref + ":" + std::string{status} + ":" + (sequence ? std::to_string(*sequence) : "");
  return event;
}

std::optional<callback> decode_telnyx_callback(const callback_request& request) {
  const auto body = json_body(request.body);
  const auto data = body ? json_object(*body, "data") : std::nullopt;
  const auto payload = data ? json_object(*data, "payload") : std::nullopt;
  if (!payload || json_text(*payload, "direction") == "incoming") return std::nullopt;
  callback event;
  event.event_key = json_text(*data, "id");
  if (!fit_for_key(event.event_key)) return std::nullopt;
  if (const auto at = parse_rfc3339(json_text(*data, "occurred_at"))) event.report.at = *at;
  const std::string_view type = json_text(*data, "event_type");
  const std::string_view client_state = json_text(*payload, "client_state");
  if (auto leg = agent_leg_of_client_state(client_state))
    return end_of_agent_leg(type, *payload, *leg, std::move(event));
  event.token = token_of_client_state(client_state);
  // The call's agent may have given it a client_state of its own.
  if (event.token.empty()) event.token = form_value(parse_form(query_of(request.url)), "t");
  const std::string_view call_ref = json_text(*payload, "call_control_id");
  if (event.token.empty() || !is_call_control_id(call_ref)) return std::nullopt;
  auto report = read_telnyx_event({type, call_ref, json_text(*payload, "hangup_cause"),
                                   json_text(*payload, "sip_hangup_cause"), json_text(*payload, "result")});
  if (!report) return std::nullopt;
  report->at = event.report.at;
  event.report = std::move(*report);
  if (type == "call.answered") event.task = call_task::hand_over;
  return event;
}

std::string claimed_account(carrier_kind kind, const callback_request& request) {
  if (kind == carrier_kind::twilio) return std::string{form_value(twilio_fields(request), "AccountSid")};
  const auto body = json_body(request.body);
  const auto data = body ? json_object(*body, "data") : std::nullopt;
  const auto payload = data ? json_object(*data, "payload") : std::nullopt;
  return payload ? std::string{json_text(*payload, "connection_id")} : std::string{};
}

}  // namespace dialer::carriers
