#pragma once
// What an organisation keeps in memory of one carrier account while it dials.

#include <cstdint>

#include "carriers/account.hpp"
#include "engine/circuit_breaker.hpp"
#include "engine/hash_tables.hpp"
#include "engine/recent_answers.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::engine {

struct account_run {
  carriers::account what;
  bool present = false;
  circuit_breaker breaker;
  bool stopped = false;
  steady_time probe_at{};
  recent_answers understood;                             // a bad one: the carrier could not read our request
  std::uint32_t closed_in_a_row = 0;                     // destinations under +1 refused without a call taken between
  flat_map<std::uint64_t, steady_time> closed_prefixes;  // the carrier does not take them, until
  std::uint32_t live = 0;
  std::uint32_t reserve = 1;     // intents to be kept ahead of the senders
  std::uint32_t unsent = 0;      // decided, not yet taken by a sender
  std::uint32_t unanswered = 0;  // decided, and the carrier has said nothing yet
  std::uint32_t ceiling = 0;     // concurrency the carrier showed; 0 = none
  steady_time ceiling_until{};
  steady_time held_until{};
  flat_set<e164> refused_caller_ids;
};

}  // namespace dialer::engine
