#pragma once
// What a campaign manager sets: immutable once loaded, replaced whole when edited.

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "model/disposition.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/local_hours.hpp"
#include "model/retry_rule.hpp"

namespace dialer::campaigns {

/// Stored as its number: append only.
enum class campaign_state : std::uint8_t { draft = 0, running = 1, paused = 2, stopped = 3, finished = 4 };

/// It calls nobody any more, whatever comes.
constexpr bool has_ended(campaign_state state) noexcept {
  return state == campaign_state::stopped || state == campaign_state::finished;
}

/// How the caller ID is chosen. Stored as its number: append only.
enum class caller_id_policy : std::uint8_t {
  sticky = 0,
  local_presence = 1,
  least_used_today = 2,
  weighted = 3,
  fixed = 4
};

enum class machine_detection : std::uint8_t { off = 0, detect = 1 };

/// Indexed by the disposition's number.
using retry_rules = std::array<retry_rule, disposition_slots>;

/// busy: 3 attempts 10 min apart; no_answer: 3 attempts 4 h apart; failed: 3 attempts 5 min apart; all others are
/// final.
retry_rules default_retry_rules();

/// What every decision reads comes first, together.
struct settings {
  campaign_id id;
  agent_id agent;
  double calls_per_second_max = 0;             ///< 0 = only the account's limit
  std::uint32_t concurrent_calls_max = 0;      ///< 0 = unlimited here
  std::uint16_t weight = 1;                    ///< share of the workspace's capacity, 1..1000
  std::uint16_t attempts_per_contact_max = 6;  ///< over the whole campaign, whatever the dispositions
  std::uint16_t attempts_per_number_24h = 3;   ///< rolling, over all campaigns of the organisation
  std::uint16_t attempts_per_number_7d = 7;    ///< likewise
  campaign_state state = campaign_state::draft;
  caller_id_policy caller_id = caller_id_policy::sticky;
  machine_detection detection = machine_detection::detect;
  bool redial_absent = false;  ///< redial contacts whose attempt the carrier does not know, 30 min later
  bool frozen = false;         ///< the kill switch: nothing is dialed, whatever the state
  workspace_id workspace;
  e164 caller_id_number;                       ///< the one that `fixed` shows; there when the policy is fixed
  std::chrono::seconds ring_timeout{30};       ///< 5..600
  std::chrono::seconds call_time_limit{1800};  ///< 30..14400
  weekly_hours window{};                       ///< the law's hours are intersected with it; it can narrow, never widen
  retry_rules retry = default_retry_rules();
  std::string name;
  std::string default_country = "US";  ///< ISO 3166-1 alpha-2, for numbers written nationally
  std::uint64_t version = 0;           ///< 1, 2, ... with every change of what stands here; 0: not stored yet

  /// The only number that may be shown; none when the policy has a choice.
  e164 fixed_caller_id() const noexcept { return caller_id == caller_id_policy::fixed ? caller_id_number : e164{}; }
  friend bool operator==(const settings&, const settings&) = default;
};

}  // namespace dialer::campaigns
