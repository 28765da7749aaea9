#pragma once
// Outbound calls at Telnyx, once they are answered. Its API takes no document that says what happens then: our events
// of the call come to us, all others go to the agent's application, and the agent gets the call from us - an
// application by the event itself, passed on as it came, a SIP agent by a transfer. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "carriers/call.hpp"
#include "carriers/telnyx_command.hpp"

namespace dialer::carriers {

/// Rings the SIP agent for the person who answered. The token is in a header of its INVITE, as at Twilio.
telnyx_command transfer_to_agent(const callback& answered, std::string_view sip_address);
/// Ends a call that no agent took.
telnyx_command hang_up_abandoned(const callback& event);

/// What is written down about a call before it is ended for want of an agent.
callback abandoned(const callback& answered);

/// What the client_state of the leg to a SIP agent says: whose call it is.
struct agent_leg {
  std::string call_ref;  ///< of the person's leg
  std::string token;
};
/// nullopt: it is no such leg's.
std::optional<agent_leg> agent_leg_of_client_state(std::string_view client_state);

/// Whether a leg to a SIP agent that is over had come to nothing: its regular end, after a talk or because the other
/// party hung up, ends the other leg as well.
bool leg_came_to_nothing(std::string_view hangup_cause, std::string_view sip_hangup_cause);

}  // namespace dialer::carriers
