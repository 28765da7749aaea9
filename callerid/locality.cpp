#include "callerid/locality.hpp"

#include <algorithm>

namespace dialer::callerid {
namespace {

constexpr std::array<std::uint64_t, 16> power_of_ten = [] {
  std::array<std::uint64_t, 16> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

unsigned length(std::uint64_t digits) noexcept {
  unsigned count = 1;
  while (count < 15 && digits >= power_of_ten[count]) ++count;
  return count;
}

/// Whether the two leading digits are a calling code by themselves; all others outside of 1 and 7 have three digits.
constexpr auto two_digit_code = [] {
  std::array<bool, 100> codes{};
  for (const unsigned code :
       {20u, 27u, 30u, 31u, 32u, 33u, 34u, 36u, 39u, 40u, 41u, 43u, 44u, 45u, 46u, 47u, 48u, 49u, 51u, 52u, 53u, 54u,
        55u, 56u, 57u, 58u, 60u, 61u, 62u, 63u, 64u, 65u, 66u, 81u, 82u, 84u, 86u, 90u, 91u, 92u, 93u, 94u, 95u, 98u}) {
    codes[code] = true;
  }
  return codes;
}();

unsigned calling_code_length(std::uint64_t digits, unsigned digit_count) noexcept {
  const std::uint64_t two = digits / power_of_ten[digit_count - 2];
  if (two / 10 == 1 || two / 10 == 7) return 1;
  return two_digit_code[two] ? 2 : 3;
}

bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

region_key pack(std::string_view text) noexcept {
  region_key key = 0;
  for (const char c : text) key = key << 8 | static_cast<unsigned char>(c);
  return key;
}

/// "US", or "US-" and one to three letters or digits (ISO 3166-2).
bool is_region(std::string_view text) noexcept {
  if (text.size() < 2 || !is_upper(text[0]) || !is_upper(text[1])) return false;
  if (text.size() == 2) return true;
  return text.size() >= 4 && text.size() <= 6 && text[2] == '-' &&
         std::all_of(text.begin() + 3, text.end(), [](char c) { return is_upper(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

unsigned calling_code_length(e164 number) noexcept {
  return calling_code_length(number.digits(), length(number.digits()));
}

locality locality_of(e164 number, std::string_view region) noexcept {
  locality where;
  const std::uint64_t digits = number.digits();
  if (number.is_nanp()) {
    where.calling_code = 1;
    where.prefix[3] = digits / 10'000;  // country code, area code, exchange
    for (std::size_t i = 3; i > 0; --i) where.prefix[i - 1] = where.prefix[i] / 10;
  } else if (digits >= power_of_ten[6]) {
    const unsigned count = length(digits);
    const unsigned code = calling_code_length(digits, count);
    where.calling_code = static_cast<std::uint32_t>(digits / power_of_ten[count - code]);
    for (unsigned i = 0; i < where.prefix.size(); ++i) {
      if (code + 3 + i <= count) where.prefix[i] = digits / power_of_ten[count - code - 3 - i];
    }
  }
  if (is_region(region)) {
    where.country = pack(region.substr(0, 2));
    if (region.size() > 2) where.state = pack(region);
  }
  return where;
}

}  // namespace dialer::callerid
