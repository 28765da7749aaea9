#pragma once
// Endpoints that are told what happens, and what is on its way to them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/settings.hpp"
#include "engine/ledger.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// What an endpoint is told; bits, stored.
enum class webhook_kind : std::uint8_t { attempt_ended = 1, campaign_state = 2 };
using webhook_kinds = std::uint8_t;
constexpr bool has(webhook_kinds kinds, webhook_kind one) {
  return (kinds & static_cast<webhook_kinds>(one)) != 0;
}

enum class webhook_state : std::uint8_t {
  on = 0,
  off = 1,   ///< by whoever set it up
  gone = 2,  ///< it answered 410
};

struct webhook_record {
  webhook_id id;
  std::string url;
  webhook_kinds kinds = 0;
  webhook_state state = webhook_state::on;
  std::string secret;           ///< sealed
  std::string previous_secret;  ///< sealed; empty: none
  std::optional<utc_time> previous_until;
  utc_time created_at{};
  std::uint64_t waiting = 0;  ///< deliveries on their way
};

/// Tells from `at` on.
void create_webhook(transaction& in, organisation_id organisation, const webhook_record& made, utc_time at);
/// All of it but its times. What was off and is on now, and what it was not told of before, is told
/// from `at` on. What is off loses what was on its way.
void change_webhook(transaction& in, organisation_id organisation, const webhook_record& to, utc_time at);
/// With what was on its way.
void delete_webhook(transaction& in, organisation_id organisation, webhook_id webhook);
/// Tells again what happened since.
void replay_webhook(transaction& in, organisation_id organisation, webhook_id webhook, utc_time since);
/// In the order of their making.
std::vector<webhook_record> read_webhooks(session& on, organisation_id organisation);

// ---- for the deliverer, which is the tables' owner

struct enabled_webhook {
  organisation_id organisation;
  webhook_id id;
};
/// Of all organisations.
std::vector<enabled_webhook> read_enabled_webhooks(session& on);

/// Nobody else delivers for the endpoint meanwhile, on any engine. Held by the session.
class webhook_claim {
 public:
  webhook_claim(session& on, const enabled_webhook& of);
  ~webhook_claim();
  webhook_claim(const webhook_claim&) = delete;
  webhook_claim& operator=(const webhook_claim&) = delete;
  bool held() const { return held_; }

 private:
  session& session_;
  const id128 id_;
  bool held_ = false;
};

/// Where an endpoint is in the ledger.
struct webhook_cursor {
  utc_time at{};
  attempt_id attempt;
  engine::outcome_kind kind{};
  utc_time campaigns_at{};
};

struct told_outcome {
  engine::outcome what;
  e164 to;
  e164 from;
  std::uint16_t number = 1;  ///< of the contact's attempts
  std::string external_id;   ///< the contact's, as imported
};
/// Closing outcomes of calls that were placed, or were to be: after the cursor, before `until`.
std::vector<told_outcome> read_outcomes(session& on, organisation_id organisation, const webhook_cursor& after,
                                        utc_time until, int count);

struct told_campaign {
  campaign_id campaign;
  workspace_id workspace;
  std::string name;
  campaigns::campaign_state state = campaigns::campaign_state::draft;
  utc_time changed_at{};
};
/// Whose state changed after `after`, by the database's clock, and is two seconds old: by then every change of that
/// time is there. The earliest first.
std::vector<told_campaign> read_changed_campaigns(session& on, organisation_id organisation, utc_time after);

struct delivery_record {
  std::string message;
  std::string body;
  int attempts = 0;
};

/// Locks the endpoint until the transaction ends; nothing when it is on no more.
struct claimed_webhook {
  webhook_record what;
  webhook_cursor cursor;
};
std::optional<claimed_webhook> lock_webhook(transaction& in, const enabled_webhook& of);
/// Stores what is to be delivered and moves the endpoint on, in one transaction.
void take_up(transaction& in, const enabled_webhook& of, const std::vector<delivery_record>& found,
             const webhook_cursor& through, utc_time due_at);
std::vector<delivery_record> read_due(session& on, const enabled_webhook& of, utc_time now, int count);
/// Delivered, or given up.
void forget_deliveries(session& on, const enabled_webhook& of, const std::vector<std::string_view>& messages);
void put_off_delivery(session& on, const enabled_webhook& of, const std::string& message, utc_time due_at);
/// With what is on its way; unless it is off by now, or somewhere else than at `url`.
void mark_gone(session& on, const enabled_webhook& of, const std::string& url);

}  // namespace dialer::sql
