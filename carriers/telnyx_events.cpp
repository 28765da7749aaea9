#include "carriers/telnyx_events.hpp"

#include <algorithm>

#include "carriers/attempt_token.hpp"
#include "carriers/base64.hpp"
#include "carriers/dispositions.hpp"

namespace dialer::carriers {

std::optional<call_report> read_telnyx_event(const telnyx_event& event) {
  call_report report;
  report.call_ref = event.call_control_id;
  if (event.type == "call.initiated") {
    report.phase = call_phase::initiated;
  } else if (event.type == "call.answered") {
    report.phase = call_phase::answered;
  } else if (event.type == "call.machine.detection.ended" || event.type == "call.machine.premium.detection.ended") {
    report.phase = call_phase::answered;
    report.machine = telnyx_answered_by_machine(event.result);
  } else if (event.type == "call.machine.greeting.ended" || event.type == "call.machine.premium.greeting.ended") {
    // A beep may come instead of the verdict; without one the event says nothing new.
    if (event.result != "beep_detected") return std::nullopt;
    report.phase = call_phase::answered;
    report.machine = true;
  } else if (event.type == "call.hangup") {
    const call_end end = telnyx_call_end(event.hangup_cause, event.sip_hangup_cause);
    report.phase = call_phase::ended;
    report.if_answered = end.if_answered;
    report.if_unanswered = end.if_unanswered;
    report.maybe_answered = end.maybe_answered;
    report.caller_id_signal = end.caller_id_signal;
    report.circuit = end.circuit;
    report.react = end.react;
    report.sip_code = parse_sip_code(event.sip_hangup_cause);
  } else {
    return std::nullopt;
  }
  return report;
}

std::string token_of_client_state(std::string_view client_state) {
  auto text = decode_base64(client_state, base64_kind::standard);
  return text && has_token_shape(*text) ? std::move(*text) : std::string{};
}

bool is_call_control_id(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace dialer::carriers
