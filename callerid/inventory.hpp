#pragma once
// The organisation's numbers and who may show them, as an immutable snapshot.

#include <cstdint>
#include <string>
#include <vector>

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
  bool frozen = false;                     ///< not shown, whatever else is set
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

/// Why an assignment is not allowed.
struct assignment_conflict {
  phone_number_id number;
  agent_id agent;
  std::string rule;      ///< "sharing = workspace", "sharing = exclusive", …
  std::string obstacle;  ///< what stands in the way
  std::string remedy;
};

/// Checks all assignments against the sharing policy; empty when all are allowed. Pure.
///
/// workspace: the agent's workspace must be the number's. organisation: any agent. exclusive: as workspace, and one
/// agent per number, one number per agent (released numbers hold no place). An assignment to a number that is not in
/// `numbers` conflicts with S6. Judged in the order given: an earlier assignment stands, the later one that contradicts
/// it is reported, so removing what is reported leaves no conflict. Texts name foreign workspaces and agents: whoever
/// passes them on hides those that the reader may not see (S5, S10).
std::vector<assignment_conflict> check_assignments(sharing_policy policy, const std::vector<phone_number>& numbers,
                                                   const std::vector<assignment>& assignments);

/// Domain S6 for a voice call: active, outbound-enabled, with the voice capability; and not frozen.
bool may_be_shown(const phone_number& number) noexcept;

}  // namespace dialer::callerid
