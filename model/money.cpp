#include "model/money.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace dialer {
namespace {

// ISO 4217, list one: active currencies whose minor unit is not a hundredth.
constexpr std::array<std::string_view, 17> whole{"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
                                                 "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 7> thousandths{"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};

}  // namespace

int fraction_digits(std::string_view currency) noexcept {
  if (std::ranges::find(whole, currency) != whole.end()) return 0;
  return std::ranges::find(thousandths, currency) != thousandths.end() ? 3 : 2;
}

std::string to_string(const money& value) {
  const auto places = static_cast<std::size_t>(fraction_digits(value.currency));
  std::string text = std::to_string(value.minor);
  const bool negative = text.front() == '-';
  if (negative) text.erase(0, 1);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  if (places > 0) text.insert(text.size() - places, 1, '.');
  return (negative ? "-" : "") + text + (value.currency.empty() ? "" : " " + value.currency);
}

std::optional<money> parse_money(std::string_view amount, std::string_view currency) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (currency.size() != 3 || !std::ranges::all_of(currency, upper)) return std::nullopt;
  const std::size_t point = amount.find('.');
  const std::string_view fraction = point == amount.npos ? std::string_view{} : amount.substr(point + 1);
  const auto places = static_cast<std::size_t>(fraction_digits(currency));
  if (fraction.size() > places || (point != amount.npos && fraction.empty())) return std::nullopt;
  std::string digits{amount.substr(0, point)};
  if (digits.empty() || digits == "-" || digits == "+") return std::nullopt;
  digits.append(fraction).append(places - fraction.size(), '0');
  money value{0, std::string(currency)};
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), value.minor);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace dialer
