#include <boost/json/array.hpp>

#include "api/instants.hpp"
#include "api/list_text.hpp"
#include "api/rest_export.hpp"
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

utc_time read_instant(std::string_view name, std::string_view text) {
  const auto at = parse_instant(text);
  if (!at) refuse_param(std::string(name), "must be an instant in UTC, such as 2026-11-20T15:00:00Z");
  return *at;
}

sql::attempt_filter read_filter(const rest_call& call) {
  sql::attempt_filter which;
  which.workspace = call.who.workspace;
  if (const auto campaign = call.query_param("campaign_id")) {
    which.campaign = campaign_id::parse(*campaign);
    if (!which.campaign) refuse_param("campaign_id", "is no id of a campaign");
  }
  which.ended_as = read_disposition(call);
  if (const auto from = call.query_param("from")) which.from = read_instant("from", *from);
  if (const auto until = call.query_param("until")) which.until = read_instant("until", *until);
  return which;
}

sql::attempt_order read_order(const rest_call& call) {
  const std::string_view order = call.query_param("order").value_or("desc");
  if (order != "asc" && order != "desc") refuse_param("order", "must be asc (the oldest first) or desc");
  return order == "asc" ? sql::attempt_order::oldest_first : sql::attempt_order::newest_first;
}

rest_answer list_attempts(rest_call& call) {
  const sql::attempt_order order = read_order(call);
  // A cursor of the other direction would go back over what was shown.
  const char* const kind = order == sql::attempt_order::oldest_first ? "atu" : "att";
  const page asked = read_page(call, kind);
  std::optional<attempt_id> after;
  if (asked.after) after = attempt_id{asked.after->low};
  const sql::attempt_page found =
      sql::read_attempts(call.tx.on(), call.who.organisation, read_filter(call), order, after, asked.limit);
  json::array data;
  for (const sql::attempt_record& one : found.rows) data.push_back(attempt_json(one));
  json::value next = nullptr;
  if (found.next) next = make_cursor(kind, 0, found.next->value);
  return {{{"data", std::move(data)}, {"next_cursor", std::move(next)}}};
}

class attempt_export final : public export_reader {
 public:
  attempt_export(organisation_id organisation, sql::attempt_filter which, sql::attempt_order order,
                 export_format format)
      : organisation_{organisation}, which_{which}, order_{order}, format_{format} {}

  bool read(sql::transaction& in, std::string& into) override {
    if (!begun_) append_head(into, format_, attempt_json({}));
    begun_ = true;
    const sql::attempt_page found = sql::read_attempts(in.on(), organisation_, which_, order_, after_, export_rows);
    for (const sql::attempt_record& one : found.rows) append_row(into, format_, attempt_json(one));
    after_ = found.next;
    return found.next.has_value();
  }

 private:
  const organisation_id organisation_;
  const sql::attempt_filter which_;
  const sql::attempt_order order_;
  const export_format format_;
  std::optional<attempt_id> after_;
  bool begun_ = false;
};

opened_export export_attempts(rest_call& call) {
  const export_format format = read_export_format(call);
  return {std::make_unique<attempt_export>(call.who.organisation, read_filter(call), read_order(call), format), format};
}

std::vector<query_parameter> filters() {
  return {{"campaign_id", "string", "Only those of this campaign."},
          {"disposition", "string", "Only those that ended so."},
          {"from", "string", "Only those decided at or after this instant, such as 2026-11-20T15:00:00Z."},
          {"until", "string", "Only those decided before this instant."},
          {"order", "string", "By time: desc, the newest first, or asc (desc)."}};
}

rest_answer get_attempt(rest_call& call) {
  const auto id = path_id<attempt_id>(call, "attempt_id", "attempt");
  const auto found = sql::find_attempt(call.tx.on(), call.who.organisation, id, call.who.workspace);
  if (!found) refuse_missing("attempt");
  return {attempt_json(*found)};
}

}  // namespace

rest_resource attempt_resource() {
  return {{{.method = "GET",
            .path = "/v1/attempts",
            .name = "listAttempts",
            .summary = "Attempts by time, the newest first",
            .gives = "AttemptList",
            .query = paged(filters()),
            .run = list_attempts},
           {.method = "GET",
            .path = "/v1/attempts/export",
            .name = "exportAttempts",
            .summary = "All attempts, or those asked for, as one file",
            .gives = "Attempt",
            .query = exported(filters()),
            .open_export = export_attempts},
           {.method = "GET",
            .path = "/v1/attempts/{attempt_id}",
            .name = "getAttempt",
            .summary = "An attempt",
            .gives = "Attempt",
            .run = get_attempt}},
          schemas};
}

}  // namespace dialer::api
