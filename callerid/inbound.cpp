#include "callerid/inbound.hpp"

namespace dialer::callerid {
namespace {

agent_obstacle obstacle_of(const std::optional<answering_agent>& agent, bool organisation_frozen) {
  if (!agent) return agent_obstacle::not_assigned;
  if (organisation_frozen) return agent_obstacle::organisation_frozen;
  if (agent->unreached) return agent_obstacle::unreached;
  if (agent->workspace_frozen) return agent_obstacle::workspace_frozen;
  if (agent->frozen) return agent_obstacle::frozen;
  if (!agent->published || agent->answer_url.empty()) return agent_obstacle::draft;
  const bool full = agent->concurrent_calls_max != 0 && agent->live >= agent->concurrent_calls_max;
  return full ? agent_obstacle::at_limit : agent_obstacle::none;
}

}  // namespace

inbound_decision decide_inbound(const called_number* number) {
  if (number == nullptr) return {inbound_outcome::unknown_number};
  if (number->status != number_status::active) return {inbound_outcome::number_not_active};
  if (!number->agent) return {inbound_outcome::not_assigned, agent_obstacle::not_assigned};
  inbound_decision made{inbound_outcome::agent, obstacle_of(number->agent, number->organisation_frozen)};
  if (made.agent == agent_obstacle::none) return made;
  made.fallback = obstacle_of(number->fallback, number->organisation_frozen);
  if (made.fallback == agent_obstacle::none) {
    made.what = inbound_outcome::fallback;
  } else {
    made.what = number->voicemail_message.empty() ? inbound_outcome::nobody_available : inbound_outcome::voicemail;
  }
  return made;
}

std::string_view to_string(agent_obstacle value) noexcept {
  switch (value) {
    case agent_obstacle::none: return "none";
    case agent_obstacle::not_assigned: return "not_assigned";
    case agent_obstacle::draft: return "draft";
    case agent_obstacle::frozen: return "frozen";
    case agent_obstacle::workspace_frozen: return "workspace_frozen";
    case agent_obstacle::organisation_frozen: return "organisation_frozen";
    case agent_obstacle::at_limit: return "at_limit";
    case agent_obstacle::unreached: return "unreached";
  }
  return "none";
}

std::string_view to_string(inbound_outcome value) noexcept {
  switch (value) {
    case inbound_outcome::agent: return "agent";
    case inbound_outcome::fallback: return "fallback";
    case inbound_outcome::voicemail: return "voicemail";
    case inbound_outcome::unknown_number: return "unknown_number";
    case inbound_outcome::number_not_active: return "number_not_active";
    case inbound_outcome::not_assigned: return "not_assigned";
    case inbound_outcome::nobody_available: return "nobody_available";
  }
  return "unknown_number";
}

}  // namespace dialer::callerid
