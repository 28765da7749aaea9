#pragma once
// A small organisation for the tests: ids by number, numbers with generous defaults.

#include <cstdint>
#include <string>

#include "callerid/inventory.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

namespace dialer::callerid::house {

template <class Id>
Id id(std::uint64_t n) {
  return Id{id128{1, n}};
}
inline agent_id agent(std::uint64_t n) {
  return id<agent_id>(n);
}
inline workspace_id workspace(std::uint64_t n) {
  return id<workspace_id>(n);
}
inline integration_id account(std::uint64_t n) {
  return id<integration_id>(n);
}
inline phone_number_id row(std::uint64_t n) {
  return id<phone_number_id>(n);
}

inline e164 tel(const char* text) {
  return e164::parse(text).value();
}

/// Showable, of workspace 1, on account 1, without caps.
inline phone_number number(std::uint64_t n, e164 value) {
  phone_number made;
  made.id = row(n);
  made.workspace = workspace(1);
  made.integration = account(1);
  made.number = value;
  made.status = number_status::active;
  made.capabilities = voice;
  made.outbound_enabled = true;
  made.calls_per_day_max = 0;
  made.calls_per_hour_max = 0;
  made.concurrent_calls_max = 0;
  return made;
}

/// Agent and number of workspace 1.
inline assignment assign(std::uint64_t number_row, std::uint64_t agent_number, std::uint64_t in_workspace = 1) {
  return {row(number_row), agent(agent_number), workspace(in_workspace)};
}

/// 2026-03-02 10:00:00 UTC, a whole minute.
inline constexpr utc_time morning{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{10}};

}  // namespace dialer::callerid::house
