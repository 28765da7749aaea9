#include <algorithm>

#include "api/campaign_words.hpp"
#include "api/instants.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "carriers/base64.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using carriers::carrier_kind;

// Where requests go and whose certificates are believed is for who runs the engine to say, in the configuration file: a
// secret must not be sent wherever a key of the API likes.
constexpr std::string_view schemas = R"({
  "Integration": {
    "type": "object",
    "description": "A carrier account. Its secrets are never shown.",
    "required": ["id", "name", "carrier", "account_sid", "connection_id", "webhook_public_key", "base_url",
                 "calls_per_second", "concurrent_calls_max", "secret_kept", "secondary_secret_kept", "frozen", "revoked_at"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "carrier": {"type": "string", "enum": ["twilio", "telnyx"]},
      "account_sid": {"type": "string"},
      "connection_id": {"type": "string"},
      "webhook_public_key": {"type": "string"},
      "base_url": {"type": "string"},
      "calls_per_second": {"type": "number"},
      "concurrent_calls_max": {"type": "integer"},
      "secret_kept": {"$ref": "#/components/schemas/SecretKept"},
      "secondary_secret_kept": {"$ref": "#/components/schemas/SecretKept"},
      "frozen": {"type": "boolean"},
      "revoked_at": {"type": ["string", "null"], "format": "date-time"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "SecretKept": {
    "type": "string",
    "enum": ["none", "encrypted", "environment", "file"],
    "description": "Where it is: encrypted here, or where the engine's configuration file says."
  },
  "IntegrationList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Integration"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "IntegrationCreate": {
    "type": "object",
    "required": ["name", "carrier", "secret"],
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 200},
      "carrier": {"type": "string", "enum": ["twilio", "telnyx"]},
      "account_sid": {"type": "string", "maxLength": 34, "description": "Twilio: AC and 32 letters or digits."},
      "connection_id": {"type": "string", "maxLength": 100, "description": "Telnyx: id of the Call Control application."},
      "secret": {"type": "string", "minLength": 8, "maxLength": 500,
                 "description": "Twilio: the auth token. Telnyx: the API key."},
      "secondary_secret": {"type": "string", "maxLength": 500,
                           "description": "Twilio: the other auth token, while they are exchanged."},
      "webhook_public_key": {"type": "string", "maxLength": 100,
                             "description": "Telnyx: what its callbacks are verified by, in base64."},
      "calls_per_second": {"type": "number", "minimum": 0.01, "maximum": 10000, "default": 1,
                           "description": "What the account may start at the carrier."},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0,
                               "description": "0: no limit known."}
    },
    "examples": [{"name": "Backup", "carrier": "twilio", "account_sid": "AC00000000000000000000000000000bac",
                  "secret": "0123456789abcdef0123456789abcdef", "calls_per_second": 2}]
  },
  "IntegrationChange": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "secret": {"type": "string", "minLength": 8, "maxLength": 500},
      "secondary_secret": {"type": "string", "maxLength": 500, "description": "Empty: there is none any more."},
      "webhook_public_key": {"type": "string", "maxLength": 100},
      "calls_per_second": {"type": "number", "minimum": 0.01, "maximum": 10000},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295}
    },
    "examples": [{"secret": "fedcba9876543210fedcba9876543210", "calls_per_second": 3}]
  }
})";

const char* kept(const std::string& reference) {
  if (reference.empty()) return "none";
  if (is_sealed(reference)) return "encrypted";
  return reference.starts_with("env:") ? "environment" : "file";
}

json::object to_json(const sql::integration_record& one) {
  const carriers::account& account = one.account;
  return {{"id", account.id.text()},
          {"name", account.name},
          {"carrier", std::string(find_name(carrier_names, account.kind))},
          {"account_sid", account.account_sid},
          {"connection_id", account.connection_id},
          {"webhook_public_key", account.webhook_public_key},
          {"base_url", account.base_url},
          {"calls_per_second", account.calls_per_second},
          {"concurrent_calls_max", account.concurrent_calls_max},
          {"secret_kept", kept(one.secret_ref)},
          {"secondary_secret_kept", kept(one.secondary_secret_ref)},
          {"frozen", account.frozen},
          {"revoked_at", one.revoked_at ? json::value(to_text(*one.revoked_at)) : json::value(nullptr)}};
}

std::vector<sql::integration_record> read_all(const rest_call& call) {
  return sql::read_integrations(call.tx.on(), call.who.organisation);
}

std::string seal(const rest_call& call, const std::string& name, const sql::secret_place& of) {
  const std::string secret = body_text(call, name);
  // It goes into a header of each request.
  if (!std::ranges::all_of(secret, [](char c) { return c > ' ' && c < 127; })) {
    refuse_param(name, "has visible ASCII characters only; copy it once more, without spaces or line ends");
  }
  try {
    return call.secrets.seal(secret, of);
  } catch (const secret_error& wrong) {
    throw rest_error{{409, "no_secret_key", wrong.what(), name}};
  }
}

void read_secrets(const rest_call& call, sql::integration_record& into) {
  const sql::secret_place place{call.who.organisation, into.account.id};
  if (call.body.contains("secret")) into.secret_ref = seal(call, "secret", place);
  if (!call.body.contains("secondary_secret")) return;
  into.secondary_secret_ref.clear();
  if (body_text(call, "secondary_secret").empty()) return;
  if (into.account.kind != carrier_kind::twilio) refuse_param("secondary_secret", "is Twilio's; leave it out");
  into.secondary_secret_ref = seal(call, "secondary_secret", {place.organisation, place.integration, true});
}

