#pragma once
// Bytes of a file -> lines of UTF-8, each with its exact end in the file.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dialer::campaigns {

enum class text_encoding : std::uint8_t { utf8, utf16_le, utf16_be };

struct encoding_guess {
  text_encoding encoding = text_encoding::utf8;
  std::uint8_t mark_size = 0;  ///< bytes of the byte-order mark
};

/// head: the first four bytes of the file, or all of a shorter one. By byte-order mark, else by where NUL bytes stand,
/// else UTF-8. No value for UTF-32, which no list we take is written in.
std::optional<encoding_guess> guess_encoding(std::string_view head) noexcept;

/// The longest row, in bytes of UTF-8 with its line ends.
inline constexpr std::size_t row_bytes_max = 64 * 1024;

struct text_line {
  std::string_view text;  ///< with its "\n" or "\r"; one is added to a last line that has none
  std::uint64_t end = 0;  ///< offset in the file after it
  bool too_long = false;  ///< longer than row_bytes_max: text is empty
};

/// Splits at "\n" and at "\r"; "\r\n" therefore yields an empty line too, which readers of rows pass over. Half a
/// surrogate pair, or half a code unit at the end, comes out as bytes that are not UTF-8, for the row to be rejected.
/// Memory: one line. Every line start is a fresh start: a reader made at the end of any line yields the same lines that
/// follow.
class line_reader {
 public:
  /// offset: where in the file the first byte fed will stand.
  explicit line_reader(text_encoding encoding, std::uint64_t offset = 0);

  /// bytes: must stay valid until next() has returned false. REQUIRES: next() returned false since the last feed().
  void feed(std::string_view bytes);
  /// No more bytes will come.
  void finish() noexcept { finished_ = true; }

  /// False: feed more, or, after finish(), the end. The line is valid until the next call.
  bool next(text_line& line);
  /// Offset after the last byte fed.
  std::uint64_t offset() const noexcept { return offset_ + input_.size(); }

 private:
  bool next_utf8(text_line& line);
  bool next_utf16(text_line& line);
  bool last_line(text_line& line);
  void keep(std::string_view part);
  void keep_unit(char16_t unit);
  void keep_point(char32_t point);
  void deliver(text_line& line);

  text_encoding encoding_;
  std::uint64_t offset_;    // of input_'s first byte
  std::string_view input_;  // not yet consumed
  std::string kept_;        // the line so far, when it is not one piece of input_
  bool delivered_ = false;  // kept_ was handed out: empty it before going on
  bool too_long_ = false;
  bool finished_ = false;
  std::optional<unsigned char> half_unit_;
  char16_t high_surrogate_ = 0;
};

/// The first byte that is not UTF-8, or a NUL, if any; offset in text.
std::optional<std::size_t> find_bad_byte(std::string_view text) noexcept;
/// "byte 0xE9 is not UTF-8", "a NUL byte", "half of a UTF-16 surrogate pair".
std::string describe_bad_byte(std::string_view text, std::size_t at);

}  // namespace dialer::campaigns
