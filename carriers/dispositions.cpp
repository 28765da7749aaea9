#include "carriers/dispositions.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "carriers/reactions.hpp"

namespace dialer::carriers {
namespace {

constexpr call_end both(disposition value, bool caller_id_signal = false, bool circuit = false,
                        reaction react = reaction::none) {
  return {value, value, caller_id_signal, circuit, false, react};
}

/// Telnyx's hangup event does not say whether the call had been answered; these causes belong to one that was not.
constexpr call_end unanswered(disposition value, bool caller_id_signal = false, bool circuit = false,
                              reaction react = reaction::none) {
  return {disposition::answered, value, caller_id_signal, circuit, false, react};
}

/// ... and these to either.
constexpr call_end cleared{disposition::answered, disposition::no_answer, false, false, true, reaction::none};

constexpr call_end caller_id_refused = both(disposition::failed, true, false, reaction::caller_id);
constexpr call_end prefix_closed = both(disposition::blocked, false, false, reaction::close_prefix);

struct twilio_end_row {
  std::string_view status;
  int sip_code;  ///< 0: any other code, or none
  call_end then;
};

constexpr std::array twilio_ends{
    twilio_end_row{"completed", 0, both(disposition::answered)},
    twilio_end_row{"busy", 607, both(disposition::rejected, true)},
    twilio_end_row{"busy", 608, both(disposition::rejected, true)},
    twilio_end_row{"busy", 0, both(disposition::busy)},
    // People decline so, too: against the caller ID it counts as one more call that was not answered.
    twilio_end_row{"no-answer", 603, both(disposition::rejected)},
    twilio_end_row{"no-answer", 607, both(disposition::rejected, true)},
    twilio_end_row{"no-answer", 608, both(disposition::rejected, true)},
    twilio_end_row{"no-answer", 0, both(disposition::no_answer)},
    twilio_end_row{"canceled", 0, both(disposition::canceled)},
    twilio_end_row{"failed", 404, both(disposition::invalid_number)},
    twilio_end_row{"failed", 410, both(disposition::invalid_number)},
    twilio_end_row{"failed", 484, both(disposition::invalid_number)},
    twilio_end_row{"failed", 604, both(disposition::invalid_number)},
    twilio_end_row{"failed", 403, both(disposition::blocked)},
    twilio_end_row{"failed", 607, both(disposition::rejected, true)},
    twilio_end_row{"failed", 608, both(disposition::rejected, true)},
    twilio_end_row{"failed", 480, both(disposition::no_answer)},
    twilio_end_row{"failed", 408, both(disposition::no_answer)},
    twilio_end_row{"failed", 488, both(disposition::failed)},  // media mismatch: our set-up, not the carrier's fault
    twilio_end_row{"failed", 606, both(disposition::failed)},
    twilio_end_row{"failed", 0, both(disposition::failed, false, true)},
};

struct twilio_error_row {
  int code;
  call_end then;
};

constexpr std::array twilio_late_errors{
    twilio_error_row{13223, both(disposition::invalid_number)},
    twilio_error_row{13224, both(disposition::invalid_number)},
    twilio_error_row{13225, prefix_closed},
    twilio_error_row{13226, both(disposition::invalid_number)},
    twilio_error_row{13227, prefix_closed},
    twilio_error_row{13247, caller_id_refused},
    twilio_error_row{32014, both(disposition::failed, false, true)},
    twilio_error_row{32016, both(disposition::failed, false, true)},
    twilio_error_row{32017, both(disposition::rejected, true)},
    twilio_error_row{32203, prefix_closed},
    twilio_error_row{32204, caller_id_refused},
    twilio_error_row{32205, prefix_closed},
    twilio_error_row{32206, caller_id_refused},
    twilio_error_row{34002, both(disposition::busy)},
    twilio_error_row{34003, both(disposition::no_answer)},
};

struct q850_row {
  int cause;
  call_end then;
};

constexpr std::array q850_ends{
    q850_row{1, unanswered(disposition::invalid_number)},
    q850_row{16, cleared},
    q850_row{17, unanswered(disposition::busy)},
    q850_row{18, unanswered(disposition::no_answer)},
    q850_row{19, unanswered(disposition::no_answer)},
    q850_row{21, unanswered(disposition::rejected)},
    q850_row{27, unanswered(disposition::failed, false, true)},
    q850_row{28, unanswered(disposition::invalid_number)},
    q850_row{38, unanswered(disposition::failed, false, true)},
    q850_row{41, unanswered(disposition::failed, false, true)},
};

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// A SIP answer that ends a call before anybody took it.
bool sip_final(std::optional<int> number) {
  return number && *number >= 300;
}

/// The carrier took the create and refused the call after all.
call_end refusal(const classified& row) {
  const bool caller_id = row.react == reaction::caller_id || row.react == reaction::rest_caller_id;
  return unanswered(row.outcome, caller_id, row.circuit, row.react);
}

call_end rejected_call(std::optional<int> number, std::string_view sip_cause) {
  if (const auto row = classify_refusal_token(find_refusal_token(sip_cause))) return refusal(*row);
  if (number == 403) return unanswered(disposition::blocked);
  if (number == 607 || number == 608) return unanswered(disposition::rejected, true);
  return unanswered(disposition::rejected);
}

/// `unspecified`, and causes that are not in the table.
call_end unexplained(std::optional<int> number, std::string_view sip_cause) {
  if (const auto row = classify_refusal_token(find_refusal_token(sip_cause))) return refusal(*row);
  if (number && *number >= 500 && *number <= 599) return unanswered(disposition::failed, false, true);
  return sip_final(number) ? unanswered(disposition::no_answer) : cleared;
}

}  // namespace

call_end twilio_call_end(std::string_view status, std::optional<int> sip_code, int error_code) {
  if (status == "failed") {
    const auto named = std::ranges::find(twilio_late_errors, error_code, &twilio_error_row::code);
    if (named != twilio_late_errors.end()) return named->then;
  }
  const auto row = std::ranges::find_if(twilio_ends, [&](const twilio_end_row& candidate) {
    return candidate.status == status && (candidate.sip_code == 0 || candidate.sip_code == sip_code);
  });
  return row == twilio_ends.end() ? both(disposition::failed) : row->then;
}

call_end telnyx_call_end(std::string_view cause, std::string_view sip_cause) {
  const auto number = number_of(sip_cause);
  if (cause == "time_limit") return both(disposition::answered);
  if (cause == "normal_clearing") {
    if (number == 200) return both(disposition::answered);
    return sip_final(number) ? unanswered(disposition::no_answer) : cleared;
  }
  if (cause == "timeout" || cause == "no_answer") return unanswered(disposition::no_answer);
  if (cause == "user_busy") return unanswered(disposition::busy);
  if (cause == "originator_cancel") return unanswered(disposition::canceled);
  if (cause == "not_found") return unanswered(disposition::invalid_number);
  if (number && *number < 100) {
    const auto row = std::ranges::find(q850_ends, *number, &q850_row::cause);
    if (row != q850_ends.end()) return row->then;
  }
  return cause == "call_rejected" ? rejected_call(number, sip_cause) : unexplained(number, sip_cause);
}

std::optional<int> parse_sip_code(std::string_view text) {
  const auto value = number_of(text);
  return value && *value >= 100 && *value <= 699 ? value : std::nullopt;
}

std::optional<call_phase> twilio_phase(std::string_view status) {
  if (status == "queued") return call_phase::queued;
  if (status == "initiated") return call_phase::initiated;
  if (status == "ringing") return call_phase::ringing;
  if (status == "in-progress" || status == "answered") return call_phase::answered;
  constexpr std::array<std::string_view, 5> ended{"completed", "busy", "no-answer", "canceled", "failed"};
  return std::ranges::find(ended, status) == ended.end() ? std::nullopt : std::optional{call_phase::ended};
}

bool twilio_answered_by_machine(std::string_view answered_by) {
  return answered_by.starts_with("machine_") || answered_by == "fax";
}

bool telnyx_answered_by_machine(std::string_view result) {
  return result == "machine" || result == "fax_detected";
}

}  // namespace dialer::carriers
