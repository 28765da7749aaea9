#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/list_text.hpp"
#include "api/rest_export.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "api/upload_json.hpp"
#include "campaigns/phone_normaliser.hpp"
#include "sql/campaign_report.hpp"
#include "sql/contact_store.hpp"
#include "sql/generation.hpp"
#include "sql/storable_text.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Contact": {
    "type": "object",
    "required": ["id", "campaign_id", "row", "number", "name", "external_id", "stage", "attempts", "disposition",
                 "reason", "due_at"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "campaign_id": {"type": "string"},
      "row": {"type": "integer", "description": "Of the imported list; 0: it came in none."},
      "number": {"type": "string"},
      "name": {"type": "string"},
      "external_id": {"type": "string"},
      "stage": {"type": "string", "enum": ["fresh", "open", "waiting", "done"]},
      "attempts": {"type": "integer"},
      "disposition": {"type": ["string", "null"], "description": "How the newest attempt ended."},
      "reason": {"type": ["string", "null"], "description": "Why it waits, or was never dialed."},
      "due_at": {"type": ["string", "null"], "format": "date-time"},
      "time_zone": {"type": "string"},
      "state": {"type": "string"},
      "postal_code": {"type": "string"},
      "place": {"type": "string", "description": "Where the phone is taken to be."},
      "opted_out": {"type": "boolean"},
      "variables": {"type": "object", "additionalProperties": true},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "UrgentContact": {
    "type": "object",
    "description": "As a row of a list would have it.",
    "required": ["number"],
    "additionalProperties": false,
    "properties": {
      "number": {"type": "string", "minLength": 1, "maxLength": 40,
                 "description": "Written nationally, it is of the campaign's country."},
      "name": {"type": "string", "maxLength": 500},
      "external_id": {"type": "string", "maxLength": 500},
      "time_zone": {"type": "string", "maxLength": 100},
      "state": {"type": "string", "maxLength": 100},
      "postal_code": {"type": "string", "maxLength": 40},
      "variables": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 10000}}
    },
    "examples": [{"number": "+12125550196", "name": "Pat", "variables": {"order": "A-17"}}]
  },
  "ImportResult": {
    "type": "object",
    "description": "Every row of the list is exactly one of accepted, duplicate, rejected.",
    "required": ["rows", "accepted", "duplicate", "rejected", "finished", "imported_before", "dry_run",
                 "not_accepted"],
    "additionalProperties": false,
    "properties": {
      "rows": {"type": "integer"},
      "accepted": {"type": "integer"},
      "duplicate": {"type": "integer"},
      "rejected": {"type": "integer"},
      "finished": {"type": "boolean", "description": "false: the engine was stopped; send the list again to go on."},
      "imported_before": {"type": "boolean", "description": "This very list was here already; nothing was done."},
      "dry_run": {"type": "boolean", "description": "Nothing was stored. Of a list whose import was begun, how that one stands."},
      "not_accepted": {
        "type": "array",
        "description": "The first hundred of them.",
        "items": {
          "type": "object",
          "required": ["row", "verdict", "number", "detail"],
          "additionalProperties": false,
          "properties": {
            "row": {"type": "integer"},
            "verdict": {"type": "string", "enum": ["duplicate", "rejected"]},
            "number": {"type": "string"},
            "detail": {"type": "string", "description": "What is wrong and what to write instead."}
          }
        }
      }
    }
  },
  "Import": {
    "type": "object",
    "description": "How far the import of a list is. GET /v1/events tells of those under way and of the last hour's.",
    "required": ["campaign_id", "source", "rows", "accepted", "duplicate", "rejected", "finished"],
    "additionalProperties": false,
    "properties": {
      "campaign_id": {"type": "string"},
      "source": {"type": "string", "description": "The importer's name of the list."},
      "rows": {"type": "integer", "description": "Accounted for so far."},
      "accepted": {"type": "integer"},
      "duplicate": {"type": "integer"},
      "rejected": {"type": "integer"},
      "finished": {"type": "boolean"}
    }
  },
  "ImportList": {
    "type": "object",
    "required": ["data"],
    "additionalProperties": false,
    "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Import"}}}
  },
  "ContactList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Contact"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

