#include "carriers/hand_over.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "carriers/agent_address.hpp"
#include "carriers/base64.hpp"
#include "carriers/dispositions.hpp"
#include "carriers/telnyx_events.hpp"

namespace dialer::carriers {
namespace {

namespace json = boost::json;

/// Tells the leg's events from those of the call itself, whose client_state is the token alone.
constexpr std::string_view leg_mark = "agent:";
constexpr char separator = ' ';

std::string client_state_of_leg(const callback& answered) {
  std::string coded;
  append_base64(std::string{leg_mark} + answered.token + separator + answered.report.call_ref, base64_kind::standard,
                coded);
  return coded;
}

}  // namespace

telnyx_command transfer_to_agent(const callback& answered, std::string_view sip_address) {
  const json::array headers{{{"name", "X-Attempt"}, {"value", answered.token}}};
  const json::object body{{"to", sip_address},
                          {"timeout_secs", sip_ring_timeout_s},
                          {"target_leg_client_state", client_state_of_leg(answered)},
                          {"custom_headers", headers},
                          {"command_id", answered.event_key}};
  return {answered.report.call_ref, "transfer", json::serialize(body)};
}

telnyx_command hang_up_abandoned(const callback& event) {
  return {event.report.call_ref, "hangup", json::serialize(json::object{{"command_id", event.event_key + "-end"}})};
}

callback abandoned(const callback& answered) {
  callback made;
  made.token = answered.token;
  made.event_key = answered.event_key + "-abandoned";
  made.report.call_ref = answered.report.call_ref;
  made.report.phase = call_phase::answered;
  made.report.abandoned = true;
  made.report.at = answered.report.at;
  return made;
}

std::optional<agent_leg> agent_leg_of_client_state(std::string_view client_state) {
  const auto state = decode_base64(client_state, base64_kind::standard);
  if (!state || !state->starts_with(leg_mark)) return std::nullopt;
  const std::string_view rest = std::string_view{*state}.substr(leg_mark.size());
  const std::size_t end = rest.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  agent_leg leg{std::string{rest.substr(end + 1)}, std::string{rest.substr(0, end)}};
  return is_call_control_id(leg.call_ref) && !leg.token.empty() ? std::optional{std::move(leg)} : std::nullopt;
}

bool leg_came_to_nothing(std::string_view hangup_cause, std::string_view sip_hangup_cause) {
  if (hangup_cause == "originator_cancel") return false;
  // An agent that never answered can look like a regular end, but for the SIP code.
  constexpr int refusals_from = 300;
  return hangup_cause != "normal_clearing" || parse_sip_code(sip_hangup_cause).value_or(0) >= refusals_from;
}

}  // namespace dialer::carriers
