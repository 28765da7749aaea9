// Numbers that an account at a carrier holds already.

#include <algorithm>
#include <boost/json/array.hpp>

#include "api/campaign_words.hpp"
#include "api/number_book.hpp"
#include "api/number_desk.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_resources.hpp"
#include "sql/generation.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using callerid::number_status;
using carriers::held_number;
using carriers::number_outcome;

constexpr std::chrono::seconds answered_within{60};

constexpr std::string_view schemas = R"({
  "HeldNumber": {
    "type": "object",
    "required": ["phone_number", "number_id", "friendly_name", "type", "capabilities", "country", "voice_webhook",
                 "webhook", "active"],
    "additionalProperties": false,
    "properties": {
      "phone_number": {"type": "string"},
      "number_id": {"type": ["string", "null"], "description": "Its id here, once it is imported."},
      "friendly_name": {"type": "string"},
      "type": {"$ref": "#/components/schemas/NumberType"},
      "capabilities": {"$ref": "#/components/schemas/Capabilities"},
      "country": {"type": ["string", "null"]},
      "voice_webhook": {"type": "string", "description": "Where the carrier sends calls to it."},
      "webhook": {"type": "string", "enum": ["kept", "replaced", "unknown"],
                  "description": "What this request did to it; unknown: the carrier did not say, so look again."},
      "active": {"type": "boolean"}
    }
  },
  "HeldNumbers": {
    "type": "object",
    "required": ["data"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/HeldNumber"}},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "NumberImport": {
    "type": "object",
    "description": "Without phone_numbers nothing is imported: the answer lists what the account holds.",
    "additionalProperties": false,
    "properties": {
      "phone_numbers": {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "string", "maxLength": 16}},
      "workspace_id": {"type": "string", "maxLength": 64, "description": "Left out: the agent's, or the only one."},
      "agent_id": {"type": "string", "maxLength": 64, "description": "Who shows them."},
      "in_use": {"type": "boolean",
                 "description": "They were shown on calls before; else they begin with few calls a day. Left out: those whose calls the carrier sends somewhere already are taken for in use."},
      "replace_webhook": {"type": "boolean", "default": false,
                          "description": "Calls to them come to us from now on, and to where they went no more."},
      "current_webhook": {"type": "string", "maxLength": 2000,
                          "description": "With replace_webhook: the voice_webhook that they have now."}
    },
    "examples": [{"phone_numbers": ["+14155550149"]}]
  }
})";

struct import_plan {
  organisation_id organisation;
  integration_id integration;
  std::vector<e164> chosen;  ///< none: all are listed
  bool replaces = false;
  std::string current;
};

import_plan plan_import(const rest_call& call) {
  import_plan plan;
  plan.organisation = call.who.organisation;
  const sql::integration_record over = find_integration(call);
  plan.integration = over.account.id;
  const number_book book{call};
  if (const auto* numbers = call.body.if_contains("phone_numbers")) {
    if (over.platform) refuse_platform(call, bring_your_own);
    for (const json::value& text : numbers->as_array()) {
      const auto number = e164::parse(std::string(text.as_string()));
      if (!number) refuse_param("phone_numbers", "must be E.164: + and 7 to 15 digits each");
      plan.chosen.push_back(*number);
    }
    (void)book.body_workspace();
  }
  book.check_users();
  if (const auto* replaces = call.body.if_contains("replace_webhook")) plan.replaces = replaces->as_bool();
  if (call.body.contains("current_webhook")) plan.current = body_text(call, "current_webhook");
  return plan;
}

std::vector<held_number> read_held(carrier_call& call, const carriers::account& over, const import_plan& plan) {
  std::vector<held_number> found;
  const auto read = [&](std::optional<e164> only) {
    auto page = call.desk().held(over, only);
    if (page.refused) {
      throw rest_error{{409, "carrier_refused",
                        "the carrier refused to list the account's numbers (" + page.why +
                            "); nothing was imported: look at the account's api_key"}};
    }
    if (!page.clean) {
      throw rest_error{{503, "carrier_unavailable",
                        "the carrier did not answer as it should (" + page.why +
                            "); nothing was imported: try again in some seconds"}};
    }
    std::ranges::move(page.numbers, std::back_inserter(found));
  };
  if (plan.chosen.empty()) read(std::nullopt);
  for (const e164 number : plan.chosen) {
    const std::size_t before = found.size();
    read(number);
    if (found.size() == before) {
      refuse_param("phone_numbers", "holds " + number.text() +
                                        ", which the account does not hold; import without "
                                        "phone_numbers to see what it holds");
    }
  }
  return found;
}

