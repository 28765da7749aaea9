#include "api/instants.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "sql/attempt_report.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Attempt": {
    "type": "object",
    "required": ["id", "campaign_id", "contact_id", "to", "from", "number", "decided_at", "state", "changed_at",
                 "disposition", "reason", "answered", "duration_s", "call_ref", "carrier_code"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "campaign_id": {"type": "string"},
      "contact_id": {"type": "string"},
      "to": {"type": "string"},
      "from": {"type": "string", "description": "The caller ID that was shown."},
      "number": {"type": "integer", "description": "1 for the contact's first attempt."},
      "decided_at": {"type": "string", "format": "date-time"},
      "state": {
        "type": "string",
        "enum": ["decided", "accepted", "in_doubt", "adopted", "held", "not_sent", "rejected", "absent", "ended", "late"],
        "description": "From `not_sent` on it is over."
      },
      "changed_at": {"type": ["string", "null"], "format": "date-time"},
      "disposition": {"type": ["string", "null"]},
      "reason": {"type": ["string", "null"], "description": "Why it was not sent."},
      "answered": {"type": "boolean"},
      "duration_s": {"type": "integer"},
      "call_ref": {"type": "string", "description": "The carrier's name of the call."},
      "carrier_code": {"type": "string"}
    }
  },
  "AttemptList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Attempt"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

const char* state_of(const sql::attempt_record& one) {
  if (!one.learned) return "decided";
  switch (one.learned->kind) {
    case engine::outcome_kind::accepted: return "accepted";
    case engine::outcome_kind::in_doubt: return "in_doubt";
    case engine::outcome_kind::adopted: return "adopted";
    case engine::outcome_kind::held: return "held";
    case engine::outcome_kind::not_sent: return "not_sent";
    case engine::outcome_kind::rejected: return "rejected";
    case engine::outcome_kind::absent: return "absent";
    case engine::outcome_kind::ended: return "ended";
    case engine::outcome_kind::late: return "late";
  }
  return "decided";
}

json::object to_json(const sql::attempt_record& one) {
  const engine::outcome learned = one.learned.value_or(engine::outcome{});
  json::object all{{"id", one.attempt.text()},
                   {"campaign_id", one.campaign.text()},
                   {"contact_id", one.contact.text()},
                   {"to", one.to.text()},
                   {"from", one.from.text()},
                   {"number", one.number},
                   {"decided_at", to_text(one.decided_at)},
                   {"state", state_of(one)},
                   {"changed_at", nullptr},
                   {"disposition", nullptr},
                   {"reason", nullptr},
                   {"answered", learned.answered},
                   {"duration_s", learned.duration_s},
                   {"call_ref", one.call_ref},
                   {"carrier_code", learned.carrier_code}};
  if (one.learned) all["changed_at"] = to_text(learned.at);
  if (learned.ended_as) all["disposition"] = std::string(to_string(*learned.ended_as));
  if (learned.why != reason::none) all["reason"] = std::string(to_string(learned.why));
  return all;
}

rest_answer list_attempts(rest_call& call) {
  const page asked = read_page(call, "att");
  sql::attempt_filter which;
  which.workspace = call.who.workspace;
  if (asked.after) which.before = attempt_id{asked.after->low};
  if (const auto campaign = call.query_param("campaign_id")) {
    which.campaign = campaign_id::parse(*campaign);
    if (!which.campaign) refuse_param("campaign_id", "is no id of a campaign");
  }
  const auto rows = sql::read_attempts(call.tx.on(), call.who.organisation, which, asked.limit + 1);
  return answer_page(asked, rows, to_json,
                     [](const sql::attempt_record& one) { return make_cursor("att", 0, one.attempt.value); });
}

rest_answer get_attempt(rest_call& call) {
  const auto id = path_id<attempt_id>(call, "attempt_id", "attempt");
  const auto found = sql::find_attempt(call.tx.on(), call.who.organisation, id, call.who.workspace);
  if (!found) refuse_missing("attempt");
  return {to_json(*found)};
}

}  // namespace

rest_resource attempt_resource() {
  return {{{.method = "GET",
            .path = "/v1/attempts",
            .name = "listAttempts",
            .summary = "Attempts, the newest first",
            .gives = "AttemptList",
            .query = paged({{"campaign_id", "string", "Only those of this campaign."}}),
            .run = list_attempts},
           {.method = "GET",
            .path = "/v1/attempts/{attempt_id}",
            .name = "getAttempt",
            .summary = "An attempt",
            .gives = "Attempt",
            .run = get_attempt}},
          schemas};
}

}  // namespace dialer::api
