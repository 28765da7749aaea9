#include "api/rest_admission.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "api/rest_query.hpp"
#include "sql/audit_log.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::size_t idempotency_key_max = 255;

std::string_view presented_key(const http_request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view header = request.header("Authorization");
  return header.starts_with(scheme) ? header.substr(scheme.size()) : std::string_view{};
}

problem unauthorised(std::string code, std::string detail) {
  return {401, std::move(code), std::move(detail)};
}

http_params read_query(const rest_operation& operation, const http_request& request) {
  auto query = parse_query(request.query);
  if (!query) throw rest_error{{400, "malformed_query", "the query holds a % that begins no escape; write %25"}};
  for (const auto& [name, value] : *query) {
    if (std::ranges::find(operation.query, name, &query_parameter::name) == operation.query.end()) {
      throw rest_error{{400, "unknown_parameter", "this path takes no query parameter of that name", name}};
    }
    if (std::ranges::count(*query, name, &http_params::value_type::first) > 1) {
      throw rest_error{{400, "repeated_parameter", "give it once", name}};
    }
  }
  return std::move(*query);
}

json::object read_body(const rest_operation& operation, const http_request& request, const json_schemas& schemas) {
  if (operation.takes.empty()) {
    if (!request.body.empty()) throw rest_error{{400, "unexpected_body", "this operation takes no body; send none"}};
    return {};
  }
  const std::string_view type = std::string_view{request.content_type}.substr(0, request.content_type.find(';'));
  if (type != "application/json") {
    throw rest_error{{415, "unsupported_media_type", "send the body as Content-Type: application/json"}};
  }
  boost::system::error_code error;
  json::value parsed = json::parse(request.body, error);
  if (error) throw rest_error{{400, "malformed_json", "the body is no JSON: " + error.message()}};
  std::vector<param_error> wrong = schemas.check_named(operation.takes, parsed);
  if (!wrong.empty()) {
    const param_error first = wrong.front();
    throw rest_error{{422, "invalid", (first.param.empty() ? "the body" : first.param) + " " + first.message,
                      first.param, std::move(wrong)}};
  }
  return std::move(parsed.as_object());
}

std::string read_idempotency_key(const rest_operation& operation, const http_request& request) {
  if (!operation.changes() || operation.takes_list != list_body::none) return {};
  const std::string_view key = request.header("Idempotency-Key");
  const bool printable = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 127; });
  if (key.size() > idempotency_key_max || !printable) {
    throw rest_error{
        {400, "invalid_idempotency_key", "Idempotency-Key has up to 255 visible ASCII characters", "Idempotency-Key"}};
  }
  return std::string(key);
}

std::string read_reason(const http_request& request) {
  const std::string_view reason = request.header("Audit-Reason");
  if (reason.size() > sql::audit_reason_max) {
    throw rest_error{{400, "invalid_reason", "Audit-Reason has up to 500 bytes; say it shorter", "Audit-Reason"}};
  }
  return std::string(reason);
}

}  // namespace

caller identify_caller(const http_request& request, const key_ring& keys) {
  const std::string_view key = presented_key(request);
  if (key.empty()) throw rest_error{unauthorised("missing_key", "send an API key as Authorization: Bearer dlr_...")};
  const verified_key verified = keys.verify(key);
  switch (verified.verdict) {
    case key_verdict::good: break;
    case key_verdict::unknown:
      throw rest_error{unauthorised("invalid_key", "this API key is not in force; make one with: dialer key create")};
    case key_verdict::expired:
      throw rest_error{unauthorised("expired_key", "this API key has ended; make one with: dialer key create")};
    case key_verdict::unavailable:
      throw rest_error{{503, "keys_unavailable", "keys can't be checked now; try again in a second"}};
  }
  return verified.who;
}

void check_scope(const rest_operation& operation, const caller& who) {
  if (!sql::has(who.scopes, operation.needs)) {
    const std::string what =
        "this operation needs a key with the scope " + std::string(sql::to_string(operation.needs));
    if (operation.needs != sql::scope::numbers_create) throw rest_error{{403, "insufficient_scope", what}};
    problem refused{403, "rule", what + "; make one with: dialer key create"};
    refused.rule = "S7";
    throw rest_error{std::move(refused)};
  }
  if (operation.where == reach::organisation && who.workspace) {
    throw rest_error{{403, "confined_key", "this operation concerns the whole organisation, this key one workspace"}};
  }
}

admitted_request read_request(const rest_operation& operation, const http_request& request, const caller& who,
                              const json_schemas& schemas) {
  return {who, read_query(operation, request), read_body(operation, request, schemas),
          read_idempotency_key(operation, request), read_reason(request)};
}

}  // namespace dialer::api
