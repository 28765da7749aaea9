#pragma once
// What people write for settings: in the configuration file, on the command line and over REST alike.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "callerid/number_rules.hpp"
#include "campaigns/settings.hpp"
#include "carriers/account.hpp"

namespace dialer::api {

template <class Enum>
using name_of = std::pair<std::string_view, Enum>;

inline constexpr std::array<name_of<callerid::sharing_policy>, 3> sharing_names{{
    {"workspace", callerid::sharing_policy::workspace},
    {"organisation", callerid::sharing_policy::organisation},
    {"exclusive", callerid::sharing_policy::exclusive},
}};
inline constexpr std::array<name_of<campaigns::caller_id_policy>, 5> caller_id_names{{
    {"sticky", campaigns::caller_id_policy::sticky},
    {"local_presence", campaigns::caller_id_policy::local_presence},
    {"least_used_today", campaigns::caller_id_policy::least_used_today},
    {"weighted", campaigns::caller_id_policy::weighted},
    {"fixed", campaigns::caller_id_policy::fixed},
}};
inline constexpr std::array<name_of<campaigns::machine_detection>, 2> detection_names{{
    {"off", campaigns::machine_detection::off},
    {"detect", campaigns::machine_detection::detect},
}};
inline constexpr std::array<name_of<carriers::carrier_kind>, 2> carrier_names{{
    {"twilio", carriers::carrier_kind::twilio},
    {"telnyx", carriers::carrier_kind::telnyx},
}};
inline constexpr std::array<name_of<attestation>, 4> attestation_names{{
    {"unknown", attestation::unknown},
    {"A", attestation::a},
    {"B", attestation::b},
    {"C", attestation::c},
}};
inline constexpr std::array<name_of<callerid::number_demand>, 5> demand_names{{
    {"never", callerid::number_demand::never},
    {"registration", callerid::number_demand::registration},
    {"attestation_a", callerid::number_demand::attestation_a},
    {"attestation_b", callerid::number_demand::attestation_b},
    {"attestation_c", callerid::number_demand::attestation_c},
}};
inline constexpr std::array<name_of<callerid::number_status>, 4> status_names{{
    {"pending", callerid::number_status::pending},
    {"active", callerid::number_status::active},
    {"inactive", callerid::number_status::inactive},
    {"released", callerid::number_status::released},
}};
inline constexpr std::array<name_of<number_type>, 4> type_names{{
    {"local", number_type::local},
    {"national", number_type::national},
    {"mobile", number_type::mobile},
    {"toll_free", number_type::toll_free},
}};
inline constexpr std::array<name_of<std::uint8_t>, 4> capability_names{{
    {"voice", voice},
    {"sms", sms},
    {"mms", mms},
    {"fax", fax},
}};
inline constexpr std::array<name_of<callerid::profile>, 3> profile_names{{
    {"outbound", callerid::profile::outbound},
    {"inbound", callerid::profile::inbound},
    {"sms", callerid::profile::sms},
}};
/// Where a carrier's API is, unless the account says otherwise.
constexpr const char* default_base_url(carriers::carrier_kind kind) {
  return kind == carriers::carrier_kind::twilio ? "https://api.twilio.com" : "https://api.telnyx.com";
}
/// Indexed like weekly_hours.
inline constexpr std::array<std::string_view, 7> weekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                          "thursday", "friday", "saturday"};

template <class Enum, std::size_t N>
constexpr std::optional<Enum> find_named(const std::array<name_of<Enum>, N>& names, std::string_view text) noexcept {
  for (const auto& [name, value] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}
template <class Enum, std::size_t N>
constexpr std::string_view find_name(const std::array<name_of<Enum>, N>& names, Enum value) noexcept {
  for (const auto& [name, one] : names) {
    if (one == value) return name;
  }
  return {};
}

/// "08:00-21:00" (24:00 is the end of the day) or "closed"; nullopt for anything else, an empty range included.
std::optional<local_hours> parse_local_hours(std::string_view text) noexcept;
std::string to_text(const local_hours& window);

}  // namespace dialer::api
