#include <algorithm>
#include <boost/json/array.hpp>

#include "api/campaign_words.hpp"
#include "api/number_book.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "sql/generation.hpp"
#include "sql/number_health.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using callerid::number_status;
using callerid::profile;

constexpr std::string_view schemas = R"({
  "PhoneNumber": {
    "type": "object",
    "description": "A number, who may use it, and where calls to it go.",
    "required": ["id", "phone_number", "agent_id", "status", "friendly_name", "provider", "workspace_id",
                 "integration_id", "capabilities", "type", "country", "area_code", "region", "outbound_enabled",
                 "provider_config", "inbound_routing", "assignments", "attestation", "registered", "calls_per_day_max",
                 "calls_per_hour_max", "concurrent_calls_max", "weight", "health", "monthly_cost", "at_carrier", "frozen", "created_at",
                 "released_at"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "phone_number": {"type": "string", "description": "E.164."},
      "agent_id": {"type": ["string", "null"], "description": "Of the earliest outbound assignment."},
      "status": {"type": "string", "enum": ["pending", "active", "inactive", "released"],
                 "description": "Pending: bought, and the carrier has not said so yet. Released: given up, for good."},
      "friendly_name": {"type": "string"},
      "provider": {"type": "string", "enum": ["twilio", "telnyx", "platform"]},
      "workspace_id": {"type": "string"},
      "integration_id": {"type": "string", "description": "The carrier account that it is on."},
      "capabilities": {"$ref": "#/components/schemas/Capabilities"},
      "type": {"$ref": "#/components/schemas/NumberType"},
      "country": {"type": ["string", "null"], "description": "ISO 3166-1 alpha-2."},
      "area_code": {"type": ["string", "null"]},
      "region": {"type": ["string", "null"], "description": "US-CA: shown to those nearby first."},
      "outbound_enabled": {"type": "boolean", "description": "Whether calls may show it."},
      "provider_config": {"$ref": "#/components/schemas/ProviderConfig"},
      "inbound_routing": {"$ref": "#/components/schemas/InboundRouting"},
      "assignments": {"type": "array", "items": {"$ref": "#/components/schemas/NumberAssignment"}},
      "attestation": {"$ref": "#/components/schemas/Attestation"},
      "registered": {"type": "boolean", "description": "As a caller ID, where a country asks for it."},
      "calls_per_day_max": {"type": "integer", "description": "Rolling; 0: no limit."},
      "calls_per_hour_max": {"type": "integer", "description": "Rolling; 0: no limit."},
      "concurrent_calls_max": {"type": "integer", "description": "0: no limit."},
      "weight": {"type": "integer", "description": "Its share of the calls of a campaign that shows numbers by weight."},
      "health": {"$ref": "#/components/schemas/NumberHealth"},
      "monthly_cost": {"$ref": "#/components/schemas/Money"},
      "at_carrier": {"type": ["string", "null"], "enum": ["purchase", "release", null],
                     "description": "What the carrier has not confirmed yet."},
      "frozen": {"type": "boolean"},
      "created_at": {"type": "string", "format": "date-time"},
      "released_at": {"type": ["string", "null"], "format": "date-time"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "Capabilities": {"type": "array", "items": {"type": "string", "enum": ["voice", "sms", "mms", "fax"]}},
  "NumberType": {"type": "string", "enum": ["local", "national", "mobile", "toll_free"]},
  "NumberProfile": {"type": "string", "enum": ["outbound", "inbound", "sms"],
                    "description": "Shown on calls; answered; shown on messages."},
  "Attestation": {"type": "string", "enum": ["A", "B", "C", "unknown"],
                  "description": "How the carrier vouches for calls that show it (STIR/SHAKEN), as the operator has stated it in the configuration file: whoever states anything else is refused by S8."},
  "Money": {
    "type": ["object", "null"],
    "required": ["amount", "currency"],
    "additionalProperties": false,
    "properties": {
      "amount": {"type": "integer", "description": "In the smallest unit of the currency."},
      "currency": {"type": "string", "description": "ISO 4217."}
    }
  },
  "ProviderConfig": {
    "type": ["object", "null"],
    "description": "The SIP trunk that it is on. The password is stored encrypted and never shown.",
    "additionalProperties": false,
    "properties": {
      "trunk_address": {"type": "string", "maxLength": 253},
      "auth_username": {"type": "string", "maxLength": 200},
      "auth_password": {"type": "string", "maxLength": 200, "writeOnly": true},
      "auth_password_kept": {"type": "boolean", "readOnly": true}
    }
  },
  "InboundRouting": {
    "type": ["object", "null"],
    "description": "Where calls to it go; without it they are answered by nobody.",
    "additionalProperties": false,
    "properties": {
      "agent_id": {"type": "string", "maxLength": 64, "description": "Who answers; at first who shows it."},
      "fallback": {
        "type": ["object", "null"],
        "required": ["agent_id"],
        "additionalProperties": false,
        "properties": {"agent_id": {"type": "string", "maxLength": 64, "description": "Answers when that agent can't."}}
      },
      "voicemail_message": {"type": ["string", "null"], "maxLength": 2000}
    }
  },
  "NumberHealth": {
    "type": ["object", "null"],
    "description": "What its own calls say of it; null for a number that was given up.",
    "required": ["state", "since", "until", "why", "rests"],
    "additionalProperties": false,
    "properties": {
      "state": {"type": "string", "enum": ["fresh", "healthy", "watch", "resting", "retired"],
                "description": "Fresh: few calls a day at first. Watch: after a rest, half its limits. Resting: not shown until then. Retired: not shown until somebody ends it."},
      "since": {"type": ["string", "null"], "format": "date-time"},
      "until": {"type": ["string", "null"], "format": "date-time"},
      "why": {"type": ["string", "null"]},
      "rests": {"type": "integer", "description": "Within the last 30 days or so; one above three retires it."}
    }
  },
  "NumberHealthList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/NumberHealth"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "NumberRestEnd": {
    "type": "object",
    "required": ["reason"],
    "additionalProperties": false,
    "properties": {
      "reason": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Why it may be shown again."}
    },
    "examples": [{"reason": "The label was taken off by the carriers' registry."}]
  },
  "NumberAssignment": {
    "type": "object",
    "required": ["agent_id", "profile", "since"],
    "additionalProperties": false,
    "properties": {
      "agent_id": {"type": "string"},
      "profile": {"$ref": "#/components/schemas/NumberProfile"},
      "since": {"type": "string", "format": "date-time"}
    }
  },
  "NumberAssignmentCreate": {
    "type": "object",
    "required": ["agent_id"],
    "additionalProperties": false,
    "properties": {
      "agent_id": {"type": "string", "maxLength": 64},
      "profile": {"type": "string", "enum": ["outbound", "inbound", "sms"], "default": "outbound"}
    },
    "examples": [{"agent_id": "", "profile": "inbound"}]
  },
  "PhoneNumberList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/PhoneNumber"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "PhoneNumberRegister": {
    "type": "object",
    "required": ["phone_number"],
    "additionalProperties": false,
    "properties": {
      "phone_number": {"type": "string", "maxLength": 16, "description": "E.164."},
      "friendly_name": {"type": "string", "maxLength": 200},
      "provider": {"type": "string", "enum": ["twilio", "telnyx"]},
      "integration_id": {"type": "string", "maxLength": 64,
                         "description": "Left out: the one set up for this number, or the only one of that provider."},
      "workspace_id": {"type": "string", "maxLength": 64, "description": "Left out: the agent's, or the only one."},
      "agent_id": {"type": "string", "maxLength": 64, "description": "Who shows it."},
      "provider_config": {"$ref": "#/components/schemas/ProviderConfig"},
      "inbound_routing": {"$ref": "#/components/schemas/InboundRouting"},
      "outbound_enabled": {"type": "boolean", "default": true},
      "capabilities": {"$ref": "#/components/schemas/Capabilities"},
      "type": {"$ref": "#/components/schemas/NumberType"},
      "region": {"type": "string", "maxLength": 10},
      "attestation": {"$ref": "#/components/schemas/Attestation"},
      "registered": {"type": "boolean", "default": false, "description": "As attestation: stated by the operator."},
      "calls_per_day_max": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 75},
      "calls_per_hour_max": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 15},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0},
      "weight": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1},
      "in_use": {"type": "boolean", "default": false,
                 "description": "It was shown on calls before; else it begins with few calls a day."}
    },
    "examples": [{"phone_number": "+15735550123", "friendly_name": "Sales Line", "provider": "twilio",
                  "provider_config": {"trunk_address": "example.pstn.twilio.com", "auth_username": "dialer",
                                      "auth_password": "0123456789abcdef"}}]
  },
  "PhoneNumberChange": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "agent_id": {"type": ["string", "null"], "maxLength": 64, "description": "Takes the place of the one it has."},
      "friendly_name": {"type": "string", "maxLength": 200},
      "status": {"type": "string", "enum": ["active", "inactive"]},
      "provider_config": {"$ref": "#/components/schemas/ProviderConfig"},
      "inbound_routing": {"$ref": "#/components/schemas/InboundRouting"},
      "outbound_enabled": {"type": "boolean"},
      "region": {"type": "string", "maxLength": 10},
      "attestation": {"$ref": "#/components/schemas/Attestation"},
      "registered": {"type": "boolean"},
      "calls_per_day_max": {"type": "integer", "minimum": 0, "maximum": 4294967295},
      "calls_per_hour_max": {"type": "integer", "minimum": 0, "maximum": 4294967295},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295},
      "weight": {"type": "integer", "minimum": 1, "maximum": 1000}
    },
    "examples": [{"friendly_name": "Spring Line", "outbound_enabled": true,
                  "inbound_routing": {"voicemail_message": "We call back."}}]
  }
})";

