#pragma once
// One line of the simulator's log: what happened at the carrier, told by the carrier.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/clock.hpp"

namespace dialer::carriers::simulator {

enum class carrier_name : std::uint8_t { none, twilio, telnyx };

/// Written by name; `log_event_names` has one name for each, in this order.
enum class log_event : std::uint8_t {
  simulator_started,  ///< first line of each run; `seed`
  simulator_stopped,  ///< last line of a run that ended cleanly
  create_received,    ///< a complete create-call request was read; `request` numbers it
  create_refused,     ///< answered with an error and no call; `status`, `code`
  create_repeated,    ///< Telnyx: known command_id; `ref` is the call it had made
  call_created,       ///< a call exists from now on; `ref`
  queued,             ///< waits for the account's call rate; `queue_ms`
  started,            ///< left the queue: the call goes out to the network now
  ringing,
  answered,
  verdict,         ///< machine detection; `answered_by`
  ended,           ///< `outcome`, `sip`, `answered_by`; `reason` "silence": answered, and handed to nobody
  canceled,        ///< by the customer, before an answer; `reason` says in which state
  cancel_refused,  ///< asked to end a call that had ended or never existed
  fetched,         ///< GET of one call; `status` of the answer
  listed,          ///< GET of a listing; `to`, `from`, `count` rows
  answer_dropped,  ///< the answer to request `request` did not arrive whole; `reason` is the fault, `ref` if a call
                   ///< exists
  callback_sent,   ///< `callback`, `sequence`, `delivery` (1 = first)
  callback_acknowledged,  ///< 2xx; `status`
  callback_lost,          ///< given up; `reason`
  fell_behind,            ///< for `behind_us` until now; what is logged within may have arrived so much earlier
  number_bought,          ///< `account` holds `to` from now on; `ref` is Twilio's SID, Telnyx's id
  number_refused,         ///< a purchase of `to` answered with an error and nothing bought; `status`, `code`
  number_ordered,         ///< Telnyx: an order `ref` for `to` under the customer's reference `token`
  number_order_failed,    ///< Telnyx: that order will not be filled
  number_changed,         ///< settings of `ref`
  number_released,        ///< `account` does not hold `to` any more
  numbers_read,           ///< a search or a look at numbers or orders: `count` rows, or `ref` and `status`
  handed_over,            ///< an answered call is its agent's from now on; `reason` is the agent's URL or SIP address
  commanded,              ///< Telnyx: `reason` is what the call was told to do, `status` the answer
  number_rung,            ///< somebody calls `to` from `from`: an inbound call `ref`
  instructed,             ///< that call is treated as `reason` says: what it was told, or why it was told nothing
  inbound_ended,          ///< `outcome` completed (answered), rejected, busy or failed
  leg_ended,              ///< Telnyx: of the call's leg `to` an agent; `outcome` completed if it had been answered
};

inline constexpr std::array<std::string_view, 34> log_event_names{"simulator_started",
                                                                  "simulator_stopped",
                                                                  "create_received",
                                                                  "create_refused",
                                                                  "create_repeated",
                                                                  "call_created",
                                                                  "queued",
                                                                  "started",
                                                                  "ringing",
                                                                  "answered",
                                                                  "verdict",
                                                                  "ended",
                                                                  "canceled",
                                                                  "cancel_refused",
                                                                  "fetched",
                                                                  "listed",
                                                                  "answer_dropped",
                                                                  "callback_sent",
                                                                  "callback_acknowledged",
                                                                  "callback_lost",
                                                                  "fell_behind",
                                                                  "number_bought",
                                                                  "number_refused",
                                                                  "number_ordered",
                                                                  "number_order_failed",
                                                                  "number_changed",
                                                                  "number_released",
                                                                  "numbers_read",
                                                                  "handed_over",
                                                                  "commanded",
                                                                  "number_rung",
                                                                  "instructed",
                                                                  "inbound_ended",
                                                                  "leg_ended"};

inline constexpr std::array<std::string_view, 3> carrier_names{"", "twilio", "telnyx"};

/// Empty strings, zeros and -1 mean "not said" and are not written.
struct log_entry {
  log_event event = log_event::create_received;
  utc_time at{};  ///< simulator's clock; Unix microseconds in the file
  carrier_name carrier = carrier_name::none;
  std::uint64_t request = 0;  ///< counts the API requests of one carrier in one run
  std::string account;        ///< Twilio account SID, Telnyx connection id
  std::string to;
  std::string from;
  std::string token;  ///< Twilio: `t` of the StatusCallback URL; Telnyx: client_state, base64 removed if it is text
  std::string command_id;
  std::string ref;          ///< Twilio call SID, Telnyx call_control_id
  std::string outcome;      ///< completed busy no-answer failed canceled
  std::string answered_by;  ///< human machine; what really answered, not only what was reported
  std::string code;         ///< carrier's error code
  std::string reason;
  std::string callback;  ///< initiated ringing answered verdict ended
  int status = 0;        ///< HTTP status
  int sip = 0;
  int sequence = -1;
  int delivery = 0;
  std::int64_t queue_ms = -1;
  std::int64_t count = -1;
  std::int64_t behind_us = 0;
  std::uint64_t seed = 0;

  friend bool operator==(const log_entry&, const log_entry&) = default;
};

/// Appends the entry as one line of JSON, newline included.
void append_log_line(std::string& out, const log_entry& entry);

}  // namespace dialer::carriers::simulator
