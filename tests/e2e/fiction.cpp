#include "tests/e2e/fiction.hpp"

#include <array>

#include "compliance/calling_window.hpp"
#include "compliance/place.hpp"
#include "compliance/zone_rules.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

// Ofcom, "Telephone numbers for use in TV and radio drama programmes", the geographic and mobile blocks of a thousand.
constexpr std::array<std::uint64_t, 17> uk_drama_thousands = {
    441134960, 441144960, 441154960, 441164960, 441174960, 441184960, 441214960, 441314960, 441414960,
    441514960, 441614960, 441632960, 441914980, 442079460, 442896496, 442920180, 447700900};

// Empty unless the number's place is open all the time.
std::string open_place(e164 number, const compliance::zone_rules& zones, utc_time now) {
  const compliance::place where = compliance::locate({number, {}, {}, {}}, zones);
  if (where.zones.empty()) return {};
  const auto window = compliance::evaluate_window(where, compliance::federal_hours(), zones, now);
  return window.open && window.closes_at > now + 2h ? compliance::to_text(where) : std::string{};
}

}  // namespace

std::vector<fictitious> open_numbers(utc_time now) {
  const auto zones = compliance::load_system_zone_rules();
  struct block {
    std::uint64_t first;
    std::string place;
  };
  std::vector<block> hundreds;
  const auto add = [&](std::uint64_t first) {
    if (std::string place = open_place(e164::from_digits(first), *zones, now); !place.empty()) {
      hundreds.push_back({first, std::move(place)});
    }
  };
  for (std::uint64_t area = 201; area < 990; ++area) {
    if (area % 100 != 11) add(10'005'550'100 + area * 10'000'000);
  }
  for (const std::uint64_t thousand : uk_drama_thousands) {
    for (std::uint64_t hundred = 0; hundred < 10; ++hundred) add(thousand * 1000 + hundred * 100);
  }
  std::vector<fictitious> all;
  for (std::uint64_t line = 0; line < 100; ++line) {
    for (const block& each : hundreds) all.push_back({e164::from_digits(each.first + line), each.place});
  }
  return all;
}

}  // namespace dialer::e2e