/// A change waits here for others of the organisation: what it is judged by stands until it is done.
number_book open_for_change(const rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  return number_book{call};
}

std::vector<query_parameter> filters() {
  return {{"status", "string", "pending, active, inactive or released; else all but the released ones."},
          {"provider", "string", "twilio, telnyx or platform."},
          {"type", "string", "local, national, mobile or toll_free."},
          {"country", "string", "ISO 3166-1 alpha-2."},
          {"agent_id", "string", "Those that this agent is assigned to."},
          {"phone_number", "string", "E.164: that one."}};
}

rest_answer list_numbers(rest_call& call) {
  const number_book book{call};
  auto all = book.numbers();
  std::erase_if(all, [&](const auto& one) { return !book.shows(one); });
  if (const auto status = call.query_param("status")) {
    const auto wanted = find_named(status_names, *status);
    if (!wanted) refuse_param("status", "must be pending, active, inactive or released");
    std::erase_if(all, [&](const auto& one) { return one.status != *wanted; });
  } else {
    std::erase_if(all, [](const auto& one) { return one.status == number_status::released; });
  }
  if (const auto type = call.query_param("type")) {
    const auto wanted = find_named(type_names, *type);
    if (!wanted) refuse_param("type", "must be local, national, mobile or toll_free");
    std::erase_if(all, [&](const auto& one) { return one.type != *wanted; });
  }
  if (const auto provider = call.query_param("provider")) {
    std::erase_if(all, [&](const auto& one) { return book.provider_of(one) != *provider; });
  }
  if (const auto country = call.query_param("country")) {
    std::erase_if(all, [&](const auto& one) { return one.country != *country; });
  }
  if (const auto number = call.query_param("phone_number")) {
    std::erase_if(all, [&](const auto& one) { return one.number.text() != *number; });
  }
  if (const auto agent = call.query_param("agent_id")) {
    const auto wanted = agent_id::parse(*agent);
    std::erase_if(all, [&](const auto& one) { return !wanted || !book.is_assigned(one, *wanted); });
  }
  return answer_records(call, "phn", std::move(all), [&](const auto& one) { return book.to_json(one); });
}

