#pragma once
// When may numbers be called, by the law's hours alone? A CSV file of questions is answered row by row.

#include <cstddef>
#include <iosfwd>
#include <string>

#include "compliance/place.hpp"
#include "compliance/zone_rules.hpp"

namespace dialer::cli {

struct window_check_result {
  std::size_t rows = 0;
  std::size_t unreadable = 0;
};

/// In: a header with e164, state, iana_time_zone, utc_instant and policy in any order; state and zone may be empty.
/// Out: the same columns as they came, then verdict (allowed; not_yet: opens later that day by the first zone's clock;
/// closed), next_open_utc, zones, rule. Numbers that nobody can place, or that are never dialed, are closed for good.
/// An unreadable row is closed, too, and `complaints` gets a line "NAME:ROW: ..." with column and remedy; ROW counts
/// without the header. Throws usage_error when a column is missing.
window_check_result check_windows(std::istream& in, const std::string& name, const compliance::zone_rules& zones,
                                  std::ostream& out, std::ostream& complaints);

/// Which rule of which country holds there: "US 47 CFR 64.1200(c)(1), 16 CFR 310.4(c)", joined by "; ".
std::string rule_of(const compliance::place& where);

/// "America/Chicago;America/New_York"
std::string zones_of(const compliance::place& where);

}  // namespace dialer::cli
