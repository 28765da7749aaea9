#pragma once

#include <optional>
#include <string>

#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// Where the agent of an attempt's campaign answers: a URL or a SIP address. nullopt: the organisation has no such
/// attempt.
std::optional<std::string> read_agent_address(session& on, organisation_id organisation, attempt_id attempt);

}  // namespace dialer::sql
