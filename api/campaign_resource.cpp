#include <algorithm>

#include "api/campaign_json.hpp"
#include "api/campaign_preview.hpp"
#include "api/instants.hpp"
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
  "CampaignSettings": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "weight": {"type": "integer", "minimum": 1, "maximum": 1000,
                 "description": "Its share of the workspace's capacity."},
      "calls_per_second_max": {"type": "number", "minimum": 0, "maximum": 10000,
                               "description": "0: only the account's limit."},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295,
                               "description": "0: no limit of its own."},
      "window": {
        "type": "object",
        "description": "Hours at the called party's place, such as 08:00-21:00, or closed. The law's hours narrow them.",
        "additionalProperties": false,
        "properties": {
          "sunday": {"type": "string"}, "monday": {"type": "string"}, "tuesday": {"type": "string"},
          "wednesday": {"type": "string"}, "thursday": {"type": "string"}, "friday": {"type": "string"},
          "saturday": {"type": "string"}
        }
      },
      "retry": {
        "type": "object",
        "description": "By how the last attempt ended.",
        "additionalProperties": false,
        "properties": {
          "voicemail": {"$ref": "#/components/schemas/RetryRule"},
          "busy": {"$ref": "#/components/schemas/RetryRule"},
          "no_answer": {"$ref": "#/components/schemas/RetryRule"},
          "failed": {"$ref": "#/components/schemas/RetryRule"},
          "rejected": {"$ref": "#/components/schemas/RetryRule"},
          "canceled": {"$ref": "#/components/schemas/RetryRule"},
          "blocked": {"$ref": "#/components/schemas/RetryRule"},
          "unknown": {"$ref": "#/components/schemas/RetryRule"}
        }
      },
      "attempts_per_contact_max": {"type": "integer", "minimum": 1, "maximum": 65535},
      "attempts_per_number_24h": {"type": "integer", "minimum": 1, "maximum": 65535},
      "attempts_per_number_7d": {"type": "integer", "minimum": 1, "maximum": 65535},
      "caller_id": {"type": "string", "enum": ["sticky", "local_presence", "least_used_today", "weighted", "fixed"]},
      "caller_id_number": {"type": ["string", "null"], "maxLength": 20,
                           "description": "The number that fixed shows, E.164: that one or none."},
      "ring_timeout_s": {"type": "integer", "minimum": 5, "maximum": 600},
      "call_time_limit_s": {"type": "integer", "minimum": 30, "maximum": 14400},
      "machine_detection": {"type": "string", "enum": ["off", "detect"]},
      "default_country": {"type": "string", "minLength": 2, "maxLength": 2},
      "redial_absent": {"type": "boolean",
                        "description": "Call again, 30 minutes later, whom the carrier has no call for."}
    }
  },
  "RetryRule": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "delay_s": {"type": "integer", "minimum": 0, "maximum": 2592000},
      "attempts_max": {"type": "integer", "minimum": 1, "maximum": 100, "description": "1: no retry."}
    }
  },
  "Campaign": {
    "type": "object",
    "required": ["id", "workspace_id", "agent_id", "name", "state", "frozen", "version", "settings"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "workspace_id": {"type": "string"},
      "agent_id": {"type": "string"},
      "name": {"type": "string"},
      "state": {"type": "string", "enum": ["draft", "running", "paused", "stopped", "finished"]},
      "frozen": {"type": "boolean", "description": "Nothing is dialed, whatever the state."},
      "version": {"type": "integer", "description": "Rises by one with every change of agent or settings."},
      "settings": {"$ref": "#/components/schemas/CampaignSettings"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "CampaignList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Campaign"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "CampaignCreate": {
    "type": "object",
    "required": ["workspace_id", "agent_id", "name"],
    "additionalProperties": false,
    "properties": {
      "workspace_id": {"type": "string", "maxLength": 64},
      "agent_id": {"type": "string", "maxLength": 64, "description": "Of the same workspace."},
      "name": {"type": "string", "minLength": 1, "maxLength": 200},
      "settings": {"$ref": "#/components/schemas/CampaignSettings"}
    },
    "examples": [{"workspace_id": "", "agent_id": "", "name": "Autumn",
                  "settings": {"window": {"sunday": "closed", "monday": "09:00-20:00"},
                               "retry": {"busy": {"delay_s": 600, "attempts_max": 2}}}}]
  },
  "CampaignChange": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "agent_id": {"type": "string", "maxLength": 64},
      "settings": {"$ref": "#/components/schemas/CampaignSettings"},
      "if_version": {"type": "integer", "minimum": 1,
                     "description": "Change nothing (409, version_conflict) unless this is the campaign's version."}
    },
    "examples": [{"settings": {"weight": 3}}]
  },
  "CampaignVersion": {
    "type": "object",
    "description": "What a campaign's settings were from an instant on; who changed them and why is in the audit log.",
    "required": ["version", "at", "agent_id", "settings"],
    "additionalProperties": false,
    "properties": {
      "version": {"type": "integer"},
      "at": {"type": "string", "format": "date-time"},
      "agent_id": {"type": "string"},
      "settings": {"$ref": "#/components/schemas/CampaignSettings"}
    }
  },
  "CampaignVersionList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/CampaignVersion"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "CampaignPreview": {
    "type": "object",
    "description": "What a change would do to the contacts that no call is under way to, judged at one instant.",
    "required": ["judged_at", "version", "contacts", "before", "after", "changes"],
    "additionalProperties": false,
    "properties": {
      "judged_at": {"type": "string", "format": "date-time"},
      "version": {"type": "integer", "description": "Of the settings that `before` goes by."},
      "contacts": {"type": "integer", "description": "That were judged."},
      "before": {"$ref": "#/components/schemas/StandingCounts"},
      "after": {"$ref": "#/components/schemas/StandingCounts"},
      "changes": {
        "type": "array",
        "description": "Contacts that would stand otherwise.",
        "items": {
          "type": "object",
          "required": ["from", "from_reason", "to", "to_reason", "contacts"],
          "additionalProperties": false,
          "properties": {
            "from": {"type": "string", "enum": ["eligible", "waiting", "ending"]},
            "from_reason": {"type": ["string", "null"]},
            "to": {"type": "string", "enum": ["eligible", "waiting", "ending"]},
            "to_reason": {"type": ["string", "null"]},
            "contacts": {"type": "integer"}
          }
        }
      }
    }
  },
  "StandingCounts": {
    "type": "object",
    "required": ["held", "eligible", "waiting", "ending", "ends_when_due", "attempts_left_max"],
    "additionalProperties": false,
    "properties": {
      "held": {"type": ["string", "null"], "description": "Why nothing of the campaign is called, whoever is eligible."},
      "eligible": {"type": "integer",
                   "description": "Called as soon as their turn comes: pace, free lines and caller IDs decide when."},
      "waiting": {"type": "object", "additionalProperties": {"type": "integer"},
                  "description": "By reason. Who waits for a retry or a cap keeps the time that was set for it."},
      "ending": {"type": "object", "additionalProperties": {"type": "integer"},
                 "description": "Ended without a call as soon as their turn comes, by reason."},
      "ends_when_due": {"type": "integer", "description": "Of those waiting: without attempts left when their time comes."},
      "attempts_left_max": {"type": "integer", "description": "Over all contacts, were every one of them used."}
    }
  },
  "StageCounts": {
    "type": "object",
    "description": "Every contact is in exactly one stage.",
    "required": ["fresh", "open", "waiting", "done"],
    "additionalProperties": false,
    "properties": {"fresh": {"type": "integer"}, "open": {"type": "integer"}, "waiting": {"type": "integer"},
                   "done": {"type": "integer"}}
  },
  "CampaignStats": {
    "type": "object",
    "required": ["contacts", "stages", "attempts", "dispositions", "not_dialed", "waiting", "misplaced"],
    "additionalProperties": false,
    "properties": {
      "contacts": {"type": "integer"},
      "stages": {"$ref": "#/components/schemas/StageCounts"},
      "attempts": {"type": "integer"},
      "dispositions": {"type": "object", "additionalProperties": {"type": "integer"}},
      "not_dialed": {"type": "object", "additionalProperties": {"type": "integer"},
                     "description": "Done without an attempt, by reason."},
      "waiting": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["place", "reason", "contacts", "first_due"],
          "additionalProperties": false,
          "properties": {"place": {"type": "string"}, "reason": {"type": "string"}, "contacts": {"type": "integer"},
                         "first_due": {"type": "string", "format": "date-time"}}
        }
      },
      "misplaced": {"type": "integer", "description": "0, or the ledger is damaged."}
    }
  }
})";

