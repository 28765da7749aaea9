#pragma once
// What a call to one of our numbers is judged by.

#include <optional>

#include "callerid/inbound.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// One read. nullopt: the organisation has no such number. Of agents everything but `live`, which the database does not
/// know.
std::optional<callerid::called_number> read_called_number(session& on, organisation_id organisation, e164 number);

}  // namespace dialer::sql
