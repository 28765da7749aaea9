#pragma once

#include <cstdint>
#include <type_traits>

#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

namespace dialer::campaigns {

/// Number of a lane within its campaign: all contacts of a lane share one place (compliance/place.hpp) and so one
/// calling window. A lane whose window is closed costs nothing.
using lane_number = std::uint16_t;

/// What the scheduler needs of a contact; name, variables and the rest stay in the database. 40 bytes.
struct contact {
  contact_id id;
  e164 number;
  e164 last_caller_id;  ///< shown at the last attempt; none before the first
  utc_time due_at{};    ///< earliest next attempt; the epoch for a fresh contact
  lane_number lane = 0;
  std::uint16_t attempts = 0;  ///< attempts counted against the campaign's maximum
  bool fresh = true;           ///< straight from the list; false: waits in the retry table
};
static_assert(std::is_trivially_copyable_v<contact> && sizeof(contact) <= 40);

}  // namespace dialer::campaigns
