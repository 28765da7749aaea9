#include "model/e164.hpp"

#include <algorithm>

namespace dialer {

std::optional<e164> e164::parse(std::string_view text) noexcept {
  constexpr std::size_t digits_min = 7;
  constexpr std::size_t digits_max = 15;
  if (text.size() < digits_min + 1 || text.size() > digits_max + 1 || text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  if (text.front() == '0') return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return e164{value};
}

std::string e164::text() const {
  return digits_ == 0 ? std::string{} : "+" + std::to_string(digits_);
}

std::string e164::masked() const {
  std::string shown = text();
  constexpr std::size_t head = 5;  // "+" and the country code with an area code of North America
  constexpr std::size_t tail = 2;
  if (shown.size() > head + tail) {
    std::fill(shown.begin() + head, shown.end() - tail, '*');
  }
  return shown;
}

}  // namespace dialer
