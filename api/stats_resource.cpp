#include <algorithm>
#include <boost/json/array.hpp>
#include <map>

#include "api/campaign_json.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_resources.hpp"
#include "sql/configuration.hpp"
#include "sql/organisation_report.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Stats": {
    "type": "object",
    "description": "What came of everything the key sees: counted from what is durable.",
    "required": ["total", "workspaces", "campaigns"],
    "additionalProperties": false,
    "properties": {
      "total": {"$ref": "#/components/schemas/StatsCounts"},
      "workspaces": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["id", "name", "counts"],
          "additionalProperties": false,
          "properties": {"id": {"type": "string"}, "name": {"type": "string"},
                         "counts": {"$ref": "#/components/schemas/StatsCounts"}}
        }
      },
      "campaigns": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["id", "workspace_id", "name", "state", "counts", "now"],
          "additionalProperties": false,
          "properties": {"id": {"type": "string"}, "workspace_id": {"type": "string"}, "name": {"type": "string"},
                         "state": {"type": "string", "enum": ["draft", "running", "paused", "stopped", "finished"]},
                         "counts": {"$ref": "#/components/schemas/StatsCounts"},
                         "now": {"$ref": "#/components/schemas/CampaignNow"}}
        }
      }
    }
  },
  "StatsCounts": {
    "type": "object",
    "required": ["contacts", "stages", "dispositions", "not_dialed", "misplaced", "waiting", "tried", "attempts",
                 "attempt_dispositions", "tried_rate", "answer_rate", "answered_s_average"],
    "additionalProperties": false,
    "properties": {
      "contacts": {"type": "integer"},
      "stages": {"$ref": "#/components/schemas/StageCounts"},
      "dispositions": {"type": "object", "additionalProperties": {"type": "integer"},
                       "description": "Contacts that are done, by how their last attempt ended."},
      "not_dialed": {"type": "object", "additionalProperties": {"type": "integer"},
                     "description": "Contacts done without an attempt, by reason."},
      "misplaced": {"type": "integer", "description": "0, or the ledger is damaged."},
      "waiting": {"type": "object", "additionalProperties": {"type": "integer"},
                  "description": "Contacts that wait, by reason."},
      "tried": {"type": "integer", "description": "Contacts with an attempt."},
      "attempts": {"type": "integer"},
      "attempt_dispositions": {"type": "object", "additionalProperties": {"type": "integer"}},
      "tried_rate": {"type": ["number", "null"], "description": "tried / contacts; null without a contact."},
      "answer_rate": {"type": ["number", "null"],
                      "description": "Answered attempts / attempts with a disposition; null without one."},
      "answered_s_average": {"type": ["number", "null"], "description": "Seconds of an answered call."}
    }
  },
  "CampaignNow": {
    "type": ["object", "null"],
    "description": "As the engine has it at this moment; null when it does not dial it.",
    "required": ["live", "queued", "blocked", "next_at"],
    "additionalProperties": false,
    "properties": {
      "live": {"type": "integer", "description": "Attempts that are open."},
      "queued": {"type": "integer", "description": "Contacts looked ahead at."},
      "blocked": {"type": ["string", "null"], "description": "The limit in force; null while it dials."},
      "next_at": {"type": ["string", "null"], "format": "date-time", "description": "When it can dial again."}
    }
  }
})";

json::value rate(std::uint64_t of, std::uint64_t in) {
  if (in == 0) return nullptr;
  return static_cast<double>(of) / static_cast<double>(in);
}

json::object counts_json(const sql::campaign_totals& totals) {
  json::object waiting, ended;
  for (const reason_text& why : all_reasons()) {
    const auto n = totals.waiting_by_reason[static_cast<std::size_t>(why.value)];
    if (n != 0) waiting[std::string(why.name)] = n;
  }
  std::uint64_t with_disposition = 0;
  for (const disposition how : all_dispositions) {
    const auto n = totals.attempts_by_disposition[static_cast<std::size_t>(how)];
    with_disposition += n;
    if (n != 0) ended[std::string(to_string(how))] = n;
  }
  json::object all = contact_counts_json(totals.contacts);
  all["waiting"] = std::move(waiting);
  all["tried"] = totals.tried;
  all["attempt_dispositions"] = std::move(ended);
  all["tried_rate"] = rate(totals.tried, totals.contacts.contacts);
  all["answer_rate"] = rate(totals.answered, with_disposition);
  all["answered_s_average"] = rate(totals.answered_s, totals.answered);
  return all;
}

rest_answer get_stats(rest_call& call) {
  const organisation_id organisation = call.who.organisation;
  auto totals = sql::read_totals(call.tx.on(), organisation);
  const auto now = campaigns_now(call.views(), organisation);
  sql::campaign_totals total;
  std::map<workspace_id, sql::campaign_totals> by_workspace;
  json::array campaigns, workspaces;
  for (const campaigns::settings& one : sql::read_campaigns(call.tx.on(), organisation)) {
    if (!sees(call.who, one.workspace)) continue;
    const sql::campaign_totals& own = totals[one.id];
    by_workspace[one.workspace] += own;
    total += own;
    const auto found = now.find(one.id);
    campaigns.push_back(json::object{{"id", one.id.text()},
                                     {"workspace_id", one.workspace.text()},
                                     {"name", one.name},
                                     {"state", std::string(sql::to_string(one.state))},
                                     {"counts", counts_json(own)},
                                     {"now", found == now.end() ? json::value() : now_json(found->second)}});
  }
  for (const engine::workspace_record& one : sql::read_workspaces(call.tx.on(), organisation)) {
    if (!sees(call.who, one.id)) continue;
    workspaces.push_back(
        json::object{{"id", one.id.text()}, {"name", one.name}, {"counts", counts_json(by_workspace[one.id])}});
  }
  return {{{"total", counts_json(total)}, {"workspaces", std::move(workspaces)}, {"campaigns", std::move(campaigns)}}};
}

}  // namespace

rest_resource stats_resource() {
  return {{{.method = "GET",
            .path = "/v1/stats",
            .name = "getStats",
            .summary = "What came of it all, by workspace and by campaign",
            .gives = "Stats",
            .run = get_stats,
            .unanswered_max = 2}},  // of four threads: the kill switch finds one free
          schemas};
}

}  // namespace dialer::api
