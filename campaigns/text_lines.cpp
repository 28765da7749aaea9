#include "campaigns/text_lines.hpp"

#include <simdjson.h>

#include <array>

namespace dialer::campaigns {
namespace {

constexpr bool ends_line(char sign) noexcept {
  return sign == '\n' || sign == '\r';
}
constexpr bool is_high(char16_t unit) noexcept {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
constexpr bool is_low(char16_t unit) noexcept {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

}  // namespace

std::optional<encoding_guess> guess_encoding(std::string_view head) noexcept {
  using enum text_encoding;
  const auto byte = [&](std::size_t i) { return i < head.size() ? static_cast<unsigned char>(head[i]) : 0x100U; };
  if (byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF) return encoding_guess{utf8, 3};
  if (byte(0) == 0 && byte(1) == 0 && byte(2) == 0xFE && byte(3) == 0xFF) return std::nullopt;
  if (byte(0) == 0xFF && byte(1) == 0xFE) {
    if (byte(2) == 0 && byte(3) == 0) return std::nullopt;
    return encoding_guess{utf16_le, 2};
  }
  if (byte(0) == 0xFE && byte(1) == 0xFF) return encoding_guess{utf16_be, 2};
  // A list begins with a column name or a brace: ASCII, so that one byte of each code unit is NUL.
  const auto is_nul = [&](std::size_t i) { return byte(i) == 0; };
  const auto is_text = [&](std::size_t i) { return byte(i) != 0; };  // also what lies behind the end
  if (head.size() >= 2 && is_text(0) && is_nul(1) && is_text(2) && (head.size() < 4 || is_nul(3))) {
    return encoding_guess{utf16_le, 0};
  }
  if (head.size() >= 2 && is_nul(0) && is_text(1) && is_text(3) && (head.size() < 3 || is_nul(2))) {
    return encoding_guess{utf16_be, 0};
  }
  return encoding_guess{};
}

line_reader::line_reader(text_encoding encoding, std::uint64_t offset) : encoding_{encoding}, offset_{offset} {}

void line_reader::feed(std::string_view bytes) {
  input_ = bytes;
}

bool line_reader::next(text_line& line) {
  if (delivered_) {
    kept_.clear();
    delivered_ = too_long_ = false;
  }
  line.too_long = false;
  if (encoding_ == text_encoding::utf8 ? next_utf8(line) : next_utf16(line)) return true;
  return finished_ && last_line(line);
}

void line_reader::keep(std::string_view part) {
  if (!too_long_ && kept_.size() + part.size() <= row_bytes_max) {
    kept_ += part;
  } else {
    too_long_ = true;
  }
}

void line_reader::deliver(text_line& line) {
  line.too_long = too_long_;
  line.text = too_long_ ? std::string_view{} : kept_;
  line.end = offset_;
  delivered_ = true;
}

bool line_reader::next_utf8(text_line& line) {
  const char* const begin = input_.data();
  const char* const end = begin + input_.size();
  const char* at = begin;
  while (at != end && !ends_line(*at)) ++at;
  const bool complete = at != end;
  const std::string_view part{begin, static_cast<std::size_t>(at - begin) + (complete ? 1U : 0U)};
  offset_ += part.size();
  input_.remove_prefix(part.size());
  if (complete && kept_.empty() && !too_long_) {
    line.too_long = part.size() > row_bytes_max;
    line.text = line.too_long ? std::string_view{} : part;
    line.end = offset_;
    return true;
  }
  keep(part);
  if (complete) deliver(line);
  return complete;
}

void line_reader::keep_point(char32_t point) {
  std::array<char, 4> bytes{};
  std::size_t size = 0;
  const auto put = [&](char32_t value) { bytes[size++] = static_cast<char>(value); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put(0x80 | (point & 0x3F));
  } else {
    if (point < 0x10000) {
      put(0xE0 | (point >> 12));
    } else {
      put(0xF0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3F));
    }
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
  keep({bytes.data(), size});
}

void line_reader::keep_unit(char16_t unit) {
  const char16_t high = high_surrogate_;
  high_surrogate_ = 0;
  if (high != 0 && is_low(unit)) {
    keep_point(0x10000 + ((static_cast<char32_t>(high) - 0xD800) << 10) + (unit - 0xDC00));
    return;
  }
  if (high != 0) keep_point(high);
  if (is_high(unit)) {
    high_surrogate_ = unit;
  } else {
    keep_point(unit);
  }
}

bool line_reader::next_utf16(text_line& line) {
  while (!input_.empty()) {
    const auto byte = static_cast<unsigned char>(input_.front());
    input_.remove_prefix(1);
    ++offset_;
    if (!half_unit_) {
      half_unit_ = byte;
      continue;
    }
    const unsigned low = encoding_ == text_encoding::utf16_le ? *half_unit_ : byte;
    const unsigned high = encoding_ == text_encoding::utf16_le ? byte : *half_unit_;
    half_unit_.reset();
    const auto unit = static_cast<char16_t>((high << 8) | low);
    keep_unit(unit);
    if (unit == u'\n' || unit == u'\r') {
      deliver(line);
      return true;
    }
  }
  return false;
}

bool line_reader::last_line(text_line& line) {
  if (high_surrogate_ != 0) keep_point(high_surrogate_);
  if (half_unit_) keep("\xFF");
  high_surrogate_ = 0;
  half_unit_.reset();
  if (kept_.empty() && !too_long_) return false;
  keep("\n");
  deliver(line);
  return true;
}

std::optional<std::size_t> find_bad_byte(std::string_view text) noexcept {
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos && simdjson::validate_utf8(text)) return std::nullopt;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first == 0) return at;
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (!simdjson::validate_utf8(text.substr(at, size))) return at;
    at += size;
  }
  return std::nullopt;
}

std::string describe_bad_byte(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first == 0) return "a NUL byte";
  if (first == 0xED && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) {
    return "half of a UTF-16 surrogate pair";
  }
  constexpr std::string_view hex = "0123456789ABCDEF";
  return std::string{"byte 0x"} + hex[first >> 4] + hex[first & 0xF] + " is not UTF-8";
}

}  // namespace dialer::campaigns
