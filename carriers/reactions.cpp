#include "carriers/reactions.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace dialer::carriers {
namespace {

using std::chrono::milliseconds;
using enum reaction;

struct effect {
  reaction react = config;
  disposition outcome = disposition::failed;
  bool circuit = false;
  milliseconds pause{0};
};

constexpr effect bad_number{fail_number, disposition::invalid_number};
constexpr effect number_policy{fail_number, disposition::blocked};
constexpr effect closed_here{close_prefix, disposition::blocked};
constexpr effect no_route_here{fail_here, disposition::failed};
constexpr effect bad_caller_id{caller_id};
constexpr effect restricted_caller_id{rest_caller_id};
constexpr effect stop{stop_account};
constexpr effect our_mistake{config};
constexpr effect line_limit{throttle_concurrency};
constexpr effect in_doubt{reconcile};
constexpr effect downstream{retry, disposition::failed, true};

// --- Twilio: by code, after its error and warning dictionary ---

struct twilio_row {
  int first;
  int last;
  effect then;
};

constexpr std::array twilio_table{
    twilio_row{10001, 10001, stop},
    twilio_row{10004, 10004, line_limit},
    twilio_row{10005, 10005, stop},
    twilio_row{20001, 20001, our_mistake},
    twilio_row{20003, 20003, stop},
    twilio_row{20005, 20006, stop},
    twilio_row{20010, 20010, stop},
    twilio_row{20403, 20403, stop},
    twilio_row{20404, 20404, our_mistake},
    twilio_row{20422, 20422, our_mistake},
    twilio_row{20429, 20429, {throttle_rate}},
    twilio_row{21201, 21201, our_mistake},  // To missing: a permit always has one
    twilio_row{21202, 21202, number_policy},
    twilio_row{21203, 21203, closed_here},
    twilio_row{21205, 21206, our_mistake},
    twilio_row{21208, 21209, our_mistake},
    twilio_row{21210, 21210, bad_caller_id},
    twilio_row{21211, 21211, bad_number},
    twilio_row{21212, 21212, bad_caller_id},
    twilio_row{21213, 21213, our_mistake},
    twilio_row{21214, 21214, no_route_here},
    twilio_row{21215, 21216, closed_here},
    twilio_row{21217, 21217, bad_number},
    twilio_row{21218, 21218, our_mistake},
    twilio_row{21219, 21219, stop},
    twilio_row{21221, 21229, our_mistake},
    twilio_row{21234, 21234, our_mistake},
    twilio_row{21263, 21263, our_mistake},
    // More than 24 hours of calls wait at Twilio: hard, so with a pause of its own.
    twilio_row{22005, 22005, {throttle_rate, disposition::failed, false, milliseconds{60'000}}},
    twilio_row{70051, 70051, stop},
    twilio_row{86008, 86008, line_limit},
    twilio_row{90010, 90010, stop},
    twilio_row{573002, 573002, stop},
    twilio_row{573005, 573005, stop},
};

effect twilio_by_status(int status) {
  switch (status) {
    case 401:
    case 403: return stop;
    case 429: return {throttle_rate};
    default: return our_mistake;  // nothing is said about the number
  }
}

// --- Telnyx, after its API errors and its outbound call rejection codes: by token first, then by status and code ---

struct token_row {
  std::string_view token;
  effect then;
};

constexpr std::array token_table{
    token_row{"D1", line_limit},     token_row{"D2", line_limit},      token_row{"D3", line_limit},
    token_row{"D7", stop},           token_row{"D9", {throttle_rate}}, token_row{"D10", line_limit},
    token_row{"D11", bad_number},    token_row{"D12", closed_here},    token_row{"D13", closed_here},
    token_row{"D14", bad_number},    token_row{"D15", stop},           token_row{"D16", stop},
    token_row{"D17", stop},          token_row{"D19", stop},           token_row{"D22", line_limit},
    token_row{"D24", closed_here},   token_row{"D26", stop},           token_row{"D35", bad_caller_id},
    token_row{"D36", bad_caller_id}, token_row{"D37", number_policy},  token_row{"D38", stop},
    token_row{"D39", stop},          token_row{"D41", number_policy},  token_row{"D44", stop},
    token_row{"D46", bad_caller_id}, token_row{"D49", bad_caller_id},  token_row{"D50", bad_number},
    token_row{"D51", bad_caller_id}, token_row{"D53", our_mistake},    token_row{"D54", restricted_caller_id},
    token_row{"D58", number_policy}, token_row{"D59", bad_number},     token_row{"D60", stop},
    token_row{"D61", stop},          token_row{"D63", bad_caller_id},  token_row{"D64", bad_caller_id},
    token_row{"P05", downstream},    token_row{"PE1", downstream},     token_row{"PE2", downstream},
    token_row{"PE3", downstream},    token_row{"PE4", downstream},     token_row{"PE5", downstream},
    token_row{"PE6", downstream},    token_row{"TM1", closed_here},    token_row{"TV1", downstream},
};

struct telnyx_row {
  int status;  ///< 0: any
  std::string_view code;
  std::string_view pointer;  ///< empty: any
  effect then;
};

constexpr std::array telnyx_table{
    telnyx_row{429, "10011", "", {throttle_rate}},
    telnyx_row{429, "90103", "", {throttle_rate, disposition::failed, false, milliseconds{5'000}}},
    telnyx_row{0, "10002", "/to", bad_number},
    telnyx_row{0, "10002", "/from", bad_caller_id},
    telnyx_row{0, "10002", "", our_mistake},
    telnyx_row{0, "10004", "", our_mistake},
    telnyx_row{0, "10005", "", our_mistake},
    telnyx_row{0, "10008", "", in_doubt},
    telnyx_row{0, "10009", "", stop},
    telnyx_row{0, "10010", "", our_mistake},
    telnyx_row{0, "10011", "", our_mistake},
    telnyx_row{0, "10014", "", our_mistake},
    telnyx_row{0, "10015", "/connection_id", stop},
    telnyx_row{0, "10015", "", our_mistake},
    telnyx_row{0, "10016", "/to", bad_number},
    telnyx_row{0, "10016", "/from", bad_caller_id},
    telnyx_row{0, "10016", "", our_mistake},
    telnyx_row{0, "10020", "", our_mistake},
    telnyx_row{0, "10023", "", our_mistake},
    telnyx_row{0, "10024", "", our_mistake},
    telnyx_row{0, "10025", "", our_mistake},
    telnyx_row{0, "10026", "", our_mistake},
    telnyx_row{0, "10027", "", our_mistake},
    telnyx_row{0, "10028", "", our_mistake},
    telnyx_row{0, "10029", "", our_mistake},
    telnyx_row{0, "10032", "", our_mistake},
    telnyx_row{0, "10033", "", our_mistake},
    telnyx_row{0, "10034", "", our_mistake},
    telnyx_row{0, "10036", "", {reconcile, disposition::failed, false, milliseconds{1'000}}},
    telnyx_row{0, "10038", "", stop},
    telnyx_row{0, "10039", "", stop},
    telnyx_row{0, "20002", "", stop},
    telnyx_row{0, "20003", "", stop},
    telnyx_row{0, "20006", "", stop},
    telnyx_row{0, "20008", "", stop},
    telnyx_row{0, "20012", "", stop},
    telnyx_row{0, "20013", "", stop},
    telnyx_row{0, "20014", "", stop},
    telnyx_row{0, "20016", "", stop},
    telnyx_row{0, "20017", "", stop},
    telnyx_row{0, "20100", "", stop},
    telnyx_row{0, "90017", "", our_mistake},
    telnyx_row{0, "90028", "", our_mistake},
    telnyx_row{0, "90029", "", our_mistake},
    telnyx_row{0, "90041", "", line_limit},
    telnyx_row{0, "90042", "", line_limit},
    telnyx_row{0, "90043", "", line_limit},
    telnyx_row{0, "90057", "", our_mistake},
};

const effect* find_token(std::string_view token) {
  const auto row = std::ranges::find(token_table, token, &token_row::token);
  return row == token_table.end() ? nullptr : &row->then;
}

const effect* find_telnyx(int status, const telnyx_error& error) {
  if (const effect* by_token = find_token(error.token)) return by_token;
  if (error.spend_limit) return find_token("D39");
  for (const telnyx_row& row : telnyx_table) {
    if (row.code == error.code && (row.status == 0 || row.status == status) &&
        (row.pointer.empty() || row.pointer == error.pointer)) {
      return &row.then;
    }
  }
  return nullptr;
}

std::optional<milliseconds> pause_of(const effect& then) {
  return then.pause.count() == 0 ? std::nullopt : std::optional{then.pause};
}

/// The status says whether the outcome is open; only then does the row say what to do.
classified judge(int status, const effect& then) {
  const bool server_side = status < 400 || status >= 500;
  if (server_side || status == 408 || then.react == reconcile) {
    return {answer_class::unknown, reconcile, server_side, disposition::failed, pause_of(then)};
  }
  if (status == 429) {
    const reaction react = then.react == config ? throttle_rate : then.react;
    return {answer_class::not_sent, react, then.circuit, disposition::failed, pause_of(then)};
  }
  return {answer_class::rejected, then.react, then.circuit, then.outcome, pause_of(then)};
}

}  // namespace

classified classify_without_error_body() {
  return {answer_class::unknown, reconcile, true, disposition::failed, {}};
}

classified classify_twilio(int status, int code) {
  const auto row = std::ranges::find_if(
      twilio_table, [&](const twilio_row& candidate) { return candidate.first <= code && code <= candidate.last; });
  if (row != twilio_table.end()) return judge(status, row->then);
  return judge(status, code == 0 ? twilio_by_status(status) : our_mistake);
}

classified classify_telnyx(int status, const telnyx_error& error) {
  if (const effect* then = find_telnyx(status, error)) return judge(status, *then);
  // 409: something with our command_id is being processed, so an unknown code there leaves the outcome open.
  return judge(status, status == 409 ? in_doubt : our_mistake);
}

bool known_telnyx_error(int status, const telnyx_error& error) {
  return find_telnyx(status, error) != nullptr;
}

std::string_view find_refusal_token(std::string_view text) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto all_digits = [](std::string_view s) {
    return !s.empty() && std::ranges::all_of(s, [](char c) { return c >= '0' && c <= '9'; });
  };
  std::size_t begin = 0;
  while (begin < text.size()) {
    if (!is_word(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(begin, end - begin);
    const bool d = word.size() >= 2 && word.size() <= 3 && word.front() == 'D' && all_digits(word.substr(1));
    const bool pe = word.size() == 3 && word.starts_with("PE") && all_digits(word.substr(2));
    if (d || pe || word == "TV1" || word == "TM1" || word == "P05") return word;
    begin = end;
  }
  return {};
}

std::optional<classified> classify_refusal_token(std::string_view token) {
  const effect* then = find_token(token);
  return then == nullptr ? std::nullopt : std::optional{judge(403, *then)};
}

}  // namespace dialer::carriers
