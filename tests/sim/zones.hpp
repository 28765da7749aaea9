#pragma once
// Zones of the simulated world: local time is UTC plus a fixed offset (real zone data has its own tests). Between them
// they are open all along, closed all along, close during the run and open during it.

#include <array>
#include <chrono>
#include <string_view>

#include "compliance/calling_window.hpp"

namespace dialer::sim {

struct zone_of_test {
  std::string_view name;
  std::chrono::seconds offset;
};

/// The run begins at 17:00 UTC.
inline constexpr std::array zones_of_test{
    zone_of_test{"Test/East", -std::chrono::hours{5}},
    zone_of_test{"Test/West", -std::chrono::hours{8}},
    zone_of_test{"Test/Night", -std::chrono::hours{13}},
    zone_of_test{"Test/Closing", std::chrono::hours{4} - std::chrono::seconds{70}},  // 20:58:50
    // 07:55, to open after the last change that people make: nothing but time can open it.
    zone_of_test{"Test/Opening", -std::chrono::hours{9} - std::chrono::minutes{5}},
};

class fixed_zones : public compliance::zone_rules {
 public:
  bool knows(std::string_view zone) const override { return find(zone) != nullptr; }
  std::optional<compliance::zone_offset> offset_at(std::string_view zone, utc_time at) const override {
    const zone_of_test* found = find(zone);
    if (found == nullptr) return std::nullopt;
    return compliance::zone_offset{found->offset, at + std::chrono::hours{24 * 30}};
  }
  std::string version() const override { return "test"; }

 private:
  static const zone_of_test* find(std::string_view zone) {
    for (const zone_of_test& each : zones_of_test) {
      if (each.name == zone) return &each;
    }
    return nullptr;
  }
};

/// The law's hours, counted without the code under test: 08:00 to 21:00 local time.
inline bool may_ring(std::size_t zone, utc_time at) {
  const auto local = at + zones_of_test[zone].offset;
  const auto since_midnight = local - std::chrono::floor<std::chrono::days>(local);
  return since_midnight >= std::chrono::hours{8} && since_midnight < std::chrono::hours{21};
}

}  // namespace dialer::sim
