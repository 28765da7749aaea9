#include "api/rest_resources.hpp"

namespace dialer::api {
namespace {

constexpr std::string_view schemas = R"({
  "Events": {
    "type": "object",
    "description": "What `data` holds, by the name of the event. An event tells the latest state of one thing, not each step to it: a client that is slow, or comes back with Last-Event-ID, is told the latest of everything that changed since.",
    "additionalProperties": false,
    "properties": {
      "campaign": {"$ref": "#/components/schemas/CampaignEvent"},
      "attempts": {"$ref": "#/components/schemas/AttemptsEvent"},
      "import": {"$ref": "#/components/schemas/Import"}
    }
  },
  "CampaignEvent": {
    "type": "object",
    "description": "The latest state of a campaign; states that it went through meanwhile are not told.",
    "required": ["campaign_id", "workspace_id", "name", "state"],
    "additionalProperties": false,
    "properties": {
      "campaign_id": {"type": "string"},
      "workspace_id": {"type": "string"},
      "name": {"type": "string"},
      "state": {"type": "string", "enum": ["draft", "running", "paused", "stopped", "finished"]}
    }
  },
  "AttemptsEvent": {
    "type": "object",
    "description": "Of a campaign that the engine in this process dials, counted since it took the organisation over: what it counted before, and other engines, is in GET /v1/stats.",
    "required": ["campaign_id", "attempts", "answered", "dispositions", "now"],
    "additionalProperties": false,
    "properties": {
      "campaign_id": {"type": "string"},
      "attempts": {"type": "integer"},
      "answered": {"type": "integer"},
      "dispositions": {"type": "object", "additionalProperties": {"type": "integer"}},
      "now": {"$ref": "#/components/schemas/CampaignNow"}
    }
  }
})";

}  // namespace

rest_resource event_resource() {
  return {{{.method = "GET",
            .path = "/v1/events",
            .name = "followEvents",
            .summary = "What changes, as server-sent events",
            .gives = "Events",
            .is_stream = true}},
          schemas};
}

}  // namespace dialer::api
