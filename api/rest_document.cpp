#include "api/rest_document.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view shared_schemas = R"({
  "Problem": {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "additionalProperties": false,
    "properties": {
      "type": {"type": "string"},
      "title": {"type": "string"},
      "status": {"type": "integer"},
      "code": {"type": "string", "description": "Never changes its meaning: branch on it."},
      "detail": {"type": "string", "description": "For a person: what is wrong, and what to do about it."},
      "param": {"type": "string", "description": "What it is about."},
      "rule": {"type": "string", "description": "Of those that numbers are shared by; with the code `rule`."},
      "request_id": {"type": "string"},
      "errors": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["param", "message"],
          "additionalProperties": false,
          "properties": {"param": {"type": "string"}, "message": {"type": "string"}}
        }
      }
    }
  },
  "Cursor": {
    "type": ["string", "null"],
    "description": "Pass it as `cursor` for what follows; null at the end."
  },
  "EngineStanding": {
    "type": "string",
    "enum": ["acknowledged", "pending"],
    "description": "Whether the engine acts by the change already: once acknowledged, no dial against it can start."
  }
})";

json::string text(std::string_view from) {
  return json::string(from.data(), from.size());
}

json::object reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

json::object content(std::string_view type, std::string_view schema) {
  json::object media{{"schema", reference(schema)}};
  json::object all;
  all[text(type)] = std::move(media);
  return all;
}

json::object parameter(std::string_view name, std::string_view in, std::string_view type, bool required,
                       std::string_view description) {
  json::object schema{{"type", text(type)}};
  return {{"name", text(name)},
          {"in", text(in)},
          {"required", required},
          {"description", text(description)},
          {"schema", std::move(schema)}};
}

json::object response(std::string_view description, std::string_view type, std::string_view schema) {
  return {{"description", text(description)}, {"content", content(type, schema)}};
}

json::object headers(const std::vector<std::string_view>& names) {
  json::object all;
  for (const std::string_view name : names) {
    all[text(name)] = json::object{{"$ref", "#/components/headers/" + std::string(name)}};
  }
  return all;
}

constexpr std::string_view shared_headers = R"({
  "RateLimit-Policy": {
    "description": "What each key has, after draft-ietf-httpapi-ratelimit-headers: q requests at once, and as many again in w seconds. Not sent where there is no limit.",
    "schema": {"type": "string", "examples": ["\"key\";q=100;w=2"]}
  },
  "RateLimit": {
    "description": "What this key has left: r requests, and not one more within t seconds.",
    "schema": {"type": "string", "examples": ["\"key\";r=99;t=1"]}
  },
  "Retry-After": {
    "description": "Seconds to wait before the next request.",
    "schema": {"type": "integer"}
  }
})";

json::object list_content(list_body of) {
  const json::object text{{"type", "string"}};
  if (of == list_body::suppression) {
    return {{"text/csv", json::object{{"schema", text}, {"example", "212,5550161\n415,5550162\n"}}}};
  }
  return {{"text/csv", json::object{{"schema", text}, {"example", "phone_number,name\n+12125550161,Ann\n12,Bob\n"}}},
          {"application/x-ndjson",
           json::object{{"schema", text}, {"example", "{\"phone_number\":\"+12125550161\",\"name\":\"Ann\"}\n"}}}};
}

// OpenAPI 3.1 has no words for the events of a stream, and JSON Schema some for what a text holds.
json::object stream_response(std::string_view events) {
  const json::object text{
      {"type", "string"}, {"contentMediaType", "text/event-stream"}, {"contentSchema", reference(events)}};
  const json::object stream{
      {"schema", text},
      {"example", "id: 1c2d-7\nevent: campaign\ndata: {\"campaign_id\":\"cmp_...\",\"state\":\"paused\"}\n\n"}};
  return {{"description", "Goes on until one side ends it. A line with nothing but a colon keeps the connection."},
          {"content", json::object{{"text/event-stream", stream}}}};
}

// Nor for the lines of a file.
json::object export_response(std::string_view row) {
  const json::object text{{"type", "string"}};
  const json::object csv{{"schema", text}, {"x-row", reference(row)}};
  const json::object ndjson{{"schema", text}, {"x-row", reference(row)}};
  return {
      {"description",
       "A row a line; in CSV the first line names the fields, and a cell that a spreadsheet would take for a formula "
       "begins with ', a number in E.164 too. Every row is as it was when it was read. Sent in chunks: without the "
       "last one the file is not whole. An hour at most; each piece must be taken within a minute."},
      {"content", json::object{{"text/csv", csv}, {"application/x-ndjson", ndjson}}}};
}

