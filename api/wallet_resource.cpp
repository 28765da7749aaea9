#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "api/wallet_json.hpp"

namespace dialer::api {
namespace {

constexpr int unpaid_max = 100;  // shown

constexpr std::string_view schemas = R"({
  "Wallet": {
    "type": "object",
    "description": "A workspace's money, for numbers that are bought through the platform. Amounts are in the smallest unit of the currency: 115 and USD are $1.15.",
    "required": ["workspace_id", "balance", "currency", "unpaid_rents"],
    "additionalProperties": false,
    "properties": {
      "workspace_id": {"type": "string"},
      "balance": {"type": "integer", "minimum": 0},
      "currency": {"type": ["string", "null"], "description": "ISO 4217; null: nothing was ever paid in."},
      "unpaid_rents": {
        "type": "array",
        "description": "Numbers whose rent the balance does not cover, the longest unpaid first, up to 100 of them. It is tried again every day, and when money is paid in.",
        "items": {"$ref": "#/components/schemas/UnpaidRent"}
      }
    }
  },
  "UnpaidRent": {
    "type": "object",
    "required": ["phone_number_id", "phone_number", "amount", "currency", "unpaid_since"],
    "additionalProperties": false,
    "properties": {
      "phone_number_id": {"type": "string"},
      "phone_number": {"type": "string"},
      "amount": {"type": "integer", "description": "Of a month."},
      "currency": {"type": "string"},
      "unpaid_since": {"type": "string", "format": "date-time"}
    }
  },
  "WalletEntry": {
    "type": "object",
    "required": ["id", "at", "name", "account", "amount", "currency", "phone_number_id", "note"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "at": {"type": "string", "format": "date-time"},
      "name": {"type": "string", "description": "What it is for; the same never happens twice."},
      "account": {"type": "string", "enum": ["paid_in", "purchases", "rent"], "description": "Where it came from or went to."},
      "amount": {"type": "integer", "description": "Into the balance; below 0 when it went out."},
      "currency": {"type": "string"},
      "phone_number_id": {"type": ["string", "null"]},
      "note": {"type": "string"}
    }
  },
  "WalletEntryList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/WalletEntry"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  }
})";

std::optional<phone_number_id> the_number(const rest_call& call) {
  const auto named = call.query_param("phone_number_id");
  if (!named) return std::nullopt;
  const auto id = phone_number_id::parse(*named);
  if (!id) refuse_param("phone_number_id", "is no id of a phone number");
  return id;
}

rest_answer get_wallet(rest_call& call) {
  const workspace_id workspace = query_workspace(call);
  return {wallet_json(workspace, sql::read_wallet(call.tx.on(), call.who.organisation, workspace),
                      sql::read_unpaid_rents(call.tx.on(), call.who.organisation, workspace, unpaid_max))};
}

rest_answer list_entries(rest_call& call) {
  const page asked = read_page(call, "wtr");
  const workspace_id workspace = query_workspace(call);
  const sql::wallet_entry_filter which{the_number(call), asked.after ? asked.after->low : 0, asked.limit + 1};
  const auto rows = sql::read_wallet_entries(call.tx.on(), call.who.organisation, workspace, which);
  return answer_page(asked, rows, wallet_entry_json,
                     [](const sql::wallet_entry& one) { return make_cursor("wtr", 0, one.position); });
}

}  // namespace

rest_resource wallet_resource() {
  const query_parameter workspace{"workspace_id", "string", "Whose; needed unless the key is confined to a workspace.",
                                  true};
  return {{{.method = "GET",
            .path = "/v1/wallet",
            .name = "getWallet",
            .summary = "What a workspace has, and rents that it can't cover",
            .gives = "Wallet",
            .query = {workspace},
            .run = get_wallet},
           {.method = "GET",
            .path = "/v1/wallet/entries",
            .name = "listWalletEntries",
            .summary = "What came into a workspace's wallet and what went out, the newest first",
            .gives = "WalletEntryList",
            .query = paged({workspace, {"phone_number_id", "string", "Only what concerns this number."}}),
            .run = list_entries}},
          schemas};
}

}  // namespace dialer::api
