#include "model/ids.hpp"

#include <algorithm>
#include <array>

namespace dialer {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford base 32: no i, l, o, u

constexpr std::array<std::int8_t, 256> make_reverse() {
  std::array<std::int8_t, 256> reverse{};
  reverse.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    reverse[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return reverse;
}
constexpr auto reverse_alphabet = make_reverse();

template <class Unsigned>
std::string encode(std::string_view prefix, Unsigned value, std::size_t characters) {
  std::string text(prefix.size() + characters, '0');
  std::copy(prefix.begin(), prefix.end(), text.begin());
  for (std::size_t i = 0; i < characters; ++i) {
    text[text.size() - 1 - i] = alphabet[static_cast<std::size_t>(value & 31)];
    value >>= 5;
  }
  return text;
}

template <class Unsigned>
std::optional<Unsigned> decode(std::string_view prefix, std::string_view text, std::size_t characters,
                               int first_digit_max) noexcept {
  if (text.size() != prefix.size() + characters || !text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  Unsigned value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = reverse_alphabet[static_cast<unsigned char>(text[i])];
    if (digit < 0 || (i == 0 && digit > first_digit_max)) return std::nullopt;
    value = static_cast<Unsigned>((value << 5) | static_cast<unsigned>(digit));
  }
  return value;
}

constexpr std::int64_t epoch_2024_ms = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr unsigned sequence_bits = 14;
constexpr unsigned node_bits = 8;

}  // namespace

namespace detail {

std::string id_text(std::string_view prefix, id128 value) {
  return encode<unsigned __int128>(prefix, (static_cast<unsigned __int128>(value.high) << 64) | value.low, 26);
}

std::optional<id128> id_parse(std::string_view prefix, std::string_view text) noexcept {
  const auto value = decode<unsigned __int128>(prefix, text, 26, 7);
  if (!value) return std::nullopt;
  return id128{static_cast<std::uint64_t>(*value >> 64), static_cast<std::uint64_t>(*value)};
}

std::string id_text(std::string_view prefix, std::uint64_t value) {
  return encode(prefix, value, 13);
}

std::optional<std::uint64_t> id64_parse(std::string_view prefix, std::string_view text) noexcept {
  return decode<std::uint64_t>(prefix, text, 13, 7);
}

}  // namespace detail

id128 make_id128(utc_time now, std::uint64_t random_high, std::uint64_t random_low) noexcept {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  constexpr std::uint64_t version_7 = 0x7000;
  constexpr std::uint64_t variant = 0x8000'0000'0000'0000;
  return id128{(static_cast<std::uint64_t>(ms) << 16) | version_7 | (random_high & 0x0FFF),
               variant | (random_low & 0x3FFF'FFFF'FFFF'FFFF)};
}

id_sequence::id_sequence(std::uint8_t node, std::uint64_t last) noexcept : node_{node} {
  // The millisecond after the last one: within the same, a smaller node would yield a smaller value.
  if (last != 0) last_tick_ = (((last >> (sequence_bits + node_bits)) + 1) << sequence_bits) - 1;
}

std::uint64_t id_sequence::next(utc_time now) noexcept {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const auto since_2024 = static_cast<std::uint64_t>(std::max<std::int64_t>(ms - epoch_2024_ms, 0));
  last_tick_ = std::max(last_tick_ + 1, since_2024 << sequence_bits);
  const std::uint64_t milliseconds = last_tick_ >> sequence_bits;
  const std::uint64_t sequence = last_tick_ & ((1U << sequence_bits) - 1);
  return (milliseconds << (sequence_bits + node_bits)) | (static_cast<std::uint64_t>(node_) << sequence_bits) |
         sequence;
}

utc_time id_sequence::time_of(std::uint64_t value) noexcept {
  return utc_time{
      std::chrono::milliseconds{static_cast<std::int64_t>(value >> (sequence_bits + node_bits)) + epoch_2024_ms}};
}

}  // namespace dialer
