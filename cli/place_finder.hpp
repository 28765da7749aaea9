#pragma once
// Joins the importer's and the caller-ID picker's questions about places to the tables of compliance/.

#include <memory>
#include <string_view>

#include "campaigns/place_finder.hpp"
#include "compliance/zone_rules.hpp"
#include "model/e164.hpp"

namespace dialer::cli {

/// compliance::locate as the importer asks it. The finder keeps `zones` alive.
campaigns::place_finder make_place_finder(std::shared_ptr<const compliance::zone_rules> zones);

/// "US-CA" when a number's area code lies in one region, else its country, else empty: a callerid::region_of.
std::string_view region_of_number(e164 number);

}  // namespace dialer::cli