json::object to_json(const campaigns::settings& one) {
  return {{"id", one.id.text()},
          {"workspace_id", one.workspace.text()},
          {"agent_id", one.agent.text()},
          {"name", one.name},
          {"state", std::string(sql::to_string(one.state))},
          {"frozen", one.frozen},
          {"version", one.version},
          {"settings", settings_json(one)}};
}

json::object version_json(const sql::campaign_version& one) {
  return {{"version", one.what.version},
          {"at", to_text(one.at)},
          {"agent_id", one.what.agent.text()},
          {"settings", settings_json(one.what)}};
}

void read_agent(const rest_call& call, campaigns::settings& into) {
  if (!call.body.contains("agent_id")) return;
  const auto id = agent_id::parse(body_text(call, "agent_id"));
  const auto agents = sql::read_agents(call.tx.on(), call.who.organisation);
  const auto found = std::ranges::find_if(
      agents, [&](const auto& one) { return id && one.id == *id && one.workspace == into.workspace; });
  if (found == agents.end()) refuse_param("agent_id", "names no agent of this workspace; GET /v1/agents lists them");
  into.agent = *id;
}

void read_settings(const rest_call& call, campaigns::settings& into) {
  const auto* settings = call.body.if_contains("settings");
  if (settings != nullptr) read_settings_json(settings->as_object(), "settings.", into);
}

