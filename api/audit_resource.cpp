#include "api/instants.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "model/hex.hpp"
#include "sql/audit_log.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "AuditEntry": {
    "type": "object",
    "description": "A change that somebody made. Each entry's hash covers the entry before it: dialer audit verify.",
    "required": ["number", "at", "actor", "action", "resource", "reason", "request_id", "hash"],
    "additionalProperties": false,
    "properties": {
      "number": {"type": "integer", "description": "1 is the first; without a gap."},
      "at": {"type": "string", "format": "date-time"},
      "actor": {"type": "string", "description": "An API key's id, or cli: and the user of the engine's machine."},
      "action": {"type": "string", "description": "The operation, as it is called in this document."},
      "resource": {"type": "string", "description": "What it changed: an id, or a path."},
      "reason": {"type": "string", "description": "As it was given in Audit-Reason."},
      "request_id": {"type": "string"},
      "hash": {"type": "string", "description": "SHA-256, in hexadecimal."}
    }
  },
  "AuditEntryList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/AuditEntry"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

json::object to_json(const sql::audit_record& one) {
  return {{"number", one.number},
          {"at", to_text(one.at)},
          {"actor", one.what.actor},
          {"action", one.what.action},
          {"resource", one.what.resource},
          {"reason", one.what.reason},
          {"request_id", one.what.request_id},
          {"hash", to_hex(one.hash)}};
}

rest_answer list_audit(rest_call& call) {
  const page asked = read_page(call, "aud");
  const std::uint64_t before = asked.after ? asked.after->low : 0;
  const auto rows = sql::read_audit(call.tx.on(), call.who.organisation, before, asked.limit + 1);
  return answer_page(asked, rows, to_json,
                     [](const sql::audit_record& one) { return make_cursor("aud", 0, one.number); });
}

}  // namespace

rest_resource audit_resource() {
  return {{{.method = "GET",
            .path = "/v1/audit",
            .name = "listAudit",
            .summary = "Who changed what, the newest first",
            .needs = sql::scope::admin,
            .where = reach::organisation,
            .gives = "AuditEntryList",
            .query = paged(),
            .run = list_audit}},
          schemas};
}

}  // namespace dialer::api
