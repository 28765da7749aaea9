#pragma once
// Time zone rules as an immutable snapshot over the system's tzdata.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/clock.hpp"

namespace dialer::compliance {

/// Offset of local time from UTC and the instant until which it holds.
struct zone_offset {
  std::chrono::seconds from_utc{0};
  utc_time valid_until;
};

/// Reads a zone's file on first use of its name, then only memory. Thread-safe. The inner ring gets one from outside;
/// `load_system_zone_rules` is called by the wiring only.
class zone_rules {
 public:
  virtual ~zone_rules() = default;
  /// False for names the system does not know: such a place never opens.
  virtual bool knows(std::string_view zone) const = 0;
  /// nullopt for an unknown zone.
  virtual std::optional<zone_offset> offset_at(std::string_view zone, utc_time at) const = 0;
  /// Version of the data, e.g. "2026f"; "unknown" when the system does not say.
  virtual std::string version() const = 0;
};

/// Zones whose people would be called at the wrong hour by older data: British Columbia stopped changing its clocks in
/// 2026b. Debian brings new versions as security updates.
inline constexpr std::string_view oldest_tzdata = "2026b";

/// Whether data of this version ("2026f") may be dialed by; "unknown" may not.
bool is_current_tzdata(std::string_view version) noexcept;
/// Whether data of that version knows the zone's present clocks: some changed theirs after `oldest_tzdata`, and a
/// system that has no newer data than that may call everywhere else.
bool is_current_tzdata(std::string_view version, std::string_view zone) noexcept;

/// absl time over /usr/share/zoneinfo. What it reads stays in memory for good: load again only when the version
/// differs.
std::shared_ptr<const zone_rules> load_system_zone_rules();
/// Version of the data that load_system_zone_rules() would read now.
std::string system_tzdata_version();

}  // namespace dialer::compliance
