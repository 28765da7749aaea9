#pragma once
// The words of the configuration file that no other way in has. Those of campaigns: api/campaign_words.hpp.

#include <array>

#include "api/campaign_words.hpp"
#include "callerid/inventory.hpp"
#include "carriers/account.hpp"

namespace dialer::cli {

inline constexpr std::array<api::name_of<callerid::number_status>, 4> status_names{{
    {"pending", callerid::number_status::pending},
    {"active", callerid::number_status::active},
    {"inactive", callerid::number_status::inactive},
    {"released", callerid::number_status::released},
}};
inline constexpr std::array<api::name_of<callerid::number_type>, 4> type_names{{
    {"local", callerid::number_type::local},
    {"national", callerid::number_type::national},
    {"mobile", callerid::number_type::mobile},
    {"toll_free", callerid::number_type::toll_free},
}};

}  // namespace dialer::cli