constexpr std::size_t text_bytes_max = 2'000;

json::object to_json(campaign_id campaign, const sql::contact_facts& facts) {
  json::object one = contact_json(campaign, facts.state);
  one["time_zone"] = facts.time_zone;
  one["state"] = facts.us_state;
  one["postal_code"] = facts.postal_code;
  one["place"] = facts.place;
  one["opted_out"] = facts.opted_out;
  one["variables"] = json::parse(facts.variables);
  return one;
}

sql::contact_filter read_filter(const rest_call& call) {
  sql::contact_filter which;
  if (const auto number = call.query_param("number")) {
    which.number = e164::parse(*number);
    if (!which.number) refuse_param("number", "must be in E.164, such as +12125550123");
  }
  if (const auto stage = call.query_param("stage")) {
    which.stage = sql::parse_contact_stage(*stage);
    if (!which.stage) refuse_param("stage", "must be fresh, open, waiting or done");
  }
  which.ended_as = read_disposition(call);
  return which;
}

rest_answer list_contacts(rest_call& call) {
  const campaign_id campaign = find_campaign(call).id;
  const page asked = read_page(call, "con");
  sql::contact_place after;
  if (asked.after) after = {static_cast<std::int32_t>(asked.after->high & 0xFFFF), contact_id{asked.after->low}};
  const sql::contact_page found =
      sql::read_contacts(call.tx, call.who.organisation, campaign, after, asked.limit, read_filter(call));
  json::array data;
  for (const sql::contact_row& row : found.rows) data.push_back(contact_json(campaign, row));
  json::value next = nullptr;
  if (found.next) next = make_cursor("con", static_cast<std::uint64_t>(found.next->lane), found.next->contact.value);
  return {{{"data", std::move(data)}, {"next_cursor", std::move(next)}}};
}

class contact_export final : public export_reader {
 public:
  contact_export(organisation_id organisation, campaign_id campaign, sql::contact_filter which, export_format format)
      : organisation_{organisation}, campaign_{campaign}, which_{which}, format_{format} {}

  bool read(sql::transaction& in, std::string& into) override {
    if (!begun_) append_head(into, format_, contact_json(campaign_, {}));
    begun_ = true;
    const sql::contact_page found = sql::read_contacts(in, organisation_, campaign_, after_, export_rows, which_);
    for (const sql::contact_row& row : found.rows) append_row(into, format_, contact_json(campaign_, row));
    if (found.next) after_ = *found.next;
    return found.next.has_value();
  }

 private:
  const organisation_id organisation_;
  const campaign_id campaign_;
  const sql::contact_filter which_;
  const export_format format_;
  sql::contact_place after_;
  bool begun_ = false;
};

opened_export export_contacts(rest_call& call) {
  const campaign_id campaign = find_campaign(call).id;
  const export_format format = read_export_format(call);
  return {std::make_unique<contact_export>(call.who.organisation, campaign, read_filter(call), format), format};
}

std::vector<query_parameter> filters() {
  return {{"number", "string", "Only the one of this number, in E.164."},
          {"stage", "string", "Only those that are fresh, open, waiting or done."},
          {"disposition", "string", "Only those whose newest attempt ended so."}};
}

rest_answer get_contact(rest_call& call) {
  const campaign_id campaign = find_campaign(call).id;
  const auto id = path_id<contact_id>(call, "contact_id", "contact");
  const auto found = sql::find_contact(call.tx.on(), call.who.organisation, campaign, id);
  if (!found) refuse_missing("contact");
  return {to_json(campaign, *found)};
}

e164 body_number(const rest_call& call, const std::string& country) {
  const std::string given = body_text(call, "number");
  const auto read = campaigns::phone_normaliser{country}.normalise(given);
  if (read) return read.number;
  const auto& why = campaigns::describe(read.problem);
  refuse_param("number", "is no number: " + std::string(why.meaning) + "; " + std::string(why.remedy));
}