rest_answer list_campaigns(rest_call& call) {
  auto all = sql::read_campaigns(call.tx.on(), call.who.organisation);
  std::erase_if(all, [&](const auto& one) { return !sees(call.who, one.workspace); });
  if (const auto state = call.query_param("state")) {
    const auto wanted = sql::parse_campaign_state(*state);
    if (!wanted) refuse_param("state", "must be draft, running, paused, stopped or finished");
    std::erase_if(all, [&](const auto& one) { return one.state != *wanted; });
  }
  return answer_records(call, "cmp", std::move(all), to_json);
}

rest_answer get_campaign(rest_call& call) {
  return {to_json(find_campaign(call))};
}

rest_answer create_campaign(rest_call& call) {
  campaigns::settings wanted;
  wanted.workspace = body_workspace(call);
  wanted.name = body_text(call, "name");
  read_agent(call, wanted);
  read_settings(call, wanted);
  const auto made = sql::configuration{call.tx, call.make_id}.campaign(call.who.organisation, wanted);
  if (made.what != sql::change::created) refuse_taken("a campaign");
  wanted.id = made.id;
  wanted.version = 1;
  return {to_json(wanted)};
}

void refuse_other_version(const rest_call& call, const campaigns::settings& found) {
  const auto* wanted = call.body.if_contains("if_version");
  if (wanted == nullptr || wanted->to_number<std::uint64_t>() == found.version) return;
  throw rest_error{{409, "version_conflict",
                    "the campaign is at version " + std::to_string(found.version) +
                        " by now; read it again, and change that version",
                    "if_version"}};
}

rest_answer change_campaign(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  campaigns::settings wanted = find_campaign(call);
  refuse_other_version(call, wanted);
  read_agent(call, wanted);
  read_settings(call, wanted);
  const auto made = sql::configuration{call.tx, call.make_id}.campaign(call.who.organisation, wanted);
  if (made.what != sql::change::none) ++wanted.version;
  return answer_when_applied(call, to_json(wanted));
}

rest_answer list_versions(rest_call& call) {
  const campaign_id id = find_campaign(call).id;
  const page asked = read_page(call, "ver");
  const std::uint64_t before = asked.after ? asked.after->low : 0;
  const auto rows = sql::read_campaign_versions(call.tx.on(), call.who.organisation, id, before, asked.limit + 1);
  return answer_page(asked, rows, version_json,
                     [](const sql::campaign_version& one) { return make_cursor("ver", 0, one.what.version); });
}

compliance::rules_snapshot load_rules(const rest_call& call) {
  const auto lists = sql::read_do_not_call(call.tx.on(), call.who.organisation);
  try {
    return call.rules(lists);
  } catch (const std::exception&) {  // its words name files of this machine
    throw rest_error{
        {503, "rules_unavailable",
         "the do-not-call lists or the time zone data can't be read, and nothing is dialed until they can; "
         "the engine's log says which"}};
  }
}

// With one thread of four, and not for long.
constexpr std::chrono::seconds preview_within{45};