// Whoever replaces a webhook has seen it: calls to the number go there today.
void check_webhooks(const import_plan& plan, const std::vector<held_number>& found) {
  for (const held_number& one : found) {
    if (one.voice_webhook == plan.current) continue;
    throw rest_error{{409, "webhook_in_use",
                      "calls to " + one.number.text() + " go to \"" + one.voice_webhook +
                          "\" now, and would no more; to replace that, repeat the request with it as current_webhook",
                      "current_webhook"}};
  }
}

// Somebody had its calls sent somewhere. Twilio's greeting is what a number has that nobody ever set up.
bool was_in_use(const held_number& held) {
  return !held.voice_webhook.empty() && !held.voice_webhook.starts_with("https://demo.twilio.com/");
}

void import_one(const rest_call& call, number_book& book, const import_plan& plan, const held_number& held) {
  const auto& numbers = book.numbers();
  const auto before = std::ranges::find_if(numbers, [&](const sql::number_record& one) {
    return one.number == held.number && one.status != number_status::released;
  });
  if (before != numbers.end()) {
    if (before->integration != plan.integration) book.refuse_held(held.number);
    sql::number_record known = *before;
    known.carrier_ref = held.carrier_ref;
    book.update(known);
    return;
  }
  sql::number_record wanted;
  wanted.id = phone_number_id{call.make_id()};
  wanted.number = held.number;
  wanted.workspace = book.body_workspace();
  wanted.integration = plan.integration;
  wanted.status = held.active ? number_status::active : number_status::inactive;
  wanted.outbound_enabled = true;
  describe_number(wanted);
  if (!held.country.empty()) wanted.country = held.country;
  wanted.type = held.type;
  wanted.capabilities = held.capabilities;
  wanted.friendly_name = held.friendly_name;
  wanted.carrier_ref = held.carrier_ref;
  const sql::number_record& made = book.add(wanted);
  const json::value* in_use = call.body.if_contains("in_use");
  if (!(in_use != nullptr ? in_use->as_bool() : was_in_use(held))) book.warm_up(made);
  book.set_users(wanted.id);
}

json::object to_json(const number_book& book, const held_number& one, const import_plan& plan) {
  json::value id = nullptr;
  for (const sql::number_record& known : book.numbers()) {
    if (known.number == one.number && known.integration == plan.integration &&
        known.status != number_status::released && book.shows(known)) {
      id = json::string(known.id.text());
    }
  }
  return {{"phone_number", one.number.text()},
          {"number_id", std::move(id)},
          {"friendly_name", one.friendly_name},
          {"type", std::string(find_name(type_names, one.type))},
          {"capabilities", capabilities_json(one.capabilities)},
          {"country", one.country.empty() ? json::value(nullptr) : json::value(one.country)},
          {"voice_webhook", one.voice_webhook},
          {"webhook", "kept"},
          {"active", one.active}};
}

rest_answer import_numbers(carrier_call& call) {
  import_plan plan;
  call.look([&](rest_call& at) { plan = plan_import(at); });
  const carriers::account over = account_of(call, plan.organisation, plan.integration);
  if (plan.replaces && over.kind == carriers::carrier_kind::telnyx && over.connection_id.empty()) {
    refuse_param("replace_webhook",
                 "needs the integration's metadata.connection_id: PATCH /v1/integrations/" + plan.integration.text());
  }
  const std::vector<held_number> found = read_held(call, over, plan);
  const bool replaces = plan.replaces && !plan.chosen.empty();
  if (replaces) check_webhooks(plan, found);
  rest_answer answer = call.change([&](rest_call& at) {
    sql::lock_organisation(at.tx, plan.organisation);
    number_book book{at};
    if (!plan.chosen.empty()) {
      for (const held_number& one : found) import_one(at, book, plan, one);
    }
    json::array data;
    for (const held_number& one : found) data.push_back(to_json(book, one, plan));
    return answer_when_applied(at, {{"data", std::move(data)}});
  });
  if (!replaces) return answer;
  json::array& data = answer.body.at("data").as_array();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto routed = call.desk().route(over, found[i].carrier_ref);
    json::object& told = data[i].as_object();
    if (routed.outcome == number_outcome::unknown) told["webhook"] = "unknown";
    if (routed.outcome != number_outcome::done) continue;
    told["webhook"] = "replaced";
    told["voice_webhook"] = call.desk().webhook_of(over);
  }
  return answer;
}

}  // namespace

rest_resource number_import_resource() {
  return {{{.method = "POST",
            .path = "/v1/integrations/{integration_id}/import",
            .name = "importPhoneNumbers",
            .summary = "Numbers that a carrier account holds: list them, or use them here",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .takes = "NumberImport",
            .gives = "HeldNumbers",
            .unanswered_max = 64,
            .respond_within = answered_within,
            .ask = import_numbers}},
          schemas};
}

}  // namespace dialer::api
