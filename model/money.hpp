#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dialer {

/// An amount in the smallest unit of its currency (ISO 4217): 115 and "USD" are $1.15, 115 and "JPY" are 115 yen.
struct money {
  std::int64_t minor = 0;
  std::string currency;  ///< three capital letters; empty: no price
  friend bool operator==(const money&, const money&) = default;
};

/// Digits after the point in amounts of a currency: 2 but for those of ISO 4217 with 0 or 3.
int fraction_digits(std::string_view currency) noexcept;

/// "1.15 USD"; "115 JPY".
std::string to_string(const money& value);

/// Reads "1.15" in a currency. nullopt: not an amount, more digits after the point than the currency has, or beyond 64
/// bits.
std::optional<money> parse_money(std::string_view amount, std::string_view currency);

}  // namespace dialer