rest_answer get_number(rest_call& call) {
  const number_book book{call};
  return {book.to_json(book.find())};
}

rest_answer register_number(rest_call& call) {
  number_book book = open_for_change(call);
  sql::number_record wanted;
  wanted.id = phone_number_id{call.make_id()};
  wanted.number = body_number(call);
  book.refuse_held(wanted.number);
  wanted.workspace = book.body_workspace();
  wanted.integration = book.body_integration(wanted.number);
  wanted.status = number_status::active;
  wanted.capabilities = voice;
  wanted.outbound_enabled = true;
  describe_number(wanted);
  read_number_settings(call, wanted);
  const sql::number_record& made = book.add(wanted);
  const json::value* in_use = call.body.if_contains("in_use");
  if (in_use == nullptr || !in_use->as_bool()) book.warm_up(made);
  book.set_users(wanted.id);
  return answer_when_applied(call, book.to_json(book.at(wanted.id)));
}

rest_answer change_number(rest_call& call) {
  number_book book = open_for_change(call);
  sql::number_record wanted = book.find_own();
  using enum number_status;
  if (wanted.status == released) {
    throw rest_error{{409, "conflict", "this number was given up; register or buy it anew"}};
  }
  read_number_settings(call, wanted);
  if (call.body.contains("status")) {
    if (wanted.status == pending) {
      throw rest_error{
          {409, "conflict", "the carrier has not confirmed this number yet; ask for it with POST /process", "status"}};
    }
    wanted.status = *find_named(status_names, body_text(call, "status"));
  }
  book.update(wanted);
  book.set_users(wanted.id);
  return answer_when_applied(call, book.to_json(book.at(wanted.id)));
}

// What is given up is shown no more from here on, whether or not the carrier can be reached; it is told until it says
// that it knows.
rest_answer release_number(rest_call& call) {
  const sql::number_record wanted = open_for_change(call).find_own();
  if (wanted.status == number_status::pending) {
    throw rest_error{{409, "conflict",
                      "the carrier has not confirmed this number yet; ask for it with POST /process, then release it"}};
  }
  if (wanted.status != number_status::released) {
    sql::release_number(call.tx, call.who.organisation, wanted, call.now);
  }
  const number_book after{call};
  return answer_when_applied(call, after.to_json(after.at(wanted.id)));
}

