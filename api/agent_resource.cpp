#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "carriers/agent_address.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Agent": {
    "type": "object",
    "required": ["id", "workspace_id", "name", "published", "answer_url", "concurrent_calls_max", "frozen"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "workspace_id": {"type": "string"},
      "name": {"type": "string"},
      "published": {"type": "boolean", "description": "A draft (false) never dials."},
      "answer_url": {"type": "string"},
      "concurrent_calls_max": {"type": "integer", "description": "0: no limit of its own."},
      "frozen": {"type": "boolean"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "AgentList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "AgentCreate": {
    "type": "object",
    "required": ["workspace_id", "name", "answer_url"],
    "additionalProperties": false,
    "properties": {
      "workspace_id": {"type": "string", "maxLength": 64},
      "name": {"type": "string", "minLength": 1, "maxLength": 200},
      "published": {"type": "boolean", "default": false},
      "answer_url": {"type": "string", "minLength": 1, "maxLength": 2000,
                     "description": "Where the agent answers: a URL, or a SIP address (sip:agent@pbx.example.com). Twilio asks the URL what to do with the call; over Telnyx its application gets the call's events, takes the call by a 2xx to call.answered, and has to be reached by https."},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0}
    },
    "examples": [{"workspace_id": "", "name": "Bea", "answer_url": "https://agent.example.com/answer"}]
  },
  "AgentChange": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "published": {"type": "boolean"},
      "answer_url": {"type": "string", "minLength": 1, "maxLength": 2000},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295}
    },
    "examples": [{"published": true, "concurrent_calls_max": 7}]
  }
})";

json::object to_json(const engine::agent_record& one) {
  return {{"id", one.id.text()},
          {"workspace_id", one.workspace.text()},
          {"name", one.name},
          {"published", one.published},
          {"answer_url", one.answer_url},
          {"concurrent_calls_max", one.concurrent_calls_max},
          {"frozen", one.frozen}};
}

void read_body(const rest_call& call, engine::agent_record& into) {
  if (const auto* published = call.body.if_contains("published")) into.published = published->as_bool();
  if (const auto* most = call.body.if_contains("concurrent_calls_max")) {
    into.concurrent_calls_max = most->to_number<std::uint32_t>();
  }
  if (!call.body.contains("answer_url")) return;
  into.answer_url = body_text(call, "answer_url");
  const std::string_view fault = carriers::agent_address_fault(into.answer_url);
  if (!fault.empty()) refuse_param("answer_url", std::string{fault});
}

rest_answer list_agents(rest_call& call) {
  auto all = sql::read_agents(call.tx.on(), call.who.organisation);
  std::erase_if(all, [&](const auto& one) { return !sees(call.who, one.workspace); });
  return answer_records(call, "agt", std::move(all), to_json);
}

rest_answer get_agent(rest_call& call) {
  return {to_json(find_agent(call))};
}

rest_answer create_agent(rest_call& call) {
  engine::agent_record wanted;
  wanted.workspace = body_workspace(call);
  wanted.name = body_text(call, "name");
  read_body(call, wanted);
  const auto made = sql::configuration{call.tx, call.make_id}.agent(call.who.organisation, wanted);
  if (made.what != sql::change::created) refuse_taken("an agent");
  wanted.id = made.id;
  return {to_json(wanted)};
}

rest_answer change_agent(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  engine::agent_record wanted = find_agent(call);
  read_body(call, wanted);
  (void)sql::configuration{call.tx, call.make_id}.agent(call.who.organisation, wanted);
  return answer_when_applied(call, to_json(wanted));
}

}  // namespace

rest_resource agent_resource() {
  return {{{.method = "GET",
            .path = "/v1/agents",
            .name = "listAgents",
            .summary = "Agents, in the order of their making",
            .gives = "AgentList",
            .query = paged(),
            .run = list_agents},
           {.method = "POST",
            .path = "/v1/agents",
            .name = "createAgent",
            .summary = "Make an agent",
            .needs = sql::scope::admin,
            .takes = "AgentCreate",
            .gives = "Agent",
            .success = 201,
            .run = create_agent},
           {.method = "GET",
            .path = "/v1/agents/{agent_id}",
            .name = "getAgent",
            .summary = "An agent",
            .gives = "Agent",
            .run = get_agent},
           {.method = "PATCH",
            .path = "/v1/agents/{agent_id}",
            .name = "changeAgent",
            .summary = "Change, publish or unpublish an agent",
            .needs = sql::scope::admin,
            .takes = "AgentChange",
            .gives = "Agent",
            .run = change_agent}},
          schemas};
}

}  // namespace dialer::api