void read_public_key(const rest_call& call, carriers::account& into) {
  if (call.body.contains("webhook_public_key")) into.webhook_public_key = body_text(call, "webhook_public_key");
  if (into.kind == carrier_kind::twilio) {
    if (!into.webhook_public_key.empty()) refuse_param("webhook_public_key", "is Telnyx's; leave it out");
    return;
  }
  constexpr std::size_t ed25519_bytes = 32;
  const auto key = carriers::decode_base64(into.webhook_public_key, carriers::base64_kind::standard);
  if (!key || key->size() != ed25519_bytes) {
    refuse_param("webhook_public_key", "must be 32 bytes in base64; copy the public key from the Telnyx portal");
  }
}

void read_limits(const rest_call& call, carriers::account& into) {
  if (const auto* pace = call.body.if_contains("calls_per_second")) into.calls_per_second = pace->to_number<double>();
  if (const auto* most = call.body.if_contains("concurrent_calls_max")) {
    into.concurrent_calls_max = most->to_number<std::uint32_t>();
  }
}

// What names the account at its carrier: one of two fields, and not the other.
void read_carrier(const rest_call& call, carriers::account& into) {
  into.kind = *find_named(carrier_names, body_text(call, "carrier"));
  const bool twilio = into.kind == carrier_kind::twilio;
  into.base_url = default_base_url(into.kind);
  if (call.body.contains(twilio ? "connection_id" : "account_sid")) {
    refuse_param(twilio ? "connection_id" : "account_sid", "is the other carrier's; leave it out");
  }
  std::string& name = twilio ? into.account_sid : into.connection_id;
  if (call.body.contains(twilio ? "account_sid" : "connection_id")) {
    name = body_text(call, twilio ? "account_sid" : "connection_id");
  }
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  if (twilio && (!name.starts_with("AC") || name.size() != 34 || !std::ranges::all_of(name, plain))) {
    refuse_param("account_sid", "must be AC and 32 letters or digits, as the Twilio console shows it");
  }
  if (!twilio && (name.empty() || !std::ranges::all_of(name, plain))) {
    refuse_param("connection_id", "must be the id of the Call Control application, as the Telnyx portal shows it");
  }
}

rest_answer list_integrations(rest_call& call) {
  // By what stands in the record's place of an id.
  struct row : sql::integration_record {
    integration_id id;
  };
  std::vector<row> rows;
  for (sql::integration_record& one : read_all(call)) {
    const integration_id id = one.account.id;
    rows.push_back({std::move(one), id});
  }
  return answer_records(call, "crd", std::move(rows), to_json);
}

rest_answer get_integration(rest_call& call) {
  return {to_json(find_integration(call))};
}

rest_answer create_integration(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  sql::integration_record wanted;
  wanted.account.id = integration_id{call.make_id()};
  wanted.account.name = body_text(call, "name");
  read_carrier(call, wanted.account);
  read_public_key(call, wanted.account);
  read_limits(call, wanted.account);
  for (const sql::integration_record& one : read_all(call)) {
    if (one.account.name == wanted.account.name) refuse_taken("an integration");
  }
  read_secrets(call, wanted);
  (void)sql::configuration{call.tx, call.make_id}.integration(call.who.organisation, wanted);
  return answer_when_applied(call, to_json(wanted));
}

rest_answer change_integration(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  sql::integration_record wanted = find_integration(call);
  if (wanted.revoked_at) {
    throw rest_error{{409, "conflict", "this integration was revoked; make another for the account"}};
  }
  if (call.body.contains("webhook_public_key")) read_public_key(call, wanted.account);
  read_limits(call, wanted.account);
  read_secrets(call, wanted);
  (void)sql::configuration{call.tx, call.make_id}.integration(call.who.organisation, wanted);
  return answer_when_applied(call, to_json(wanted));
}

rest_answer revoke_integration(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  const integration_id id = find_integration(call).account.id;
  (void)sql::configuration{call.tx, call.make_id}.revoke_integration(call.who.organisation, id);
  return answer_when_applied(call, to_json(find_integration(call)));
}

}  // namespace

rest_resource integration_resource() {
  return {{{.method = "GET",
            .path = "/v1/integrations",
            .name = "listIntegrations",
            .summary = "Carrier accounts, in the order of their making",
            .where = reach::organisation,
            .gives = "IntegrationList",
            .query = paged(),
            .run = list_integrations},
           {.method = "POST",
            .path = "/v1/integrations",
            .name = "createIntegration",
            .summary = "Set up a carrier account; its secrets are stored encrypted",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .takes = "IntegrationCreate",
            .gives = "Integration",
            .success = 201,
            .run = create_integration},
           {.method = "GET",
            .path = "/v1/integrations/{integration_id}",
            .name = "getIntegration",
            .summary = "A carrier account",
            .where = reach::organisation,
            .gives = "Integration",
            .run = get_integration},
           {.method = "PATCH",
            .path = "/v1/integrations/{integration_id}",
            .name = "changeIntegration",
            .summary = "Change a carrier account's secrets or limits",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .takes = "IntegrationChange",
            .gives = "Integration",
            .run = change_integration},
           {.method = "DELETE",
            .path = "/v1/integrations/{integration_id}",
            .name = "revokeIntegration",
            .summary = "Forget a carrier account's secrets; no call starts over it any more",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .gives = "Integration",
            .run = revoke_integration}},
          schemas};
}

}  // namespace dialer::api
