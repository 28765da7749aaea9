#pragma once
// A telephone number in E.164, the only form in which numbers travel inside the engine.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dialer {

/// A telephone number in E.164: country calling code and national number, 7 to 15 digits, no leading zero.
/// Eight bytes, trivially copyable, ordered by its digits. The default value is "no number".
/// Authority: ITU-T E.164 (at most 15 digits). Plan-specific syntax (such as NANP rules) is checked by campaigns/ at
/// import.
class e164 {
 public:
  constexpr e164() noexcept = default;

  /// Reads "+" followed by 7 to 15 digits, the first not 0; anything else, spaces included, yields no value.
  static std::optional<e164> parse(std::string_view text) noexcept;

  /// REQUIRES: digits came from digits() of a valid number (a ledger column, a table of this project).
  static constexpr e164 from_digits(std::uint64_t digits) noexcept { return e164{digits}; }

  /// The number without "+", as an integer: +1 212 555 0123 is 12125550123. 0 means "no number".
  constexpr std::uint64_t digits() const noexcept { return digits_; }
  constexpr explicit operator bool() const noexcept { return digits_ != 0; }

  /// True for numbers of the North American Numbering Plan (+1 and ten digits).
  constexpr bool is_nanp() const noexcept { return digits_ >= 10'000'000'000 && digits_ < 20'000'000'000; }
  /// Area code, 200..999. REQUIRES: is_nanp().
  constexpr unsigned npa() const noexcept { return static_cast<unsigned>(digits_ / 10'000'000 % 1000); }
  /// The seven digits after the area code. REQUIRES: is_nanp().
  constexpr unsigned subscriber() const noexcept { return static_cast<unsigned>(digits_ % 10'000'000); }

  /// "+12125550123".
  std::string text() const;
  /// "+1212*****23": for logs and terminals; keeps what tells region and distinguishes rows, hides the person.
  std::string masked() const;

  friend constexpr auto operator<=>(e164, e164) noexcept = default;

 private:
  constexpr explicit e164(std::uint64_t digits) noexcept : digits_{digits} {}
  std::uint64_t digits_ = 0;
};

}  // namespace dialer

template <>
struct std::hash<dialer::e164> {
  std::size_t operator()(dialer::e164 number) const noexcept {
    // Numbers of one area differ in their low digits only: spread them over all bits (Fibonacci hashing).
    return static_cast<std::size_t>(number.digits() * 0x9E3779B97F4A7C15ULL);
  }
};
