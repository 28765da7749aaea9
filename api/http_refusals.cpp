#include "api/http_refusals.hpp"

#include <string>
#include <utility>

#include "api/gzip.hpp"
#include "api/problem.hpp"
#include "model/ascii.hpp"

namespace dialer::api::refusals {

namespace {

http_response refusal(int status, std::string code, std::string detail) {
  return to_response({status, std::move(code), std::move(detail)});
}

http_response overloaded(std::string detail, const char* retry_after) {
  http_response response = refusal(503, "overloaded", std::move(detail));
  response.headers.emplace_back("Retry-After", retry_after);
  return response;
}

}  // namespace

http_response of_unreadable(unreadable why) {
  switch (why) {
    case unreadable::head_too_large: return refusal(431, "head_too_large", "the request's head is too large");
    case unreadable::body_too_large: return refusal(413, "body_too_large", "the request's body is too large");
    case unreadable::no_gzip:
      return refusal(400, "malformed_gzip",
                     "the body is no whole gzip, as Content-Encoding says it is; send it again, or send it plain "
                     "without that header");
    case unreadable::packed_too_tightly:
      return refusal(413, "packed_too_tightly",
                     "the body unpacks to more than a hundred times of what was sent; send it plain, without "
                     "Content-Encoding");
    case unreadable::malformed: break;
  }
  return refusal(400, "malformed_request", "this is not a valid HTTP request");
}

std::optional<http_response> of_head(unsigned version, std::string_view transfer_encoding,
                                     std::string_view content_encoding) {
  if (version != 10 && version != 11) return refusal(505, "http_version", "only HTTP/1.1 is spoken here");
  // The parser has refused chunks together with a length; codings it doesn't know it passes over.
  if (!transfer_encoding.empty() && !same_ignoring_case(transfer_encoding, "chunked")) {
    return refusal(400, "transfer_encoding", "this transfer encoding is not accepted");
  }
  if (parse_content_encoding(content_encoding) == body_coding::unknown) {
    http_response response =
        to_response({415, "unsupported_content_encoding",
                     "a body may come as Content-Encoding: gzip or plain, without that header", "Content-Encoding"});
    response.headers.emplace_back("Accept-Encoding", "gzip");
    return response;
  }
  return std::nullopt;
}

std::optional<http_response> of_route(const route_table::match& match) {
  if (match.found == nullptr) {
    if (match.allow.empty()) return refusal(404, "not_found", "there is nothing here");
    http_response response = refusal(405, "method_not_allowed", "this path knows only " + match.allow);
    response.headers.emplace_back("Allow", match.allow);
    return response;
  }
  const served_route& served = *match.found;
  if (*served.unanswered >= served.what.unanswered_max) {
    return overloaded("too many requests wait for an answer; try again in a second", "1");
  }
  return std::nullopt;
}

http_response takes_no_gzip() {
  return to_response({415, "unsupported_content_encoding",
                      "a body comes here plain only; send it without Content-Encoding", "Content-Encoding"});
}

http_response too_many_streams() {
  return overloaded("as many streams are open as this engine was started for; poll, or raise its --event-streams",
                    "10");
}

http_response request_too_slow() {
  return refusal(408, "request_timeout", "the request took too long");
}

http_response body_stopped() {
  return refusal(408, "request_timeout", "the body stopped coming");
}

http_response answer_too_slow() {
  return refusal(503, "too_slow", "the answer took too long; ask again later");
}

http_response handler_threw() {
  return refusal(500, "internal", "the request could not be handled");
}

http_response no_answer() {
  return refusal(500, "internal", "no answer was given");
}

}  // namespace dialer::api::refusals
