// The registry's text: whatever the bytes, a line is refused or means exactly what it says.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "compliance/registry_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto entry = dialer::compliance::parse_registry_line(line);
    if (!entry) continue;
    if (line.back() == '\r') line.remove_suffix(1);
    char again[16];
    const int length = std::snprintf(again, sizeof again, "%03u,%07u", unsigned{entry->npa}, entry->subscriber);
    if (std::string_view(again, static_cast<std::size_t>(length)) != line || entry->npa < 200) std::abort();
  }
  return 0;
}
