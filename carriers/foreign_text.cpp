#include "carriers/foreign_text.hpp"

#include <cstdint>

namespace dialer::carriers {
namespace {

/// Length of the well-formed UTF-8 character at the front (RFC 3629); 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  std::uint32_t value = 0;
  std::uint32_t smallest = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2, value = lead & 0x1F, smallest = 0x80;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3, value = lead & 0x0F, smallest = 0x800;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4, value = lead & 0x07, smallest = 0x10000;
  }
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return value < smallest || value > 0x10FFFF || surrogate ? 0 : length;
}

bool is_control(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
  return lead == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;  // C1: U+0080 to U+009F
}

}  // namespace

std::string foreign_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string clean;
  clean.reserve(text.size() < foreign_text_bytes_max ? text.size() : foreign_text_bytes_max);
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    std::string escaped;
    if (length == 0 || is_control(character)) {
      for (const char c : character) {
        const auto byte = static_cast<unsigned char>(c);
        escaped += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
      }
    }
    const std::string_view shown = escaped.empty() ? character : std::string_view{escaped};
    if (clean.size() + shown.size() > foreign_text_bytes_max) break;
    clean += shown;
    text.remove_prefix(character.size());
  }
  return clean;
}

}  // namespace dialer::carriers
