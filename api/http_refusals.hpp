#pragma once
// What the server answers by itself: because no handler may have the request, or because its handler did not answer.
// Decisions and words only; which of them end the connection is the session's affair.

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/http_server.hpp"
#include "api/route_table.hpp"

namespace dialer::api::refusals {

/// Why a request could not be read.
enum class unreadable : std::uint8_t { head_too_large, body_too_large, malformed, no_gzip, packed_too_tightly };
http_response of_unreadable(unreadable why);

/// Of a head that was read but is not to be trusted: another version, or a body whose end another reader would see
/// elsewhere, which is how one request smuggles in a second. `version` is 11 for HTTP/1.1. And of a body in a coding
/// that nobody here can read.
std::optional<http_response> of_head(unsigned version, std::string_view transfer_encoding,
                                     std::string_view content_encoding);

/// Of a request that no route answers, or whose route has too many waiting.
std::optional<http_response> of_route(const route_table::match& match);

/// Of a packed body on a route that takes plain ones only.
http_response takes_no_gzip();

http_response too_many_streams();
http_response request_too_slow();
http_response body_stopped();
http_response answer_too_slow();
http_response handler_threw();
http_response no_answer();

}  // namespace dialer::api::refusals
