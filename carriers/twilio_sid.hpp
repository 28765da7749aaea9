#pragma once

#include <string_view>

namespace dialer::carriers {

/// Two letters that name the kind and 32 hexadecimal digits.
constexpr bool is_sid(std::string_view text, std::string_view kind) {
  if (text.size() != 34 || !text.starts_with(kind)) return false;
  for (const char c : text.substr(2)) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return false;
  }
  return true;
}

constexpr bool is_call_sid(std::string_view text) {
  return is_sid(text, "CA");
}

}  // namespace dialer::carriers
