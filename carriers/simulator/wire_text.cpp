#include "carriers/simulator/wire_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace dialer::carriers::simulator {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

struct broken_down {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::microseconds> time;
  unsigned weekday;
};

broken_down break_down(utc_time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss<std::chrono::microseconds>{at - day},
          std::chrono::weekday{day}.c_encoding()};
}

std::optional<int> fixed_digits(std::string_view text, std::size_t from, std::size_t count) noexcept {
  if (from + count > text.size()) return std::nullopt;
  const auto value = parse_number(text.substr(from, count));
  return value ? std::optional<int>{static_cast<int>(*value)} : std::nullopt;
}

}  // namespace

form_fields form_fields::parse(std::string_view text) {
  form_fields out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto name = pair.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    out.fields_.push_back({decode(name, true), decode(value, true)});
  }
  return out;
}

const std::string* form_fields::find(std::string_view name) const noexcept {
  for (const auto& field : fields_) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

std::string_view form_fields::get(std::string_view name) const noexcept {
  const auto* value = find(name);
  return value ? std::string_view{*value} : std::string_view{};
}

std::string form_fields::encode() const {
  std::string out;
  for (const auto& field : fields_) {
    if (!out.empty()) out.push_back('&');
    append_percent_encoded(out, field.name);
    out.push_back('=');
    append_percent_encoded(out, field.value);
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  return decode(text, false);
}

void append_percent_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(
          static_cast<char>(hex_digits[byte >> 4] >= 'a' ? hex_digits[byte >> 4] - 32 : hex_digits[byte >> 4]));
      out.push_back(
          static_cast<char>(hex_digits[byte & 15] >= 'a' ? hex_digits[byte & 15] - 32 : hex_digits[byte & 15]));
    }
  }
}

std::string base64_encode(std::string_view bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= have ? alphabet[word >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    std::uint32_t digit = 0;
    if (c >= 'A' && c <= 'Z') {
      digit = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '-') {
      digit = 62;
    } else if (c == '/' || c == '_') {
      digit = 63;
    } else {
      return std::nullopt;
    }
    word = word << 6 | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(word >> bits & 0xFF));
    }
  }
  return out;
}

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(hex_digits[value >> shift & 15]);
}

bool parse_hex128(std::string_view text, std::uint64_t& high, std::uint64_t& low) noexcept {
  if (text.size() != 32) return false;
  high = low = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return false;
    auto& word = i < 16 ? high : low;
    word = word << 4 | static_cast<std::uint64_t>(digit);
  }
  return true;
}

std::string uuid_text(std::uint64_t high, std::uint64_t low) {
  std::string out;
  append_hex(out, high);
  append_hex(out, low);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) out.insert(dash, 1, '-');
  return out;
}

std::string rfc2822(utc_time at, std::string_view zone) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto parts = break_down(at);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %d %02d:%02d:%02d ", days[parts.weekday],
                    static_cast<unsigned>(parts.date.day()), months[static_cast<unsigned>(parts.date.month()) - 1],
                    static_cast<int>(parts.date.year()), static_cast<int>(parts.time.hours().count()),
                    static_cast<int>(parts.time.minutes().count()), static_cast<int>(parts.time.seconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size)).append(zone);
}

std::string rfc3339(utc_time at) {
  const auto parts = break_down(at);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(parts.date.year()),
      static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()),
      static_cast<int>(parts.time.hours().count()), static_cast<int>(parts.time.minutes().count()),
      static_cast<int>(parts.time.seconds().count()), static_cast<int>(parts.time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<parsed_date> parse_date(std::string_view text) {
  const auto year = fixed_digits(text, 0, 4), month = fixed_digits(text, 5, 2), day = fixed_digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const utc_time midnight = std::chrono::sys_days{date};
  if (text.size() == 10) return parsed_date{midnight, true};
  const auto hour = fixed_digits(text, 11, 2), minute = fixed_digits(text, 14, 2), second = fixed_digits(text, 17, 2);
  if (!hour || !minute || !second || text.back() != 'Z' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto clock = std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
  std::int64_t micros = 0;
  if (text.size() > 20) {
    if (text[19] != '.') return std::nullopt;
    std::string digits{text.substr(20, text.size() - 21)};
    digits.resize(6, '0');
    const auto value = parse_number(digits);
    if (!value) return std::nullopt;
    micros = *value;
  }
  return parsed_date{midnight + clock + std::chrono::microseconds{micros}, false};
}

std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace dialer::carriers::simulator