rest_answer call_now(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  const campaigns::settings campaign = find_campaign(call);
  if (has_ended(campaign.state)) {
    throw rest_error{{409, "conflict", "the campaign has ended and calls nobody; add the contact to one that runs"}};
  }
  campaigns::imported_contact what;
  what.number = body_number(call, campaign.default_country);
  const auto text = [&](const char* name) {
    return call.body.contains(name) ? sql::storable_text(body_text(call, name), text_bytes_max) : std::string();
  };
  what.name = text("name");
  what.external_id = text("external_id");
  what.time_zone = text("time_zone");
  what.state = text("state");
  what.postal_code = text("postal_code");
  const json::value* variables = call.body.if_contains("variables");
  what.variables = variables == nullptr ? "{}" : json::serialize(*variables);
  if (what.variables.find("\\u0000") != std::string::npos) refuse_param("variables", "must hold no NUL character");
  campaigns::place_answer where = call.place({what.number, what.time_zone, what.state, what.postal_code});
  if (!where.wrong_column.empty()) refuse_param(where.wrong_column, where.message);
  what.place = std::move(where.lane);
  const auto id = sql::add_urgent_contact(call.tx, call.who.organisation, campaign.id, what, call.now);
  if (!id) {
    throw rest_error{{409, "conflict",
                      "the campaign holds this number already; GET its contacts with number= shows where "
                      "it stands",
                      "number"}};
  }
  const auto stored = sql::find_contact(call.tx.on(), call.who.organisation, campaign.id, *id);
  return answer_when_applied(call, to_json(campaign.id, stored.value()));
}

rest_answer list_imports(rest_call& call) {
  json::array data;
  for (const auto& one : sql::read_campaign_imports(call.tx.on(), call.who.organisation, find_campaign(call).id)) {
    data.push_back(import_json(one));
  }
  return {{{"data", std::move(data)}}};
}

}  // namespace

rest_resource contact_resource() {
  return {{{.method = "GET",
            .path = "/v1/campaigns/{campaign_id}/contacts",
            .name = "listContacts",
            .summary = "Contacts of a campaign with where they stand",
            .gives = "ContactList",
            .query = paged(filters()),
            .run = list_contacts},
           {.method = "GET",
            .path = "/v1/campaigns/{campaign_id}/contacts/export",
            .name = "exportContacts",
            .summary = "All contacts of a campaign, or those asked for, as one file",
            .gives = "Contact",
            .query = exported(filters()),
            .open_export = export_contacts},
           {.method = "POST",
            .path = "/v1/campaigns/{campaign_id}/contacts",
            .name = "uploadContacts",
            .summary = "Import a list of any size; the same list again goes on where it stopped",
            .needs = sql::scope::operate,
            .gives = "ImportResult",
            .query = {{"format", "string", "csv, ndjson or detect (detect)."},
                      {"country", "string", "Of numbers that are written nationally (the campaign's)."},
                      {"phone_column", "string", "Which column to call, when there are several."},
                      {"dry_run", "boolean", "true: say what would become of each row, and store nothing."}},
            .takes_list = list_body::contacts},
           {.method = "POST",
            .path = "/v1/campaigns/{campaign_id}/call-now",
            .name = "callNow",
            .summary = "Add one contact that is called before all that wait in the campaign, now if it runs",
            .needs = sql::scope::operate,
            .takes = "UrgentContact",
            .gives = "Contact",
            .success = 201,
            .run = call_now},
           {.method = "GET",
            .path = "/v1/campaigns/{campaign_id}/imports",
            .name = "listImports",
            .summary = "How far uploads and other imports are; the last hundred, the latest first",
            .gives = "ImportList",
            .run = list_imports},
           {.method = "GET",
            .path = "/v1/campaigns/{campaign_id}/contacts/{contact_id}",
            .name = "getContact",
            .summary = "A contact with all that was imported about it",
            .gives = "Contact",
            .run = get_contact}},
          schemas};
}

}  // namespace dialer::api
