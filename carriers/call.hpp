#pragma once
// What we ask a carrier for and what it says, in the model's words.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.hpp"
#include "model/disposition.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

namespace dialer::carriers {

/// Settings of a call besides who calls whom (those come from the dial_permit). The views must outlive the encode call.
struct call_options {
  std::string_view answer_url;         ///< where the agent answers (TwiML or call control); the token is appended to it
  std::string_view callback_base_url;  ///< our listener as the carrier reaches it, e.g. "https://dialer.example.com"
  std::chrono::seconds ring_timeout{30};
  std::chrono::seconds call_time_limit{1800};
  bool machine_detection = true;
};

/// not_sent: certainly not processed, retry freely. unknown: ask the carrier before acting.
enum class answer_class : std::uint8_t { not_sent, rejected, accepted, unknown };

/// What an answer, or the way a call ended, asks us to do beyond the attempt itself. Stored with reports as its number:
/// append only.
enum class reaction : std::uint8_t {
  none,
  retry,
  reconcile,
  fail_number,
  fail_here,
  caller_id,
  throttle_rate,
  throttle_concurrency,
  stop_account,
  config,          ///< our request or set-up is wrong: nobody's number is to blame
  close_prefix,    ///< the account does not take destinations like this one; another account may
  rest_caller_id,  ///< restricted for its reputation, which comes back with time
};

/// The answer to create-call, classified.
struct create_answer {
  answer_class what = answer_class::unknown;
  reaction react = reaction::reconcile;
  bool circuit = false;  ///< counts into the account's circuit breaker
  disposition outcome =
      disposition::failed;                  ///< of the attempt, when rejected for good (fail_number, fail_here, config)
  std::string call_ref;                     ///< Twilio call SID or Telnyx call_control_id, when accepted
  int http_status = 0;                      ///< 0 = no answer
  std::string carrier_code;                 ///< "21211", "10016", "D13"; empty when none
  std::string detail;                       ///< carrier's words or transport error, at most 512 bytes; foreign input
  std::chrono::milliseconds queue_time{0};  ///< Twilio's estimated wait
  std::optional<std::chrono::milliseconds> retry_after;
};

/// Progress of a call; a join on this order makes callbacks order-independent.
enum class call_phase : std::uint8_t { queued = 0, initiated = 1, ringing = 2, answered = 3, ended = 4 };

/// One observation of a call: a callback, or an answer to a look-up.
struct call_report {
  std::string call_ref;
  call_phase phase = call_phase::queued;
  /// When ended: the disposition if the call had been answered before, and if not (Telnyx tells them apart only so).
  disposition if_answered = disposition::answered;
  disposition if_unanswered = disposition::no_answer;
  bool maybe_answered = false;  ///< ended, and the cause alone fits an answered call as well as an unanswered one
  bool machine = false;         ///< answered by a machine (any phase)
  bool abandoned = false;       ///< answered, and no agent took the call (any phase)
  std::optional<int> sip_code;
  std::optional<std::chrono::seconds> duration;
  utc_time at{};                    ///< carrier's time of the event; the epoch when it gives none
  bool caller_id_signal = false;    ///< 607/608, reputation refusals: counts against the caller ID
  bool circuit = false;             ///< carrier fault
  reaction react = reaction::none;  ///< when it ended unanswered for a reason that is not the called number's
};

/// Two observations of one call made one: the later phase holds, and what only the other knew is kept.
void join(call_report& known, call_report&& more);

/// What a look-up says when the carrier knows no such call: ended, both dispositions unknown. Carriers show a call only
/// some time after they took it (carriers.md 2), so this alone does not prove that there is none.
call_report no_such_call();
bool is_no_such_call(const call_report& report);

/// What is to be done about a call once an event of it is written down. Telnyx only: Twilio asks for a document.
enum class call_task : std::uint8_t {
  none,
  hand_over,  ///< it was answered: its agent is to get it
  hang_up,    ///< its agent did not take it
};

/// A callback, still to be matched to its organisation by the token.
struct callback {
  std::string token;      ///< text of the attempt_token
  std::string event_key;  ///< unique per event at that carrier; repeats are duplicates
  call_report report;
  call_task task = call_task::none;
};

/// A call as the carrier lists it.
struct listed_call {
  call_report report;
  e164 to;
  e164 from;
  utc_time created_at{};
  std::string token;  ///< Telnyx: client_state, if it can be a token; Twilio: empty
};

/// One page of a listing, newest first.
struct call_page {
  bool ok = false;  ///< false: not a clean 200 answer; nothing may be concluded
  std::vector<listed_call> calls;
  std::string next;                      ///< path and query of the next page; empty on the last
  std::optional<utc_time> carrier_time;  ///< HTTP Date header
};

enum class cancel_result : std::uint8_t { done, already_ended, unknown_call, failed };

}  // namespace dialer::carriers
