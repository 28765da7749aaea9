#include "carriers/base64.hpp"

#include <array>
#include <cstddef>

namespace dialer::carriers {
namespace {

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> reversed(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr auto standard_reverse = reversed(standard_alphabet);
constexpr auto url_reverse = reversed(url_alphabet);

}  // namespace

void append_base64(std::span<const std::uint8_t> bytes, base64_kind kind, std::string& out) {
  const std::string_view alphabet = kind == base64_kind::url ? url_alphabet : standard_alphabet;
  const std::size_t whole = bytes.size() / 3 * 3;
  const std::size_t rest = bytes.size() - whole;
  const std::size_t tail = rest == 0 ? 0 : (kind == base64_kind::standard ? 4 : rest + 1);
  std::size_t at = out.size();
  out.resize(at + whole / 3 * 4 + tail, '=');
  for (std::size_t i = 0; i < whole; i += 3) {
    const std::uint32_t group = (std::uint32_t{bytes[i]} << 16) | (std::uint32_t{bytes[i + 1]} << 8) | bytes[i + 2];
    out[at++] = alphabet[group >> 18];
    out[at++] = alphabet[(group >> 12) & 63];
    out[at++] = alphabet[(group >> 6) & 63];
    out[at++] = alphabet[group & 63];
  }
  if (rest == 0) return;
  const std::uint32_t group =
      (std::uint32_t{bytes[whole]} << 16) | (rest == 2 ? std::uint32_t{bytes[whole + 1]} << 8 : 0U);
  out[at++] = alphabet[group >> 18];
  out[at++] = alphabet[(group >> 12) & 63];
  if (rest == 2) out[at] = alphabet[(group >> 6) & 63];
}

void append_base64(std::string_view bytes, base64_kind kind, std::string& out) {
  append_base64(std::span{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, kind, out);
}

std::optional<std::string> decode_base64(std::string_view text, base64_kind kind) {
  if (kind == base64_kind::standard) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.ends_with("==")) {
      text.remove_suffix(2);
    } else if (text.ends_with('=')) {
      text.remove_suffix(1);
    }
  }
  if (text.size() % 4 == 1) return std::nullopt;
  const auto& reverse = kind == base64_kind::url ? url_reverse : standard_reverse;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int digit = reverse[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    pending = (pending << 6) | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((pending >> bits) & 0xFF);
      pending &= (1U << bits) - 1;
    }
  }
  if (pending != 0) return std::nullopt;
  return bytes;
}

}  // namespace dialer::carriers
