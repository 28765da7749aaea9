#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Number": {
    "type": "object",
    "description": "A caller ID.",
    "required": ["id", "workspace_id", "integration_id", "number", "outbound_enabled", "frozen"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "workspace_id": {"type": "string"},
      "integration_id": {"type": "string", "description": "The carrier account that it is shown on."},
      "number": {"type": "string"},
      "outbound_enabled": {"type": "boolean"},
      "frozen": {"type": "boolean"}
    }
  },
  "NumberList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Number"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

json::object to_json(const callerid::phone_number& one) {
  return {{"id", one.id.text()},
          {"workspace_id", one.workspace.text()},
          {"integration_id", one.integration.text()},
          {"number", one.number.text()},
          {"outbound_enabled", one.outbound_enabled},
          {"frozen", one.frozen}};
}

rest_answer list_numbers(rest_call& call) {
  auto all = sql::read_numbers(call.tx.on(), call.who.organisation);
  std::erase_if(all, [&](const auto& one) { return !sees(call.who, one.workspace); });
  return answer_records(call, "phn", std::move(all), to_json);
}

rest_answer get_number(rest_call& call) {
  return {to_json(find_number(call))};
}

}  // namespace

rest_resource number_resource() {
  return {{{.method = "GET",
            .path = "/v1/numbers",
            .name = "listNumbers",
            .summary = "Caller IDs, in the order of their making",
            .gives = "NumberList",
            .query = paged(),
            .run = list_numbers},
           {.method = "GET",
            .path = "/v1/numbers/{number_id}",
            .name = "getNumber",
            .summary = "A caller ID",
            .gives = "Number",
            .run = get_number}},
          schemas};
}

}  // namespace dialer::api
