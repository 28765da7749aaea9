#pragma once
// The contacts of a campaign that are not done, by place.

#include <cstdint>
#include <vector>

#include "cli/lookup.hpp"
#include "compliance/place.hpp"
#include "model/clock.hpp"
#include "sql/campaign_report.hpp"

namespace dialer::cli {

/// Contacts that wait, all from the same instant on.
struct waiting_group {
  utc_time due{};
  std::uint64_t contacts = 0;
};

struct campaign_lane {
  compliance::place where;
  std::uint64_t fresh = 0;  ///< never tried
  std::vector<waiting_group> waiting;
  std::uint64_t contacts() const;
};

/// In the order of their places' names. `status` is the campaign's.
std::vector<campaign_lane> read_lanes(sql::session& on, const found_campaign& campaign,
                                      const sql::campaign_status& status);

}  // namespace dialer::cli
