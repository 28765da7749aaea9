#pragma once
// Who answers a call to one of our numbers. Pure: what is known goes in, what becomes of the call comes out.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "callerid/inventory.hpp"
#include "model/ids.hpp"

namespace dialer::callerid {

/// What keeps an agent from answering.
enum class agent_obstacle : std::uint8_t {
  none,
  not_assigned,  ///< the number has no such agent
  draft,         ///< not published, or nowhere to be reached
  frozen,
  workspace_frozen,
  organisation_frozen,
  at_limit,   ///< of its calls at once
  unreached,  ///< it was rung for this call, and did not answer
};
std::string_view to_string(agent_obstacle value) noexcept;

struct answering_agent {
  agent_id id;
  std::string answer_url;  ///< http(s) or SIP
  bool published = false;
  bool frozen = false;
  bool workspace_frozen = false;           ///< the agent's workspace
  std::uint32_t concurrent_calls_max = 0;  ///< 0 = unlimited
  std::uint32_t live = 0;                  ///< calls of its campaigns that are alive
  bool unreached = false;                  ///< for the call in question
};

struct called_number {
  number_status status = number_status::pending;
  bool organisation_frozen = false;
  std::optional<answering_agent> agent;     ///< of the number's one inbound assignment (rule S3)
  std::optional<answering_agent> fallback;  ///< answers when that one can't
  std::string voicemail_message;            ///< read to the caller when neither can; empty: there is none
};

/// What becomes of a call; also the `outcome` label of the metric.
enum class inbound_outcome : std::uint8_t {
  agent,
  fallback,
  voicemail,
  unknown_number,     ///< not in service: the organisation has no such number
  number_not_active,  ///< not in service: pending, inactive or released
  not_assigned,       ///< not in service: no agent answers it, it is for outbound calls only
  nobody_available,   ///< busy: no agent can answer now, and there is no voicemail message
};
inline constexpr std::size_t inbound_outcome_slots = 7;
std::string_view to_string(inbound_outcome value) noexcept;

struct inbound_decision {
  inbound_outcome what = inbound_outcome::unknown_number;
  agent_obstacle agent =
      agent_obstacle::none;  ///< why the number's agent doesn't answer; none: it does, or nobody asked
  agent_obstacle fallback = agent_obstacle::none;  ///< the same of the fallback
};

/// `number`: null when the organisation has none such. A number that is frozen is answered all the same: freezing keeps
/// it from being shown.
inbound_decision decide_inbound(const called_number* number);

}  // namespace dialer::callerid
