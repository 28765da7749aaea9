#include "api/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/http_server.hpp"

namespace dialer::api {

namespace json = boost::json;

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

http_response to_response(const problem& what) {
  json::object body{{"type", "about:blank"},
                    {"title", json::string_view{reason_phrase(what.status).data(), reason_phrase(what.status).size()}},
                    {"status", what.status},
                    {"code", what.code},
                    {"detail", what.detail}};
  if (!what.param.empty()) body["param"] = what.param;
  if (!what.rule.empty()) body["rule"] = what.rule;
  if (!what.errors.empty()) {
    json::array errors;
    for (const param_error& each : what.errors) {
      errors.push_back(json::object{{"param", each.param}, {"message", each.message}});
    }
    body["errors"] = std::move(errors);
  }
  http_response response;
  response.status = what.status;
  response.content_type = problem_type;
  response.body = json::serialize(body);
  return response;
}

void name_request(std::string& body, std::string_view request_id) {
  // An object that has members, and an id that needs no escapes.
  if (body.size() > 2 && body.back() == '}') {
    body.pop_back();
    body.append(R"(,"request_id":")").append(request_id).append("\"}");
  }
}

}  // namespace dialer::api
