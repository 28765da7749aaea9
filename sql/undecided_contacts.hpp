#pragma once
// The contacts of a campaign that wait for their turn, each with what its next decision rests on. A read of the whole
// campaign: seconds for a million contacts; never on the hot path.

#include <chrono>
#include <functional>
#include <vector>

#include "campaigns/contact.hpp"
#include "model/clock.hpp"
#include "model/reason.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

struct undecided_contact {
  campaigns::contact what;    ///< fresh, or it waits until due_at
  reason why = reason::none;  ///< it waits; none when fresh
  bool opted_out = false;
  bool in_flight = false;               ///< its number is being called, by whichever contact of the organisation
  std::vector<utc_time> called_number;  ///< attempts to its number later than `since`, over the whole organisation
};

/// Each fresh or waiting contact once, in no order, in constant memory here: `visit` gets the same object every time.
/// REQUIRES a snapshot transaction. Throws sql_error (57014) when all of it takes longer than `within`.
void visit_undecided(transaction& in, organisation_id organisation, campaign_id campaign, utc_time since,
                     std::chrono::milliseconds within, const std::function<void(const undecided_contact&)>& visit);

}  // namespace dialer::sql