rest_answer list_health(rest_call& call) {
  const page asked = read_page(call, "phh");
  const sql::number_record number = number_book{call}.find();
  // What happens to it after it was given up is another one's.
  std::optional<utc_time> before = number.released_at;
  if (asked.after) before = utc_time{std::chrono::microseconds{asked.after->low}};
  const auto rows =
      sql::read_health_history(call.tx.on(), call.who.organisation, number.number, before, asked.limit + 1);
  return answer_page(asked, rows, health_json, [](const callerid::health_record& one) {
    return make_cursor("phh", 0, static_cast<std::uint64_t>(one.since.time_since_epoch().count()));
  });
}

rest_answer end_rest(rest_call& call) {
  number_book book = open_for_change(call);
  const sql::number_record number = book.find_own();
  book.end_rest(number, body_text(call, "reason"));
  return answer_when_applied(call, book.to_json(number));
}

rest_answer assign_number(rest_call& call) {
  number_book book = open_for_change(call);
  const profile as =
      call.body.contains("profile") ? *find_named(profile_names, body_text(call, "profile")) : profile::outbound;
  // Who shares a number shows it; where calls to it go is for its own workspace to say.
  const sql::number_record number = as == profile::inbound ? book.find_own() : book.find();
  book.assign(number, book.agent_of(call.body.at("agent_id"), "agent_id"), as);
  return answer_when_applied(call, book.to_json(book.at(number.id)));
}

rest_answer unassign_number(rest_call& call) {
  number_book book = open_for_change(call);
  const sql::number_record number = book.find();
  const agent_id agent = find_agent(call).id;
  std::optional<profile> as;
  if (const auto named = call.query_param("profile")) {
    as = find_named(profile_names, *named);
    if (!as) refuse_param("profile", "must be outbound, inbound or sms");
  }
  book.unassign(number, as, agent);
  return answer_when_applied(call, book.to_json(book.at(number.id)));
}

}  // namespace

rest_resource phone_number_resource() {
  return {{{.method = "GET",
            .path = "/v1/phone-numbers",
            .name = "listPhoneNumbers",
            .summary = "Numbers, in the order of their making",
            .gives = "PhoneNumberList",
            .query = paged(filters()),
            .run = list_numbers},
           {.method = "POST",
            .path = "/v1/phone-numbers",
            .name = "registerPhoneNumber",
            .summary = "Use a number that you have at a carrier",
            .needs = sql::scope::admin,
            .takes = "PhoneNumberRegister",
            .gives = "PhoneNumber",
            .success = 201,
            .run = register_number},
           {.method = "GET",
            .path = "/v1/phone-numbers/{number_id}",
            .name = "getPhoneNumber",
            .summary = "A number",
            .gives = "PhoneNumber",
            .run = get_number},
           {.method = "PATCH",
            .path = "/v1/phone-numbers/{number_id}",
            .name = "changePhoneNumber",
            .summary = "Change who uses a number, and how",
            .needs = sql::scope::admin,
            .takes = "PhoneNumberChange",
            .gives = "PhoneNumber",
            .run = change_number},
           {.method = "DELETE",
            .path = "/v1/phone-numbers/{number_id}",
            .name = "releasePhoneNumber",
            .summary = "Give up a number; one that was bought here, at its carrier, too",
            .needs = sql::scope::admin,
            .gives = "PhoneNumber",
            .run = release_number},
           {.method = "GET",
            .path = "/v1/phone-numbers/{number_id}/health",
            .name = "listPhoneNumberHealth",
            .summary = "What became of a number's health and why, the newest first",
            .gives = "NumberHealthList",
            .query = paged(),
            .run = list_health},
           {.method = "POST",
            .path = "/v1/phone-numbers/{number_id}/end-rest",
            .name = "endPhoneNumberRest",
            .summary = "Show a number again that rests or was retired for its health",
            .needs = sql::scope::admin,
            .takes = "NumberRestEnd",
            .gives = "PhoneNumber",
            .run = end_rest},
           {.method = "POST",
            .path = "/v1/phone-numbers/{number_id}/assignments",
            .name = "assignPhoneNumber",
            .summary = "Let an agent use a number",
            .needs = sql::scope::admin,
            .takes = "NumberAssignmentCreate",
            .gives = "PhoneNumber",
            .run = assign_number},
           {.method = "DELETE",
            .path = "/v1/phone-numbers/{number_id}/assignments/{agent_id}",
            .name = "unassignPhoneNumber",
            .summary = "Let an agent use a number no more",
            .needs = sql::scope::admin,
            .gives = "PhoneNumber",
            .query = {{"profile", "string", "outbound, inbound or sms; else all of them."}},
            .run = unassign_number}},
          schemas};
}

}  // namespace dialer::api
