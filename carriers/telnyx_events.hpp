#pragma once
// What a Telnyx call event says, whether it came as a webhook or in the list of call events. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "carriers/call.hpp"

namespace dialer::carriers {

/// The fields of an event's payload that say how the call stands; absent ones are empty.
struct telnyx_event {
  std::string_view type;  ///< "call.hangup"
  std::string_view call_control_id;
  std::string_view hangup_cause;
  std::string_view sip_hangup_cause;
  std::string_view result;  ///< of machine detection
};

/// nullopt for events that do not move a call (recordings, streaming, cost, unknown ones).
std::optional<call_report> read_telnyx_event(const telnyx_event& event);

/// The attempt token that a client_state carries, not verified; empty when it can't be one. The agent's application may
/// put any text there.
std::string token_of_client_state(std::string_view client_state);

/// Not empty, at most 256 bytes of visible ASCII: fit to be kept and sent back.
bool is_call_control_id(std::string_view text);

}  // namespace dialer::carriers
