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
    "required": ["id", "name", "provider", "metadata", "webhook_public_key", "base_url", "calls_per_second",
                 "concurrent_calls_max", "api_key_kept", "secondary_api_key_kept", "platform", "unusable", "frozen",
                 "revoked_at"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "provider": {"type": "string", "enum": ["twilio", "telnyx"]},
      "metadata": {"$ref": "#/components/schemas/IntegrationMetadata"},
      "webhook_public_key": {"type": "string"},
      "base_url": {"type": "string"},
      "calls_per_second": {"type": "number"},
      "concurrent_calls_max": {"type": "integer"},
      "api_key_kept": {"$ref": "#/components/schemas/SecretKept"},
      "secondary_api_key_kept": {"$ref": "#/components/schemas/SecretKept"},
      "platform": {"type": "boolean", "description": "Numbers are bought over it. Set in the engine's configuration file."},
      "unusable": {"type": ["string", "null"], "description": "What it lacks for calls; it holds numbers all the same."},
      "frozen": {"type": "boolean"},
      "revoked_at": {"type": ["string", "null"], "format": "date-time"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  },
  "IntegrationMetadata": {
    "type": "object",
    "description": "What the carrier's portal shows.",
    "additionalProperties": false,
    "properties": {
      "account_sid": {"type": "string", "maxLength": 100,
                      "description": "Twilio: AC and 32 letters or digits. Telnyx: the account's id."},
      "connection_id": {"type": "string", "maxLength": 100,
                        "description": "Telnyx: id of the Call Control application; without it no call starts."},
      "phone_number": {"type": "string", "maxLength": 16, "description": "The number that it was set up for."},
      "sip_trunk": {"type": "string", "maxLength": 253, "description": "Domain of the trunk that the number is on."}
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
    "required": ["name", "provider", "api_key", "metadata"],
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 200},
      "provider": {"type": "string", "enum": ["twilio", "telnyx"]},
      "api_key": {"type": "string", "minLength": 8, "maxLength": 500,
                  "description": "Twilio: the auth token. Telnyx: the API key."},
      "secondary_api_key": {"type": "string", "maxLength": 500,
                            "description": "Twilio: the other auth token, while they are exchanged."},
      "metadata": {"$ref": "#/components/schemas/IntegrationMetadata"},
      "webhook_public_key": {"type": "string", "maxLength": 100,
                             "description": "Telnyx: what its callbacks are verified by, in base64."},
      "calls_per_second": {"type": "number", "minimum": 0.01, "maximum": 10000, "default": 1,
                           "description": "What the account may start at the carrier."},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0,
                               "description": "0: no limit known."}
    },
    "examples": [{"name": "Backup", "provider": "twilio", "api_key": "0123456789abcdef0123456789abcdef",
                  "metadata": {"account_sid": "AC00000000000000000000000000000bac"}, "calls_per_second": 2}]
  },
  "IntegrationChange": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "api_key": {"type": "string", "minLength": 8, "maxLength": 500},
      "secondary_api_key": {"type": "string", "maxLength": 500, "description": "Empty: there is none any more."},
      "metadata": {"$ref": "#/components/schemas/IntegrationMetadata"},
      "webhook_public_key": {"type": "string", "maxLength": 100},
      "calls_per_second": {"type": "number", "minimum": 0.01, "maximum": 10000},
      "concurrent_calls_max": {"type": "integer", "minimum": 0, "maximum": 4294967295}
    },
    "examples": [{"api_key": "fedcba9876543210fedcba9876543210", "metadata": {"phone_number": "+12125550123"},
                  "calls_per_second": 3}]
  }
})";

const char* kept(const std::string& reference) {
  if (reference.empty()) return "none";
  if (is_sealed(reference)) return "encrypted";
  return reference.starts_with("env:") ? "environment" : "file";
}

json::object metadata_of(const sql::integration_record& one) {
  json::object all;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) all[name] = std::move(value);
  };
  add("account_sid", one.account.account_sid);
  add("connection_id", one.account.connection_id);
  add("phone_number", one.phone_number ? one.phone_number.text() : "");
  add("sip_trunk", one.sip_trunk);
  return all;
}

