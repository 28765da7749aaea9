#include "compliance/national_hours.hpp"

namespace dialer::compliance {
namespace {

constexpr local_hours hours(unsigned open_hour, unsigned close_hour, unsigned close_minute = 0) {
  return {static_cast<std::uint16_t>(open_hour * 60), static_cast<std::uint16_t>(close_hour * 60 + close_minute)};
}
constexpr local_hours none{0, 0};

constexpr weekly_hours week(local_hours weekdays, local_hours saturday, local_hours sunday) {
  return {sunday, weekdays, weekdays, weekdays, weekdays, weekdays, saturday};
}

constexpr weekly_hours united_states[] = {week(hours(8, 21), hours(8, 21), hours(8, 21))};
constexpr weekly_hours canada[] = {week(hours(9, 21, 30), hours(10, 18), hours(10, 18))};
constexpr weekly_hours united_kingdom[] = {week(hours(8, 21), hours(9, 21), none)};
constexpr weekly_hours germany[] = {week(hours(8, 20), hours(9, 18), none)};
// No calls over lunch.
constexpr weekly_hours france[] = {week(hours(10, 13), none, none), week(hours(14, 20), none, none)};
constexpr weekly_hours spain[] = {week(hours(9, 21), none, none)};
constexpr weekly_hours italy[] = {week(hours(9, 20), hours(10, 19), none)};
constexpr weekly_hours australia[] = {week(hours(9, 20), hours(9, 17), none)};
constexpr weekly_hours india[] = {week(hours(10, 21), hours(10, 21), hours(10, 21))};
constexpr weekly_hours elsewhere[] = {week(hours(9, 20), hours(9, 20), none)};

struct row {
  std::string_view country;
  std::span<const weekly_hours> weeks;
  std::string_view source;
};
constexpr row rows[] = {
    {"US", united_states, "47 CFR 64.1200(c)(1), 16 CFR 310.4(c)"},
    {"CA", canada, "CRTC Unsolicited Telecommunications Rules, part III"},
    {"GB", united_kingdom, "no statutory hours: the trade body's guidance, which the regulator looks at"},
    {"DE", germany, "no statutory hours: the industry's code of conduct"},
    {"FR", france, "Code de la consommation"},
    {"ES", spain, "Real Decreto Legislativo 1/2007, article 96.2"},
    {"IT", italy, "code of conduct of the telemarketing industry"},
    {"AU", australia, "Telecommunications (Telemarketing and Research Calls) Industry Standard"},
    {"IN", india, "the regulator's default band"},
};
constexpr row everywhere_else{"", elsewhere, "no rule is known: the engine's own default"};

const row& find_row(std::string_view country) noexcept {
  for (const row& each : rows) {
    if (each.country == country) return each;
  }
  return everywhere_else;
}

}  // namespace

std::span<const weekly_hours> national_hours(std::string_view country) noexcept {
  return find_row(country).weeks;
}

std::string_view national_hours_source(std::string_view country) noexcept {
  return find_row(country).source;
}

weekly_hours federal_hours() {
  return united_states[0];
}

}  // namespace dialer::compliance
