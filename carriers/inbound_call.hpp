#pragma once
// Calls to our numbers in the carriers' dialects: what a verified voice callback says, and how a call is answered.
// Pure.
//
// Twilio takes a document as the answer to its callback. Telnyx takes commands, one at a time: each is followed by an
// event of its own, and on that the next is sent. What they need to know is in the call's client_state, so nobody has
// to remember it.

#include <cstdint>
#include <optional>
#include <string>

#include "carriers/codec.hpp"
#include "carriers/telnyx_command.hpp"
#include "model/e164.hpp"

namespace dialer::carriers {

/// Where a call stands when something is to be done about it. All but the first are those of a call that we answer.
enum class inbound_step : std::uint8_t {
  ringing,    ///< somebody is to answer
  answered,   ///< Telnyx: the voicemail message can be read
  spoken,     ///< Telnyx: it was read
  over,       ///< the caller's message was recorded, or the talk with a SIP agent is over
  unreached,  ///< the SIP agent didn't take it: somebody else is to answer
};

/// Which of a number's agents is rung at its SIP address.
enum class rung_agent : std::uint8_t { none, first, fallback };

struct inbound_event {
  inbound_step step = inbound_step::ringing;
  std::string call_ref;                ///< the caller's leg
  std::string event_key;               ///< the same whenever the carrier repeats it, and of no other event
  e164 to;                             ///< none: it is not in E.164
  e164 from;                           ///< none: withheld, or not in E.164
  rung_agent rung = rung_agent::none;  ///< unreached: who was rung
};

/// Reads a verified callback. nullopt: nothing has to be done about it (acknowledge and ignore it).
std::optional<inbound_event> decode_twilio_inbound(const callback_request& request);
std::optional<inbound_event> decode_telnyx_inbound(const callback_request& request);

/// How a call is answered.
struct inbound_answer {
  enum class kind : std::uint8_t { agent, voicemail, not_in_service, busy };
  kind how = kind::not_in_service;
  std::string text;  ///< of the agent its URL or SIP address; of the voicemail what is read to the caller
  rung_agent who = rung_agent::none;  ///< of the agent
};

inline constexpr int voicemail_max_s = 120;

/// The document that answers Twilio. On the step `over` the call is ended.
std::string twilio_document(const inbound_event& event, const inbound_answer& answer);

/// What Telnyx is told at this step. An agent at a URL is handed the call when it is answered: from then on Telnyx
/// sends the call's events there, and whoever is there commands it, with the same account.
telnyx_command command_for(const inbound_event& event, const inbound_answer& answer);
/// What it is told when it refused that: the call is not to be left without an end.
telnyx_command closing_command(const inbound_event& event);

}  // namespace dialer::carriers
