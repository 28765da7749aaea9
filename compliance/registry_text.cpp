#include "compliance/registry_text.hpp"

namespace dialer::compliance {

std::optional<registry_entry> parse_registry_line(std::string_view line) noexcept {
  constexpr std::size_t length = 11;
  constexpr std::size_t comma = 3;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.size() != length || line[comma] != ',') return std::nullopt;
  std::uint64_t digits = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (i == comma) continue;
    if (line[i] < '0' || line[i] > '9') return std::nullopt;
    digits = digits * 10 + static_cast<std::uint64_t>(line[i] - '0');
  }
  const registry_entry entry{static_cast<std::uint16_t>(digits / 10'000'000),
                             static_cast<std::uint32_t>(digits % 10'000'000)};
  return entry.npa < 200 ? std::nullopt : std::optional{entry};
}

}  // namespace dialer::compliance
