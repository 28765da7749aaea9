#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/url/pct_string_view.hpp>

#include "api/instants.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_resources.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "SuppressionList": {
    "type": "object",
    "required": ["name", "version", "as_of", "numbers"],
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string"},
      "version": {"type": "string", "description": "As the registry calls it."},
      "as_of": {"type": "string", "format": "date-time",
                "description": "When it was fetched. Nothing is dialed by a list older than 31 days."},
      "numbers": {"type": "integer", "minimum": 0},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "SuppressionListList": {
    "type": "object",
    "required": ["data"],
    "additionalProperties": false,
    "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/SuppressionList"}}}
  }
})";

using sql::do_not_call_record;

json::object to_json(const do_not_call_record& one) {
  return {{"name", one.name}, {"version", one.version}, {"as_of", to_text(one.as_of)}, {"numbers", one.numbers}};
}

rest_answer list_all(rest_call& call) {
  json::array data;
  for (const do_not_call_record& one : sql::read_do_not_call(call.tx.on(), call.who.organisation)) {
    data.push_back(to_json(one));
  }
  return {{{"data", std::move(data)}}};
}

std::vector<do_not_call_record>::iterator find(const rest_call& call, std::vector<do_not_call_record>& among) {
  const auto encoded = boost::urls::make_pct_string_view(call.request.param("list_name"));
  const auto found = encoded ? std::ranges::find(among, encoded->decode(), &do_not_call_record::name) : among.end();
  if (found == among.end()) refuse_missing("suppression list");
  return found;
}

rest_answer get_one(rest_call& call) {
  auto all = sql::read_do_not_call(call.tx.on(), call.who.organisation);
  return {to_json(*find(call, all))};
}

rest_answer put(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  auto all = sql::read_do_not_call(call.tx.on(), call.who.organisation);
  const auto there = std::ranges::find(all, call.list->name, &do_not_call_record::name);
  if (there == all.end()) {
    all.push_back(*call.list);
  } else {
    *there = *call.list;
  }
  (void)sql::configuration{call.tx, call.make_id}.do_not_call(call.who.organisation, all);
  return answer_when_applied(call, to_json(*call.list));
}

rest_answer remove(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  auto all = sql::read_do_not_call(call.tx.on(), call.who.organisation);
  const auto found = find(call, all);
  json::object told = to_json(*found);
  all.erase(found);
  (void)sql::configuration{call.tx, call.make_id}.do_not_call(call.who.organisation, all);
  return answer_when_applied(call, std::move(told));
}

}  // namespace

rest_resource suppression_list_resource() {
  return {
      {{.method = "GET",
        .path = "/v1/suppression-lists",
        .name = "listSuppressionLists",
        .summary = "National do-not-call lists that calls are judged by",
        .where = reach::organisation,
        .gives = "SuppressionListList",
        .run = list_all},
       {.method = "GET",
        .path = "/v1/suppression-lists/{list_name}",
        .name = "getSuppressionList",
        .summary = "One of them",
        .where = reach::organisation,
        .gives = "SuppressionList",
        .run = get_one},
       {.method = "POST",
        .path = "/v1/suppression-lists",
        .name = "putSuppressionList",
        .summary = "Put a list in force, in place of the one of that name: a registry's text, `NPA,7 digits` a line",
        .needs = sql::scope::admin,
        .where = reach::organisation,
        .gives = "SuppressionList",
        .query = {{"name", "string", "Up to 100 bytes (national)."},
                  {"version", "string", "As the registry calls it, up to 64 bytes (the day of as_of)."},
                  {"as_of", "string", "When it was fetched, such as 2026-11-20T15:00:00Z (now)."}},
        .run = put,
        .takes_list = list_body::suppression},
       {.method = "DELETE",
        .path = "/v1/suppression-lists/{list_name}",
        .name = "removeSuppressionList",
        .summary = "Judge calls by it no more",
        .needs = sql::scope::admin,
        .where = reach::organisation,
        .gives = "SuppressionList",
        .run = remove}},
      schemas};
}

}  // namespace dialer::api
