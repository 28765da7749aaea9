#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "model/ids.hpp"

namespace dialer::sql {

/// Builds a script of the simple protocol, which has no bound parameters. Values can only be numbers and identifiers of
/// the model, written in digits: no text from outside can enter, so nothing has to be escaped. Keywords are literals.
class script_writer {
 public:
  explicit script_writer(std::string& to) : to_{to} { to_.clear(); }

  template <std::size_t N>
  script_writer& sql(const char (&keywords)[N]) {
    to_.append(keywords, N - 1);
    return *this;
  }
  script_writer& number(std::integral auto value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    to_.append(digits, static_cast<std::size_t>(end - digits));
    return *this;
  }
  script_writer& uuid(const id128& value) {
    to_ += '\'';
    hex(value.high);
    hex(value.low);
    to_ += "'::uuid";
    return *this;
  }

 private:
  void hex(std::uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) to_ += "0123456789abcdef"[(value >> shift) & 15];
  }
  std::string& to_;
};

}  // namespace dialer::sql
