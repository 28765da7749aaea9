#pragma once
// What both carriers' answers have in common, before a byte of the body is understood.

#include <chrono>
#include <optional>

#include "carriers/call.hpp"
#include "carriers/http/http_answer.hpp"

namespace dialer::carriers {

/// For everything that is not a readable answer of the carrier: no answer at all, or
/// one whose body is not the carrier's. not_sent only when the request cannot have been complete.
create_answer answer_without_verdict(const http::http_answer& answer);

/// A complete answer whose body may be the carrier's JSON: not empty and not labelled as something else.
bool may_be_json(const http::http_answer& answer);

/// Retry-After: seconds, or a date judged by the answer's own Date. At most an hour: it is foreign input.
std::optional<std::chrono::milliseconds> retry_after_of(const http::http_answer& answer);
/// x-ratelimit-reset: seconds. At most an hour.
std::optional<std::chrono::milliseconds> rate_limit_reset_of(const http::http_answer& answer);

}  // namespace dialer::carriers
