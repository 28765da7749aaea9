#include "compliance/zone_rules.hpp"

#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace dialer::compliance {
namespace {

std::string zoneinfo_directory() {
  const char* configured = std::getenv("TZDIR");
  return configured != nullptr && *configured == '/' ? configured : "/usr/share/zoneinfo";
}

/// "# version 2026f" is the first line of tzdata.zi.
std::string read_version(const std::string& directory) {
  std::ifstream file{directory + "/tzdata.zi"};
  std::string line;
  std::getline(file, line);
  constexpr std::string_view start = "# version ";
  return line.starts_with(start) && line.size() > start.size() ? line.substr(start.size()) : "unknown";
}

/// Names come from import files: only the shape of an IANA name may reach the file system. "posix/" and "right/" are
/// copies (the latter counts leap seconds), the lower-case names are files of the system and not places.
bool has_shape_of_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '+' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name.front() >= 'A' && name.front() <= 'Z' && name != "Factory" &&
         !name.starts_with("SystemV/") && name.find("//") == std::string_view::npos &&
         std::ranges::all_of(name, allowed);
}

class system_zone_rules final : public zone_rules {
 public:
  system_zone_rules() : directory_{zoneinfo_directory()}, version_{read_version(directory_)} {
    // absl keeps every zone it ever read under the name it was asked for. A path spelled differently for each snapshot
    // makes it read the files again, so that updated tzdata takes effect without a restart; the zones of earlier
    // snapshots stay in memory (a few KB each, a few updates a year).
    static std::atomic<unsigned> snapshots{0};
    for (unsigned i = snapshots.fetch_add(1); i > 0; --i) directory_ += "/.";
    directory_ += '/';
  }

  bool knows(std::string_view zone) const override { return find(zone).has_value(); }

  std::optional<zone_offset> offset_at(std::string_view zone, utc_time at) const override {
    const auto found = find(zone);
    if (!found) return std::nullopt;
    const auto time = absl::FromUnixMicros(at.time_since_epoch().count());
    zone_offset result{std::chrono::seconds{found->At(time).offset}, utc_time::max()};
    absl::TimeZone::CivilTransition change;
    if (found->NextTransition(time, &change)) {
      result.valid_until = utc_time{std::chrono::microseconds{absl::ToUnixMicros(found->At(change.to).trans)}};
    }
    return result;
  }

  std::string version() const override { return version_; }

 private:
  std::optional<absl::TimeZone> find(std::string_view name) const {
    {
      const std::shared_lock lock{mutex_};
      if (const auto known = cache_.find(name); known != cache_.end()) return known->second;
    }
    // absl would remember every name that failed too, and an import file may hold millions: only real files get there.
    if (!has_shape_of_zone_name(name)) return std::nullopt;
    const auto path = directory_ + std::string{name};
    std::error_code error;
    absl::TimeZone zone;
    if (!std::filesystem::is_regular_file(path, error) || !absl::LoadTimeZone(path, &zone)) return std::nullopt;
    const std::unique_lock lock{mutex_};
    cache_.emplace(name, zone);
    return zone;
  }

  std::string directory_;
  const std::string version_;
  mutable std::shared_mutex mutex_;
  mutable std::map<std::string, absl::TimeZone, std::less<>> cache_;  // guarded by mutex_
};

}  // namespace

bool is_current_tzdata(std::string_view version) noexcept {
  // A year and a letter: the order of the text is the order of release.
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() >= oldest_tzdata.size() && std::ranges::all_of(version.substr(0, 4), is_digit) &&
         version >= oldest_tzdata;
}

bool is_current_tzdata(std::string_view version, std::string_view zone) noexcept {
  // The NEWS file of tzdata, with the other names that its `backward` file has for them.
  struct change {
    std::string_view zone;
    std::string_view known_since;
  };
  static constexpr std::array changes{change{"America/Edmonton", "2026c"},
                                      change{"America/Yellowknife", "2026c"},
                                      change{"Canada/Mountain", "2026c"},
                                      change{"Africa/Casablanca", "2026c"},
                                      change{"Africa/El_Aaiun", "2026c"},
                                      change{"America/Winnipeg", "2026e"},
                                      change{"America/Rainy_River", "2026e"},
                                      change{"Canada/Central", "2026e"},
                                      change{"America/Inuvik", "2026e"},
                                      change{"America/Havana", "2026f"},
                                      change{"Cuba", "2026f"}};
  const auto found = std::ranges::find(changes, zone, &change::zone);
  return found == changes.end() || version >= found->known_since;
}

std::shared_ptr<const zone_rules> load_system_zone_rules() {
  return std::make_shared<system_zone_rules>();
}

std::string system_tzdata_version() {
  return read_version(zoneinfo_directory());
}

}  // namespace dialer::compliance
