#pragma once
// What came of an organisation's campaigns, all of them in one reading of its contacts and attempts: seconds for
// millions; never on the hot path.

#include <array>
#include <cstdint>
#include <map>

#include "sql/campaign_report.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

struct campaign_totals {
  campaign_status contacts;  ///< `waiting` left empty: these are sums, not places
  std::uint64_t tried = 0;   ///< contacts with an attempt
  std::array<std::uint64_t, reason_slots> waiting_by_reason{};
  std::array<std::uint64_t, disposition_slots> attempts_by_disposition{};  ///< [0]: open, or without one
  std::uint64_t answered = 0;                                              ///< attempts
  std::uint64_t answered_s = 0;                                            ///< seconds of them

  campaign_totals& operator+=(const campaign_totals& other);
};

/// Campaigns without a contact are left out.
std::map<campaign_id, campaign_totals> read_totals(session& on, organisation_id organisation);

}  // namespace dialer::sql
