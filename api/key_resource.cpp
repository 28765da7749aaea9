#include <boost/json/array.hpp>

#include "api/instants.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "sql/api_keys.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Key": {
    "type": "object",
    "description": "What an API key may do; the key itself is shown once, by `dialer key create`.",
    "required": ["id", "name", "scopes", "workspace_id", "created_at", "expires_at", "revoked_at"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "scopes": {
        "type": "array",
        "items": {"type": "string", "enum": ["read", "operate", "admin", "numbers_create"]}
      },
      "workspace_id": {"type": ["string", "null"], "description": "The one it is confined to; null: all."},
      "created_at": {"type": "string", "format": "date-time"},
      "expires_at": {"type": ["string", "null"], "format": "date-time"},
      "revoked_at": {"type": ["string", "null"], "format": "date-time"}
    }
  },
  "KeyList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

json::value instant_or_null(const std::optional<utc_time>& at) {
  return at ? json::value(to_text(*at)) : json::value(nullptr);
}

json::object to_json(const sql::api_key_record& key) {
  json::array scopes;
  for (const sql::scope one : sql::all_scopes) {
    if (sql::has(key.scopes, one)) scopes.emplace_back(std::string(sql::to_string(one)));
  }
  return {{"id", key.id.text()},
          {"name", key.name},
          {"scopes", std::move(scopes)},
          {"workspace_id", key.workspace ? json::value(key.workspace->text()) : json::value(nullptr)},
          {"created_at", to_text(key.created_at)},
          {"expires_at", instant_or_null(key.expires_at)},
          {"revoked_at", instant_or_null(key.revoked_at)}};
}

rest_answer list_keys(rest_call& call) {
  return answer_records(call, "key", sql::read_api_keys(call.tx.on(), call.who.organisation), to_json);
}

rest_answer revoke_key(rest_call& call) {
  const auto id = api_key_id::parse(call.request.param("key_id"));
  if (!id || !sql::revoke_api_key(call.tx, call.who.organisation, *id)) refuse_missing("key");
  for (const sql::api_key_record& key : sql::read_api_keys(call.tx.on(), call.who.organisation)) {
    if (key.id == *id) return {to_json(key)};
  }
  refuse_missing("key");
}

}  // namespace

rest_resource key_resource() {
  return {{{.method = "GET",
            .path = "/v1/keys",
            .name = "listKeys",
            .summary = "API keys, in the order of their making",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .gives = "KeyList",
            .query = paged(),
            .run = list_keys},
           {.method = "DELETE",
            .path = "/v1/keys/{key_id}",
            .name = "revokeKey",
            .summary = "End a key; engines refuse it in under a second",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .gives = "Key",
            .run = revoke_key}},
          schemas};
}

}  // namespace dialer::api