json::object to_json(const sql::integration_record& one) {
  const carriers::account& account = one.account;
  const std::string missing = carriers::missing_for_calls(account);
  return {{"id", account.id.text()},
          {"name", account.name},
          {"provider", std::string(find_name(carrier_names, account.kind))},
          {"metadata", metadata_of(one)},
          {"webhook_public_key", account.webhook_public_key},
          {"base_url", account.base_url},
          {"calls_per_second", account.calls_per_second},
          {"concurrent_calls_max", account.concurrent_calls_max},
          {"api_key_kept", kept(one.secret_ref)},
          {"secondary_api_key_kept", kept(one.secondary_secret_ref)},
          {"platform", one.platform},
          {"unusable", missing.empty() ? json::value(nullptr) : json::value(missing)},
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
  if (call.body.contains("api_key")) into.secret_ref = seal(call, "api_key", place);
  if (!call.body.contains("secondary_api_key")) return;
  into.secondary_secret_ref.clear();
  if (body_text(call, "secondary_api_key").empty()) return;
  if (into.account.kind != carrier_kind::twilio) refuse_param("secondary_api_key", "is Twilio's; leave it out");
  into.secondary_secret_ref = seal(call, "secondary_api_key", {place.organisation, place.integration, true});
}

void read_public_key(const rest_call& call, carriers::account& into) {
  if (call.body.contains("webhook_public_key")) into.webhook_public_key = body_text(call, "webhook_public_key");
  if (into.kind == carrier_kind::twilio) {
    if (!into.webhook_public_key.empty()) refuse_param("webhook_public_key", "is Telnyx's; leave it out");
    return;
  }
  if (into.webhook_public_key.empty()) return;
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

constexpr std::size_t sid_length = 34;

bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

bool is_host(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; });
}

/// What is set once: calls and callbacks under way go by it.
void set_once(std::string& name, std::string wanted, const char* param) {
  if (!name.empty() && name != wanted) {
    refuse_param(param, "is set already, and calls under way go by it; make another integration");
  }
  name = std::move(wanted);
}

void read_metadata(const rest_call& call, sql::integration_record& into) {
  const json::object none;
  const auto* given = call.body.if_contains("metadata");
  const json::object& from = given == nullptr ? none : given->as_object();
  const auto text = [&](const char* name) { return std::string(from.at(name).as_string()); };
  carriers::account& account = into.account;
  const bool twilio = account.kind == carrier_kind::twilio;
  if (from.contains("connection_id")) {
    if (twilio) refuse_param("metadata.connection_id", "is Telnyx's; leave it out");
    set_once(account.connection_id, text("connection_id"), "metadata.connection_id");
  }
  const bool given_sid = from.contains("account_sid");
  if (given_sid) set_once(account.account_sid, text("account_sid"), "metadata.account_sid");
  const std::string& sid = account.account_sid;
  if (twilio && given_sid && (!sid.starts_with("AC") || sid.size() != sid_length || !is_plain(sid))) {
    refuse_param("metadata.account_sid", "must be AC and 32 letters or digits, as the Twilio console shows it");
  }
  if (given_sid && !is_plain(sid))
    refuse_param("metadata.account_sid", "must be the account's id, as the Telnyx portal shows it");
  if (!is_plain(account.connection_id)) {
    refuse_param("metadata.connection_id",
                 "must be the id of the Call Control application, as the Telnyx portal shows it");
  }
  if (carriers::account_names(account).empty()) {
    refuse_param("metadata.account_sid", "must be the account's id, as the carrier's portal shows it");
  }
  if (from.contains("phone_number")) {
    const auto number = e164::parse(text("phone_number"));
    if (!number) refuse_param("metadata.phone_number", "must be E.164: + and 7 to 15 digits");
    into.phone_number = *number;
  }
  if (from.contains("sip_trunk")) {
    into.sip_trunk = text("sip_trunk");
    if (!is_host(into.sip_trunk))
      refuse_param("metadata.sip_trunk", "must be a host name; write yours.pstn.twilio.com");
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
  wanted.account.kind = *find_named(carrier_names, body_text(call, "provider"));
  wanted.account.base_url = default_base_url(wanted.account.kind);
  read_metadata(call, wanted);
  read_public_key(call, wanted.account);
  read_limits(call, wanted.account);
  for (const sql::integration_record& one : read_all(call)) {
    if (one.account.name == wanted.account.name) refuse_taken("an integration");
  }
  read_secrets(call, wanted);
  (void)sql::configuration{call.tx, call.make_id}.integration(call.who.organisation, wanted);
  return answer_when_applied(call, to_json(wanted));
}

constexpr const char* operators_to_change = "have the operator change it in the configuration file";

rest_answer change_integration(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  sql::integration_record wanted = find_integration(call);
  if (wanted.platform) refuse_platform(call, operators_to_change);
  if (wanted.revoked_at) {
    throw rest_error{{409, "conflict", "this integration was revoked; make another for the account"}};
  }
  read_metadata(call, wanted);
  if (call.body.contains("webhook_public_key")) read_public_key(call, wanted.account);
  read_limits(call, wanted.account);
  read_secrets(call, wanted);
  (void)sql::configuration{call.tx, call.make_id}.integration(call.who.organisation, wanted);
  return answer_when_applied(call, to_json(wanted));
}

rest_answer revoke_integration(rest_call& call) {
  sql::lock_organisation(call.tx, call.who.organisation);
  const sql::integration_record found = find_integration(call);
  if (found.platform) refuse_platform(call, operators_to_change);
  const integration_id id = found.account.id;
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
            .summary = "Change a carrier account's secrets, limits, or what it lacks",
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
