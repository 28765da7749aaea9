#pragma once
// One enumeration for every "no" and "not yet". The same value feeds the queue, the metrics, the API and `explain`.

#include <cstdint>
#include <span>
#include <string_view>

namespace dialer {

/// Stored in the ledger as its number: append only, never renumber.
enum class reason : std::uint8_t {
  none = 0,
  // campaign and agent
  campaign_not_running = 1,
  campaign_stopped = 2,
  agent_not_published = 3,
  campaign_frozen = 4,
  agent_frozen = 5,
  // contact
  contact_done = 10,
  contact_in_flight = 11,
  number_in_flight = 12,
  retry_delay = 13,
  attempts_exhausted = 14,
  attempt_cap_24h = 15,
  attempt_cap_7d = 16,
  in_doubt = 17,
  // suppression
  national_do_not_call = 20,
  opted_out = 21,
  // the number itself
  number_invalid = 30,
  number_reserved_for_fiction = 31,
  number_kind_not_dialable = 32,
  country_not_allowed = 33,
  carrier_refuses_destination = 34,
  number_premium = 35,
  // time
  no_time_zone = 40,
  window_closed = 41,
  window_never_opens = 42,
  // carrier account
  no_account = 50,
  account_stopped = 51,
  account_circuit_open = 52,
  account_cps = 53,
  account_concurrency = 54,
  account_throttled = 55,
  account_unusable = 56,
  account_frozen = 57,
  // caller ID
  no_caller_id = 60,
  caller_id_caps = 61,
  caller_id_withdrawn = 62,
  caller_id_resting = 63,
  // our own limits
  campaign_rate = 70,
  campaign_concurrency = 71,
  agent_concurrency = 72,
  workspace_share = 73,
  // fail closed
  rules_stale = 80,
  ledger_unavailable = 81,
  ownership_lost = 82,
  organisation_frozen = 83,
  permit_expired = 84,
  changed_since_decided = 85,
  shutting_down = 86,
  workspace_frozen = 87,
};

struct reason_text {
  reason value;
  std::string_view name;     ///< "window_closed": in JSON, metrics and tables
  std::string_view meaning;  ///< one sentence for a person
  std::string_view remedy;   ///< what to do about it; empty when time alone heals it
};

/// All reasons, `none` excluded, in order of their numbers.
std::span<const reason_text> all_reasons() noexcept;
std::string_view to_string(reason value) noexcept;
const reason_text& describe(reason value) noexcept;
inline constexpr std::size_t reason_slots = 90;  ///< array size for tables indexed by the enumerator's number

}  // namespace dialer
