#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <stdexcept>

#include "api/instants.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "api/webhook_post.hpp"
#include "api/webhook_signature.hpp"
#include "sql/generation.hpp"
#include "sql/webhooks.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::size_t webhooks_max = 20;  // of an organisation: each reads the ledger for itself
constexpr std::chrono::hours replay_max{7 * 24};

constexpr std::string_view schemas = R"({
  "Webhook": {
    "type": "object",
    "description": "An endpoint that is told what happens, after Standard Webhooks 1.0: POST with webhook-id, webhook-timestamp and webhook-signature. Messages come at least once, in no certain order; a repeat has the same webhook-id. Anything but 2xx is tried again for three days; 410 ends it. Redirects are not followed.",
    "required": ["id", "url", "kinds", "state", "created_at", "previous_secret_until", "waiting"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "url": {"type": "string"},
      "kinds": {"$ref": "#/components/schemas/WebhookKinds"},
      "state": {"type": "string", "enum": ["on", "off", "gone"], "description": "gone: it answered 410."},
      "created_at": {"type": "string", "format": "date-time"},
      "previous_secret_until": {"type": ["string", "null"], "format": "date-time",
                                "description": "Until then messages are signed with the secret before, too."},
      "waiting": {"type": "integer", "description": "Messages on their way, most of them to be tried again."},
      "secret": {"type": "string", "description": "Shown in the answer that made it, and never again."}
    }
  },
  "WebhookKinds": {
    "type": "array",
    "description": "attempt.ended: an attempt is over, answered or not. campaign.state: the latest state of a campaign that was started, paused, resumed, stopped or finished; changes that follow one another within seconds may be told as one.",
    "minItems": 1,
    "maxItems": 2,
    "items": {"type": "string", "enum": ["attempt.ended", "campaign.state"]}
  },
  "WebhookList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Webhook"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "WebhookCreate": {
    "type": "object",
    "required": ["url", "kinds"],
    "additionalProperties": false,
    "properties": {
      "url": {"type": "string", "maxLength": 2000, "description": "https, at a public address."},
      "kinds": {"$ref": "#/components/schemas/WebhookKinds"}
    },
    "examples": [{"url": "https://crm.example/dialer", "kinds": ["attempt.ended"]}]
  },
  "WebhookChange": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "url": {"type": "string", "maxLength": 2000},
      "kinds": {"$ref": "#/components/schemas/WebhookKinds"},
      "enabled": {"type": "boolean", "description": "Switched off, it also loses what was on its way. When it is on again it is told what happens from then on; replay tells the rest."}
    },
    "examples": [{"kinds": ["attempt.ended", "campaign.state"], "enabled": true}]
  },
  "WebhookRotation": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "overlap_s": {"type": "integer", "minimum": 0, "maximum": 604800,
                    "description": "How long messages are signed with the secret before, too; a day by default."}
    },
    "examples": [{"overlap_s": 3600}]
  },
  "WebhookReplay": {
    "type": "object",
    "required": ["since"],
    "additionalProperties": false,
    "properties": {
      "since": {"type": "string", "maxLength": 40, "description": "Of the last seven days, such as 2026-11-20T15:00:00Z."}
    },
    "examples": [{"since": "2026-09-21T14:00:00Z"}]
  }
})";

constexpr std::array<std::pair<std::string_view, sql::webhook_kind>, 2> kind_names{
    {{"attempt.ended", sql::webhook_kind::attempt_ended}, {"campaign.state", sql::webhook_kind::campaign_state}}};

const char* name_of_state(sql::webhook_state state) {
  switch (state) {
    case sql::webhook_state::on: return "on";
    case sql::webhook_state::off: return "off";
    case sql::webhook_state::gone: break;
  }
  return "gone";
}

json::object to_json(const sql::webhook_record& one) {
  json::array kinds;
  for (const auto& [name, kind] : kind_names) {
    if (sql::has(one.kinds, kind)) kinds.emplace_back(std::string(name));
  }
  json::object all{{"id", one.id.text()},
                   {"url", one.url},
                   {"kinds", std::move(kinds)},
                   {"state", name_of_state(one.state)},
                   {"created_at", to_text(one.created_at)},
                   {"previous_secret_until", nullptr},
                   {"waiting", one.waiting}};
  if (one.previous_until) all["previous_secret_until"] = to_text(*one.previous_until);
  return all;
}

sql::webhook_record find_webhook(const rest_call& call) {
  const auto id = path_id<webhook_id>(call, "webhook_id", "webhook");
  const auto all = sql::read_webhooks(call.tx.on(), call.who.organisation);
  const auto found = std::ranges::find(all, id, &sql::webhook_record::id);
  if (found == all.end()) refuse_missing("webhook");
  return *found;
}

std::string read_url(const rest_call& call) {
  std::string url = body_text(call, "url");
  try {
    (void)parse_webhook_url(url);
  } catch (const std::invalid_argument& wrong) {
    refuse_param("url", wrong.what());
  }
  return url;
}

