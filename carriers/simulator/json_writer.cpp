#include "carriers/simulator/json_writer.hpp"

#include <array>
#include <charconv>

namespace dialer::carriers::simulator {

namespace {

/// Length of the UTF-8 sequence at the start of `text`, 0 when it is not valid UTF-8.
std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                     ? 1
                             : (lead >= 0xC2 && lead < 0xE0) ? 2
                             : (lead & 0xF0) == 0xE0         ? 3
                             : (lead >= 0xF0 && lead < 0xF5) ? 4
                                                             : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0))) return 0;
  if (length == 4 && ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90))) return 0;
  return length;
}

}  // namespace

void json_writer::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':' && last != '\n') out_.push_back(',');
}

json_writer& json_writer::open(char bracket) {
  separate();
  out_.push_back(bracket);
  return *this;
}

json_writer& json_writer::close(char bracket) {
  out_.push_back(bracket);
  return *this;
}

json_writer& json_writer::key(std::string_view name) {
  value(name);
  out_.push_back(':');
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  separate();
  out_.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out_.push_back('\\');
      out_.push_back(c);
      ++i;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      out_.append("\\u00");
      out_.push_back(digits[static_cast<unsigned char>(c) >> 4]);
      out_.push_back(digits[static_cast<unsigned char>(c) & 15]);
      ++i;
    } else if (const std::size_t length = utf8_sequence(text.substr(i)); length != 0) {
      out_.append(text.substr(i, length));
      i += length;
    } else {
      // Foreign bytes must not make a line of the log unreadable: U+FFFD stands for each.
      out_.append("\\ufffd");
      ++i;
    }
  }
  out_.push_back('"');
  return *this;
}

json_writer& json_writer::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

json_writer& json_writer::integer(std::int64_t number) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return raw({text.data(), static_cast<std::size_t>(end - text.data())});
}

}  // namespace dialer::carriers::simulator
