#include "campaigns/phone_text.hpp"

#include <algorithm>

namespace dialer::campaigns {
namespace {

constexpr std::size_t signs_max = 120;  // longer cells hold something else

constexpr bool is_digit(char sign) noexcept {
  return sign >= '0' && sign <= '9';
}
constexpr bool is_letter(char sign) noexcept {
  return (sign | 0x20) >= 'a' && (sign | 0x20) <= 'z';
}
constexpr bool is_punctuation(char sign) noexcept {
  return sign == ' ' || sign == '-' || sign == '(' || sign == ')' || sign == '.' || sign == '/' || sign == '[' ||
         sign == ']' || sign == '_' || sign == '\t';
}

struct signs {
  std::array<char, signs_max> text{};
  std::size_t size = 0;
  bool fits = true;
  void add(char sign) noexcept {
    if (size == text.size()) {
      fits = false;
    } else {
      text[size++] = sign;
    }
  }
};

/// One code point of valid UTF-8; 0xFFFD for anything else. Moves `at` on.
char32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  if (first < 0x80) return ++at, first;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  char32_t point = size == 1 ? 0xFFFD : first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return at += i, 0xFFFD;
    point = (point << 6U) | (byte(at + i) & 0x3FU);
  }
  at += size;
  return point;
}

/// ASCII stand-in; 'z' (a letter) for what has none.
char to_ascii(char32_t point) noexcept {
  if (point < 0x80) return static_cast<char>(point);
  if (point >= 0xFF01 && point <= 0xFF5E) return static_cast<char>(point - 0xFEE0);          // full-width forms
  if (point >= 0x0660 && point <= 0x0669) return static_cast<char>('0' + (point - 0x0660));  // Arabic-Indic
  if (point >= 0x06F0 && point <= 0x06F9) return static_cast<char>('0' + (point - 0x06F0));  // Persian, Urdu
  const bool invisible = point == 0xAD || point == 0xFEFF;
  const bool space = point == 0xA0 || point == 0x3000 || point == 0x202F;
  const bool general_punctuation = point >= 0x2000 && point <= 0x206F;  // dashes, thin spaces, direction marks
  return invisible || space || general_punctuation || point == 0x2212 ? ' ' : 'z';
}

signs to_signs(std::string_view text) noexcept {
  signs result;
  for (std::size_t at = 0; at < text.size() && result.fits;) result.add(to_ascii(next_code_point(text, at)));
  return result;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool starts_with_word(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() && std::ranges::equal(text.substr(0, lower.size()), lower, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b;
         });
}

std::string_view unwrap(std::string_view text) noexcept {
  text = trim(text);
  if (text.starts_with("=\"") && text.ends_with('"')) text = text.substr(2, std::max<std::size_t>(text.size(), 3) - 3);
  if (text.starts_with('\'')) text.remove_prefix(1);
  text = trim(text);
  if (starts_with_word(text, "tel:")) text.remove_prefix(4);
  return trim(text);
}

/// "1.21255E+10", "4,42E11"
bool is_scientific(std::string_view text) noexcept {
  const std::size_t mark = text.find_first_of("eE");
  if (mark == std::string_view::npos || mark == 0) return false;
  std::string_view exponent = text.substr(mark + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  const std::string_view mantissa = text.substr(text.starts_with('+') ? 1 : 0, mark - (text.starts_with('+') ? 1 : 0));
  const auto is_part = [](char sign) { return is_digit(sign) || sign == '.' || sign == ','; };
  return !exponent.empty() && exponent.size() <= 2 && std::ranges::all_of(exponent, is_digit) &&
         std::ranges::any_of(mantissa, is_digit) && std::ranges::all_of(mantissa, is_part);
}

/// "12125550123.0"
bool is_decimal(std::string_view text) noexcept {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point < 7) return false;
  const std::string_view fraction = text.substr(point + 1);
  return std::ranges::all_of(text.substr(0, point), is_digit) && !fraction.empty() && fraction.size() <= 2 &&
         std::ranges::all_of(fraction, [](char sign) { return sign == '0'; });
}

/// Length of an extension's mark at the front of text, 0 when there is none. Longer words first.
std::size_t extension_mark(std::string_view text) noexcept {
  for (const std::string_view mark : {";ext=", "extension", "extn", "ext", "x", "#"}) {
    if (starts_with_word(text, mark)) return mark.size();
  }
  return 0;
}

void read_extension(std::string_view text, phone_text& result) noexcept {
  while (!text.empty() && (is_punctuation(text.front()) || text.front() == ':')) text.remove_prefix(1);
  while (!text.empty() && is_punctuation(text.back())) text.remove_suffix(1);
  if (text.empty() || text.size() > result.extension_digits.size() || !std::ranges::all_of(text, is_digit)) {
    result.problem = phone_problem::extension;
    return;
  }
  std::ranges::copy(text, result.extension_digits.begin());
  result.extension_size = static_cast<std::uint8_t>(text.size());
}

}  // namespace

phone_text read_phone_text(std::string_view text) noexcept {
  phone_text result;
  const signs written = to_signs(trim(text));
  const std::string_view number = unwrap({written.text.data(), written.size});
  if (number.empty()) result.problem = phone_problem::empty;
  if (!written.fits) result.problem = phone_problem::unreadable;
  if (is_scientific(number)) result.problem = phone_problem::scientific;
  if (is_decimal(number)) result.problem = phone_problem::decimal;

  for (std::size_t at = 0; at < number.size() && result.problem == phone_problem::none; ++at) {
    const char sign = number[at];
    if (is_digit(sign)) {
      if (result.digits_size == result.digits.size()) {
        result.problem = phone_problem::too_long;
      } else {
        result.digits[result.digits_size++] = sign;
      }
    } else if (sign == '+' && result.digits_size == 0 && !result.plus) {
      result.plus = true;
    } else if (!is_punctuation(sign)) {
      const std::size_t mark = result.digits_size == 0 ? 0 : extension_mark(number.substr(at));
      if (mark == 0) {
        result.problem = is_letter(sign) ? phone_problem::letters : phone_problem::unreadable;
      } else {
        read_extension(number.substr(at + mark), result);
        // "212-555-xray": what follows is no extension but a word.
        if (result.problem != phone_problem::none && std::ranges::any_of(number.substr(at + mark), is_letter)) {
          result.problem = phone_problem::letters;
        }
        break;
      }
    }
  }
  if (result.problem == phone_problem::none && result.digits_size == 0) result.problem = phone_problem::empty;
  return result;
}

}  // namespace dialer::campaigns