json::object describe(const rest_operation& operation) {
  json::array parameters;
  for (const std::string& name : path_parameters(operation.path)) {
    parameters.push_back(parameter(name, "path", "string", true, "Its id."));
  }
  for (const query_parameter& one : operation.query) {
    json::object described = parameter(one.name, "query", one.type, false, one.description);
    if (one.needed_unless_confined) described["x-needed-unless-confined"] = true;
    parameters.push_back(std::move(described));
  }
  if (operation.changes() && operation.takes_list == list_body::none) {
    parameters.push_back(parameter("Idempotency-Key", "header", "string", false,
                                   "Up to 255 characters. A repeat within 24 hours has no second effect and gets the "
                                   "first one's answer, marked Idempotency-Replayed."));
  }
  if (operation.changes()) {
    parameters.push_back(
        parameter("Audit-Reason", "header", "string", false, "Why, for the audit log; up to 500 bytes."));
  }
  if (operation.is_stream) {
    parameters.push_back(parameter("Last-Event-ID", "header", "string", false,
                                   "Of the last event that was received: what has changed since is told. Without it, "
                                   "or with one of before the engine's start, how everything stands."));
  }
  const std::string success = std::to_string(operation.success);
  json::object responses;
  responses[success] = operation.is_stream                ? stream_response(operation.gives)
                       : operation.open_export != nullptr ? export_response(operation.gives)
                                                          : response("Done.", "application/json", operation.gives);
  responses[success].as_object()["headers"] = headers({"RateLimit-Policy", "RateLimit"});
  if (operation.ask != nullptr && operation.changes()) {
    responses["202"] = response("Taken, and not confirmed by the carrier yet.", "application/json", operation.gives);
  }
  json::object limited = response("This key has no requests left; nothing was changed.", problem_type, "Problem");
  limited["headers"] = headers({"RateLimit-Policy", "RateLimit", "Retry-After"});
  responses["429"] = std::move(limited);
  responses["4XX"] = response("Refused; nothing was changed.", problem_type, "Problem");
  responses["5XX"] = response("Not now.", problem_type, "Problem");

  json::object described{{"operationId", text(operation.name)},
                         {"summary", text(operation.summary)},
                         {"tags", json::array{text(operation.path.substr(4, operation.path.find('/', 4) - 4))}},
                         {"x-required-scope", text(sql::to_string(operation.needs))},
                         {"x-organisation-wide", operation.where == reach::organisation},
                         {"parameters", std::move(parameters)},
                         {"responses", std::move(responses)}};
  if (!operation.takes.empty()) {
    described["requestBody"] =
        json::object{{"required", true}, {"content", content("application/json", operation.takes)}};
  }
  if (operation.takes_list != list_body::none) {
    described["requestBody"] = json::object{{"required", true}, {"content", list_content(operation.takes_list)}};
  }
  return described;
}

json::string method_name(std::string_view method) {
  json::string name;
  for (const char c : method) name += static_cast<char>(c - 'A' + 'a');
  return name;
}

}  // namespace

std::vector<std::string> path_parameters(std::string_view path) {
  std::vector<std::string> names;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
    names.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
  }
  return names;
}

json_schemas gather_schemas(const std::vector<rest_resource>& resources) {
  json::object all = json::parse(json::string_view{shared_schemas.data(), shared_schemas.size()}).as_object();
  for (const rest_resource& resource : resources) {
    const json::value some = json::parse(json::string_view{resource.schemas.data(), resource.schemas.size()});
    for (const auto& [name, schema] : some.as_object()) {
      if (!all.emplace(name, schema).second) throw std::invalid_argument{"two schemas are called " + std::string(name)};
    }
  }
  return json_schemas{std::move(all)};
}

std::string openapi_document(const std::vector<rest_operation>& operations, const json_schemas& schemas) {
  json::object paths;
  for (const rest_operation& operation : operations) {
    json::value& at = paths[text(operation.path)];
    if (at.is_null()) at = json::object{};
    at.as_object()[method_name(operation.method)] = describe(operation);
  }
  json::object scheme{
      {"type", "http"}, {"scheme", "bearer"}, {"description", "An API key (dlr_...), made by: dialer key create"}};
  json::object components{{"schemas", schemas.all()},
                          {"headers", json::parse(json::string_view{shared_headers.data(), shared_headers.size()})},
                          {"securitySchemes", json::object{{"key", std::move(scheme)}}}};
  json::object needs_key{{"key", json::array{}}};
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Dialer"},
                            {"version", "1"},
                            {"summary", "Outbound calling: lists in, calls out, every contact accounted for."},
                            {"description",
                             "Bodies may be sent as Content-Encoding: gzip, a list of contacts too; answers of some "
                             "size come so to who sends Accept-Encoding: gzip."},
                            {"license", json::object{{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", json::array{json::object{{"url", "/"}}}},
      {"security", json::array{std::move(needs_key)}},
      {"paths", std::move(paths)},
      {"components", std::move(components)}};
  return json::serialize(document);
}

}  // namespace dialer::api
