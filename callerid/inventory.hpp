#pragma once
// The organisation's numbers and who may show them, as an immutable snapshot.

#include <cstdint>
#include <string>

#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/phone_number.hpp"

namespace dialer::callerid {

/// Stored as its number: append only.
enum class number_status : std::uint8_t { pending = 0, active = 1, inactive = 2, released = 3 };

/// Index of an E.164 number in a pool book (pick.hpp): given once, never reused while the book lives.
using number_index = std::uint32_t;

/// Domain S4. Stored as its number: append only.
enum class sharing_policy : std::uint8_t { workspace = 0, organisation = 1, exclusive = 2 };

struct phone_number {
  phone_number_id id;
  workspace_id workspace;      ///< the workspace that holds it
  integration_id integration;  ///< the carrier account that it can be shown on
  e164 number;
  number_status status = number_status::pending;
  number_type type = number_type::local;
  std::uint8_t capabilities = 0;  ///< mask of capability
  bool outbound_enabled = false;
  std::string region;  ///< "US-CA" when known: local presence by state; filled from the number if empty
  std::uint32_t calls_per_day_max = 75;    ///< rolling 24 h; 0 = unlimited
  std::uint32_t calls_per_hour_max = 15;   ///< rolling 60 min; 0 = unlimited
  std::uint32_t concurrent_calls_max = 0;  ///< 0 = unlimited
  std::uint16_t weight = 1;                ///< its share of the calls of a pool under `weighted`, 1..1000
  bool frozen = false;                     ///< not shown, whatever else is set
  std::string country;                     ///< ISO 3166-1 alpha-2; empty: not stated
  attestation attested = attestation::unknown;
  bool registered = false;  ///< as a caller ID, where a country asks for it
};

/// What a number is to an agent: what it shows on calls, what it answers, what it sends messages from. Stored as its
/// number: append only.
enum class profile : std::uint8_t { outbound = 1, inbound = 2, sms = 3 };

struct assignment {
  phone_number_id number;
  agent_id agent;
  workspace_id workspace;  ///< the agent's workspace
  profile as = profile::outbound;
};

}  // namespace dialer::callerid
