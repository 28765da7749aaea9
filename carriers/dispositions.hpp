#pragma once
// From the carrier's words for a call's end to our disposition: tables as data, after the
// carriers' references of call statuses and hangup causes. Pure.

#include <optional>
#include <string_view>

#include "carriers/call.hpp"

namespace dialer::carriers {

/// How a call ended, before anything is known of machines.
struct call_end {
  disposition if_answered = disposition::answered;
  disposition if_unanswered = disposition::no_answer;
  bool caller_id_signal = false;
  bool circuit = false;
  bool maybe_answered = false;
  reaction react = reaction::none;  ///< when it was not answered
  friend bool operator==(const call_end&, const call_end&) = default;
};

/// CallStatus decides, the SIP code refines; Twilio's status alone says whether it was answered, so
/// both dispositions are equal. `error_code`: an error named afterwards (1.2, last paragraph), 0 when none. REQUIRES:
/// status is one of completed, busy, no-answer, canceled, failed.
call_end twilio_call_end(std::string_view status, std::optional<int> sip_code, int error_code);

/// `sip_cause` as sent: a SIP code, a Q.850 value below 100, a text with a refusal token,
/// "unspecified".
call_end telnyx_call_end(std::string_view cause, std::string_view sip_cause);

/// The SIP code in a text of digits; nullopt unless 100 to 699.
std::optional<int> parse_sip_code(std::string_view text);

/// The phase a Twilio status names, of the resource or of a callback; nullopt for a word we do not know.
std::optional<call_phase> twilio_phase(std::string_view status);
/// AnsweredBy: machines and fax. Unknown is treated as a person.
bool twilio_answered_by_machine(std::string_view answered_by);
/// Result of Telnyx's standard and premium detection.
bool telnyx_answered_by_machine(std::string_view result);

}  // namespace dialer::carriers
