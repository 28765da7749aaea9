#include <boost/json/array.hpp>

#include "api/campaign_words.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "sql/configuration.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "Organisation": {
    "type": "object",
    "required": ["id", "name", "sharing", "frozen"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "sharing": {
        "type": "string",
        "enum": ["workspace", "organisation", "exclusive"],
        "description": "Who may share a phone number: agents of one workspace, of all, or nobody."
      },
      "frozen": {"type": "boolean", "description": "Nothing is dialed while it is."}
    }
  },
  "OrganisationList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Organisation"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

json::object to_json(const sql::organisation_record& one) {
  return {{"id", one.id.text()},
          {"name", one.name},
          {"sharing", std::string(find_name(sharing_names, one.sharing))},
          {"frozen", one.frozen}};
}

// There is one: the key's own. Row-level security shows no other.
rest_answer list_organisations(rest_call& call) {
  return answer_records(call, "org", sql::read_organisations(call.tx.on()), to_json);
}

rest_answer get_organisation(rest_call& call) {
  for (const sql::organisation_record& one : sql::read_organisations(call.tx.on())) {
    if (one.id == call.who.organisation && one.id.text() == call.request.param("organisation_id")) {
      return {to_json(one)};
    }
  }
  refuse_missing("organisation");
}

}  // namespace

rest_resource organisation_resource() {
  return {{{.method = "GET",
            .path = "/v1/organisations",
            .name = "listOrganisations",
            .summary = "The organisation of the key",
            .gives = "OrganisationList",
            .query = paged(),
            .run = list_organisations},
           {.method = "GET",
            .path = "/v1/organisations/{organisation_id}",
            .name = "getOrganisation",
            .summary = "An organisation",
            .gives = "Organisation",
            .run = get_organisation}},
          schemas};
}

}  // namespace dialer::api
