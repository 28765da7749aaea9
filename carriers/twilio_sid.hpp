#pragma once

#include <string_view>

namespace dialer::carriers {

/// Two letters that name the kind and 32 hexadecimal digits.
constexpr bool is_sid(std::string_view text, std::string_view kind) {
  if (text.size() != 34 || !text.starts_with(kind)) return false;
  // Without branches: whether a digit or a letter comes next is a coin toss that no processor predicts.
  bool all = true;
  for (const char c : text.substr(2)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool digit = static_cast<unsigned char>(byte - '0') < 10;
    const bool letter = static_cast<unsigned char>((byte | 0x20) - 'a') < 6;
    all &= digit | letter;
  }
  return all;
}

constexpr bool is_call_sid(std::string_view text) {
  return is_sid(text, "CA");
}

}  // namespace dialer::carriers
