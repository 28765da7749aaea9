#pragma once
// What an organisation counts. Attempts, outcomes and contacts are counted after the commit that makes them true; what
// went wrong (double_dials, stale_batches, failed_commits), recoveries and the views when they are seen.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "callerid/number_health.hpp"
#include "model/clock.hpp"
#include "model/disposition.hpp"
#include "model/ids.hpp"
#include "model/reason.hpp"

namespace dialer::engine {

/// Monotone counters since the take-over.
struct attempt_counters {
  std::uint64_t intents = 0;  ///< durable
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t not_sent = 0;
  std::uint64_t in_doubt = 0;
  std::uint64_t adopted = 0;  ///< found at the carrier after doubt
  std::uint64_t absent = 0;
  std::uint64_t answered = 0;
  std::uint64_t ended = 0;
  std::uint64_t recovered = 0;     ///< open at a take-over and found at the carrier
  std::uint64_t double_dials = 0;  ///< late calls whose contact had been dialed again; must stay 0
  std::uint64_t stale_batches = 0;
  std::uint64_t failed_commits = 0;
  std::array<std::uint64_t, disposition_slots> dispositions{};
  std::array<std::uint64_t, reason_slots> ended_undialed{};  ///< contacts that will never be dialed, by reason
  std::array<std::uint64_t, reason_slots> put_off{};         ///< decisions "not yet", by reason
};

/// Of one campaign, since the take-over; durable.
struct campaign_counters {
  std::uint64_t intents = 0;
  std::uint64_t answered = 0;
  std::array<std::uint64_t, disposition_slots> dispositions{};
};

/// What stands where right now.
struct campaign_view {
  campaign_id id;
  std::string name;
  reason blocked = reason::none;  ///< the limit in force, none while it dials
  std::uint32_t live = 0;         ///< open attempts
  std::uint32_t queued = 0;       ///< contacts in the look-ahead
  std::uint32_t lanes = 0;
  std::uint32_t lanes_closed = 0;     ///< by their window
  std::uint32_t lanes_exhausted = 0;  ///< nothing fresh, nothing waiting
  bool idle = false;                  ///< nothing open, nothing dialable before `next_at`
  std::optional<utc_time> next_at;    ///< when something becomes dialable again
  campaign_counters counters;
};

struct account_view {
  integration_id id;
  std::string name;
  double calls_per_second = 0;
  std::uint32_t live = 0;
  std::uint32_t unsent = 0;
  reason blocked = reason::none;
};

struct agent_view {
  agent_id id;
  std::uint32_t live = 0;  ///< open attempts
};

struct organisation_view {
  organisation_id id;
  std::uint64_t generation = 0;
  attempt_counters counters;
  std::uint32_t open_attempts = 0;
  std::uint32_t in_doubt = 0;
  std::vector<campaign_view> campaigns;
  std::vector<account_view> accounts;
  std::vector<agent_view> agents;                                          ///< those with open attempts
  std::array<std::uint32_t, callerid::health_states> numbers_by_health{};  ///< of all that were ever shown or listed
};

}  // namespace dialer::engine