rest_answer preview_campaign(rest_call& call) {
  const campaigns::settings before = find_campaign(call);
  if (has_ended(before.state)) {
    throw rest_error{{409, "conflict", "the campaign has ended and calls nobody, whatever its settings"}};
  }
  refuse_other_version(call, before);
  campaigns::settings after = before;
  read_agent(call, after);
  read_settings(call, after);
  engine::organisation_snapshot organisation = sql::read_snapshot(
      call.tx, call.who.organisation, [](const std::string&, const sql::secret_place&) { return std::string(); });
  organisation.rules = load_rules(call);
  standing_judge old{organisation, before, call.now};
  standing_judge wanted{organisation, after, call.now};
  campaign_preview found;
  sql::visit_undecided(call.tx, call.who.organisation, before.id, call.now - std::chrono::days{7}, preview_within,
                       [&](const sql::undecided_contact& contact) {
                         ++found.contacts;
                         const contact_standing from = old.judge(contact);
                         const contact_standing to = wanted.judge(contact);
                         if (from != to) ++found.changes[{from, to}];
                       });
  found.before = old.counts();
  found.after = wanted.counts();
  json::object all = preview_json(found);
  all["judged_at"] = to_text(call.now);
  all["version"] = before.version;
  return {std::move(all)};
}

rest_answer campaign_stats(rest_call& call) {
  const campaign_id id = find_campaign(call).id;
  return {status_json(sql::read_status(call.tx.on(), call.who.organisation, id))};
}

template <sql::campaign_action action>
rest_answer act(rest_call& call) {
  campaigns::settings campaign = find_campaign(call);
  const auto made = sql::change_campaign_state(call.tx, call.who.organisation, campaign.id, action);
  campaign.state = made.state;
  return {to_json(campaign), made.generation};
}

rest_operation action(std::string_view path, std::string_view name, std::string_view summary,
                      rest_answer (*run)(rest_call&)) {
  return {.method = "POST",
          .path = path,
          .name = name,
          .summary = summary,
          .needs = sql::scope::operate,
          .gives = "Campaign",
          .run = run};
}

}  // namespace

rest_resource campaign_resource() {
  using sql::campaign_action;
  return {{{.method = "GET",
            .path = "/v1/campaigns",
            .name = "listCampaigns",
            .summary = "Campaigns, in the order of their making",
            .gives = "CampaignList",
            .query = paged({{"state", "string", "Only those in this state."}}),
            .run = list_campaigns},
           {.method = "POST",
            .path = "/v1/campaigns",
            .name = "createCampaign",
            .summary = "Make a campaign; it begins as a draft",
            .needs = sql::scope::operate,
            .takes = "CampaignCreate",
            .gives = "Campaign",
            .success = 201,
            .run = create_campaign},
           {.method = "GET",
            .path = "/v1/campaigns/{campaign_id}",
            .name = "getCampaign",
            .summary = "A campaign",
            .gives = "Campaign",
            .run = get_campaign},
           {.method = "PATCH",
            .path = "/v1/campaigns/{campaign_id}",
            .name = "changeCampaign",
            .summary = "Change a campaign, while it runs too",
            .needs = sql::scope::operate,
            .takes = "CampaignChange",
            .gives = "Campaign",
            .run = change_campaign},
           {.method = "POST",
            .path = "/v1/campaigns/{campaign_id}/preview",
            .name = "previewCampaign",
            .summary = "What a change would do to the contacts, judged as the engine does; nothing is changed",
            .takes = "CampaignChange",
            .gives = "CampaignPreview",
            .run = preview_campaign,
            .unanswered_max = 1,
            .respond_within = preview_within + std::chrono::seconds{5},
            .only_looks = true},
           {.method = "GET",
            .path = "/v1/campaigns/{campaign_id}/versions",
            .name = "listCampaignVersions",
            .summary = "What a campaign's settings were, the newest version first",
            .gives = "CampaignVersionList",
            .query = paged(),
            .run = list_versions},
           {.method = "GET",
            .path = "/v1/campaigns/{campaign_id}/stats",
            .name = "getCampaignStats",
            .summary = "Where every contact stands",
            .gives = "CampaignStats",
            .run = campaign_stats},
           action("/v1/campaigns/{campaign_id}/start", "startCampaign", "Start dialing a draft",
                  act<campaign_action::start>),
           action("/v1/campaigns/{campaign_id}/pause", "pauseCampaign", "Stop dialing for now; calls on the line go on",
                  act<campaign_action::pause>),
           action("/v1/campaigns/{campaign_id}/resume", "resumeCampaign", "Go on after a pause",
                  act<campaign_action::resume>),
           action("/v1/campaigns/{campaign_id}/stop", "stopCampaign", "Stop for good", act<campaign_action::stop>)},
          schemas};
}

}  // namespace dialer::api
