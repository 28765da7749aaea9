#pragma once
// What went wrong, in the one form every refusal has: application/problem+json (RFC 9457) with a `code` that never
// changes, the `param` it is about, the `rule` that refuses, the `request_id` to ask about, and `errors` when there are
// several.

#include <string>
#include <string_view>
#include <vector>

namespace dialer::api {

struct http_response;

struct param_error {
  std::string param;    ///< "window.open" or "contacts[3].phone"
  std::string message;  ///< what is wrong with it and what to write instead
};

struct problem {
  int status = 400;
  std::string code;    ///< "not_found"
  std::string detail;  ///< a sentence with the remedy; holds no secret, and nothing of another tenant
  std::string param{};
  std::vector<param_error> errors{};
  std::string rule{};  ///< "S3": the rule that refuses, when `code` is "rule"
};

inline constexpr std::string_view problem_type = "application/problem+json";

/// The answer, but for the request's id, which the server knows.
http_response to_response(const problem& what);

/// Puts the request's id into the body of a problem.
void name_request(std::string& body, std::string_view request_id);

/// "Not Found"
std::string_view reason_phrase(int status) noexcept;

}  // namespace dialer::api
