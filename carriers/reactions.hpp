#pragma once
// What a carrier's error asks us to do: the carriers' published error codes as tables, and the order in
// which they apply. Pure. A row never overrides the status: one that leaves open whether the call was placed stays
// `unknown`, whatever the code.

#include <chrono>
#include <optional>
#include <string_view>

#include "carriers/call.hpp"

namespace dialer::carriers {

struct classified {
  answer_class what = answer_class::unknown;
  reaction react = reaction::reconcile;
  bool circuit = false;
  disposition outcome = disposition::failed;
  std::optional<std::chrono::milliseconds> pause;  ///< the table's own waiting time, used when the answer names none
  friend bool operator==(const classified&, const classified&) = default;
};

/// An answer outside 2xx whose body was not the carrier's error JSON, or a 2xx that could not be read: always unknown.
classified classify_without_error_body();

/// Twilio's error body. `code`: 0 when the body had none; then the status decides.
classified classify_twilio(int status, int code);

/// One of the errors in Telnyx's body.
struct telnyx_error {
  std::string_view code;
  std::string_view pointer;  ///< source.pointer: "/to"; empty when absent
  std::string_view token;    ///< find_refusal_token of detail and title; empty when none
  bool spend_limit = false;  ///< the text speaks of a spend limit
};
classified classify_telnyx(int status, const telnyx_error& error);

/// Whether the tables have a row for this error, so that a list of errors is judged by its first known one.
bool known_telnyx_error(int status, const telnyx_error& error);

/// The SIP-side reason in a text: D and one or two digits, PE and a digit, TV1, TM1, P05, as a whole word; empty when
/// none.
std::string_view find_refusal_token(std::string_view text);
/// True when a refusal token found in a hangup event is in the tables: its row, judged as a synchronous refusal would
/// be.
std::optional<classified> classify_refusal_token(std::string_view token);

}  // namespace dialer::carriers