sql::webhook_kinds read_kinds(const rest_call& call) {
  sql::webhook_kinds kinds = 0;
  for (const json::value& one : call.body.at("kinds").as_array()) {
    const auto* named = std::ranges::find(kind_names, std::string_view(one.as_string()),
                                          &std::pair<std::string_view, sql::webhook_kind>::first);
    kinds |= static_cast<sql::webhook_kinds>(named->second);
  }
  return kinds;
}

std::string seal(const rest_call& call, const std::string& secret, webhook_id of) {
  try {
    return call.secrets.seal(secret, {call.who.organisation, of});
  } catch (const secret_error& wrong) {
    throw rest_error{{409, "no_secret_key", wrong.what()}};
  }
}

rest_answer list_webhooks(rest_call& call) {
  return answer_records(call, "whk", sql::read_webhooks(call.tx.on(), call.who.organisation), to_json);
}

rest_answer get_webhook(rest_call& call) {
  return {to_json(find_webhook(call))};
}

rest_answer create_webhook(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  if (sql::read_webhooks(call.tx.on(), call.who.organisation).size() >= webhooks_max) {
    throw rest_error{{409, "too_many", "an organisation has up to 20 webhooks; delete one, or change it"}};
  }
  sql::webhook_record made;
  made.id = webhook_id{call.make_id()};
  made.url = read_url(call);
  made.kinds = read_kinds(call);
  made.created_at = call.now;
  const std::string secret = make_webhook_secret();
  made.secret = seal(call, secret, made.id);
  sql::create_webhook(call.tx, call.who.organisation, made, call.now);
  return {.body = to_json(made), .once = {{"secret", secret}}};
}

rest_answer change_webhook(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  sql::webhook_record to = find_webhook(call);
  if (call.body.contains("url")) to.url = read_url(call);
  if (call.body.contains("kinds")) to.kinds = read_kinds(call);
  if (const auto* enabled = call.body.if_contains("enabled")) {
    to.state = enabled->as_bool() ? sql::webhook_state::on : sql::webhook_state::off;
    if (to.state != sql::webhook_state::on) to.waiting = 0;
  }
  sql::change_webhook(call.tx, call.who.organisation, to, call.now);
  return {to_json(to)};
}

rest_answer delete_webhook(rest_call& call) {
  const sql::webhook_record last = find_webhook(call);
  sql::delete_webhook(call.tx, call.who.organisation, last.id);
  return {to_json(last)};
}

rest_answer rotate_secret(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  sql::webhook_record to = find_webhook(call);
  const auto* overlap = call.body.if_contains("overlap_s");
  const std::string secret = make_webhook_secret();
  to.previous_secret = std::exchange(to.secret, seal(call, secret, to.id));
  to.previous_until = call.now + std::chrono::seconds{overlap == nullptr ? 86'400 : overlap->to_number<int>()};
  sql::change_webhook(call.tx, call.who.organisation, to, call.now);
  return {.body = to_json(to), .once = {{"secret", secret}}};
}

rest_answer replay_webhook(rest_call& call) {
  const sql::webhook_record of = find_webhook(call);
  const auto since = parse_instant(body_text(call, "since"));
  if (!since || *since > call.now || *since < call.now - replay_max) {
    refuse_param("since", "must be an instant of the last seven days, such as 2026-11-20T15:00:00Z");
  }
  sql::replay_webhook(call.tx, call.who.organisation, of.id, *since);
  return {to_json(of)};
}

rest_operation operation(std::string_view method, std::string_view path, std::string_view name,
                         std::string_view summary, std::string_view takes, rest_answer (*run)(rest_call&)) {
  return {.method = method,
          .path = path,
          .name = name,
          .summary = summary,
          .needs = sql::scope::admin,
          .where = reach::organisation,
          .takes = takes,
          .gives = "Webhook",
          .run = run};
}

}  // namespace

rest_resource webhook_resource() {
  rest_operation list =
      operation("GET", "/v1/webhooks", "listWebhooks", "Webhooks, in the order of their making", "", list_webhooks);
  list.gives = "WebhookList";
  list.query = paged();
  rest_operation create =
      operation("POST", "/v1/webhooks", "createWebhook", "Be told what happens; the answer holds the secret",
                "WebhookCreate", create_webhook);
  create.success = 201;
  constexpr std::string_view one = "/v1/webhooks/{webhook_id}";
  return {{std::move(list), std::move(create), operation("GET", one, "getWebhook", "A webhook", "", get_webhook),
           operation("PATCH", one, "changeWebhook", "Change a webhook, or switch it", "WebhookChange", change_webhook),
           operation("DELETE", one, "deleteWebhook", "Be told no more", "", delete_webhook),
           operation("POST", "/v1/webhooks/{webhook_id}/rotate", "rotateWebhookSecret",
                     "A new secret; the one before goes on signing for a while", "WebhookRotation", rotate_secret),
           operation("POST", "/v1/webhooks/{webhook_id}/replay", "replayWebhook", "Be told again what happened since",
                     "WebhookReplay", replay_webhook)},
          schemas};
}

}  // namespace dialer::api
