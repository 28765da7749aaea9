#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Workspace": {
    "type": "object",
    "required": ["id", "name", "weight", "frozen"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "weight": {"type": "integer"},
      "frozen": {"type": "boolean"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "WorkspaceList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Workspace"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "WorkspaceCreate": {
    "type": "object",
    "required": ["name"],
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 200},
      "weight": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1,
                 "description": "Its share of the organisation's capacity."}
    },
    "examples": [{"name": "Sales", "weight": 2}]
  },
  "WorkspaceChange": {
    "type": "object",
    "required": ["weight"],
    "additionalProperties": false,
    "properties": {"weight": {"type": "integer", "minimum": 1, "maximum": 1000}},
    "examples": [{"weight": 5}]
  }
})";

json::object to_json(const engine::workspace_record& one) {
  return {{"id", one.id.text()}, {"name", one.name}, {"weight", one.weight}, {"frozen", one.frozen}};
}

rest_answer list_workspaces(rest_call& call) {
  auto all = sql::read_workspaces(call.tx.on(), call.who.organisation);
  std::erase_if(all, [&](const auto& one) { return !sees(call.who, one.id); });
  return answer_records(call, "wsp", std::move(all), to_json);
}

rest_answer get_workspace(rest_call& call) {
  return {to_json(find_workspace(call))};
}

rest_answer create_workspace(rest_call& call) {
  engine::workspace_record wanted{{}, body_text(call, "name"), 1};
  if (const auto* weight = call.body.if_contains("weight")) wanted.weight = weight->to_number<std::uint16_t>();
  const auto made = sql::configuration{call.tx, call.make_id}.workspace(call.who.organisation, wanted);
  if (made.what != sql::change::created) refuse_taken("a workspace");
  wanted.id = made.id;
  return {to_json(wanted)};
}

rest_answer change_workspace(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  engine::workspace_record wanted = find_workspace(call);
  wanted.weight = call.body.at("weight").to_number<std::uint16_t>();
  (void)sql::configuration{call.tx, call.make_id}.workspace(call.who.organisation, wanted);
  return answer_when_applied(call, to_json(wanted));
}

}  // namespace

rest_resource workspace_resource() {
  return {{{.method = "GET",
            .path = "/v1/workspaces",
            .name = "listWorkspaces",
            .summary = "Workspaces, in the order of their making",
            .gives = "WorkspaceList",
            .query = paged(),
            .run = list_workspaces},
           {.method = "POST",
            .path = "/v1/workspaces",
            .name = "createWorkspace",
            .summary = "Make a workspace",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .takes = "WorkspaceCreate",
            .gives = "Workspace",
            .success = 201,
            .run = create_workspace},
           {.method = "GET",
            .path = "/v1/workspaces/{workspace_id}",
            .name = "getWorkspace",
            .summary = "A workspace",
            .gives = "Workspace",
            .run = get_workspace},
           {.method = "PATCH",
            .path = "/v1/workspaces/{workspace_id}",
            .name = "changeWorkspace",
            .summary = "Change a workspace",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .takes = "WorkspaceChange",
            .gives = "Workspace",
            .run = change_workspace}},
          schemas};
}

}  // namespace dialer::api
