// A lane's name read back from the ledger: refused, or one place with exactly this text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compliance/place.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto place = dialer::compliance::parse_place(text);
  if (place && dialer::compliance::to_text(*place) != text) std::abort();
  return 0;
}
