#pragma once

#include <string_view>

namespace dialer::carriers {

/// "CA" and 32 hexadecimal digits.
constexpr bool is_call_sid(std::string_view text) {
  if (text.size() != 34 || !text.starts_with("CA")) return false;
  for (const char c : text.substr(2)) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return false;
  }
  return true;
}

}  // namespace dialer::carriers
