#include "campaigns/text_lines.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dialer::campaigns {
namespace {

using namespace std::string_literals;
using enum text_encoding;

struct seen_line {
  std::string text;
  std::uint64_t end;
  bool too_long;
  friend bool operator==(const seen_line&, const seen_line&) = default;
};

std::vector<seen_line> lines_of(const std::string& bytes, text_encoding encoding, std::size_t chunk,
                                std::uint64_t offset = 0) {
  line_reader reader{encoding, offset};
  std::vector<seen_line> seen;
  text_line line;
  const auto drain = [&] {
    while (reader.next(line)) seen.push_back({std::string{line.text}, line.end, line.too_long});
  };
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    const std::string piece = bytes.substr(at, chunk);  // a copy of its own: reading past it is found by ASan
    reader.feed(piece);
    drain();
  }
  reader.finish();
  drain();
  return seen;
}

std::string utf16(std::u16string_view text, text_encoding encoding) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    bytes += encoding == utf16_le ? low : high;
    bytes += encoding == utf16_le ? high : low;
  }
  return bytes;
}

TEST(GuessEncoding, MarksAndNulPatterns_AreTold) {
  const auto guess = [](const std::string& head) {
    const auto found = guess_encoding(head);
    return found ? std::to_string(static_cast<int>(found->encoding)) + "/" + std::to_string(found->mark_size) : "none";
  };
  EXPECT_EQ(guess("phon"), "0/0");
  EXPECT_EQ(guess(""), "0/0");
  EXPECT_EQ(guess("\xEF\xBB\xBFp"), "0/3");
  EXPECT_EQ(guess("\xFF\xFEp\0"s), "1/2");
  EXPECT_EQ(guess("\xFE\xFF\0p"s), "2/2");
  EXPECT_EQ(guess("p\0h\0"s), "1/0");
  EXPECT_EQ(guess("\0p\0h"s), "2/0");
  EXPECT_EQ(guess("\xFF\xFE\0\0"s), "none");
  EXPECT_EQ(guess("\0\0\xFE\xFF"s), "none");
  EXPECT_EQ(guess("p\0ho"s), "0/0") << "one NUL in a UTF-8 file";
}

TEST(LineReader, EveryLineEnd_IsCountedInBytes) {
  const std::vector<seen_line> expected{
      {"a\n", 2, false}, {"b\r", 4, false}, {"\n", 5, false}, {"c\r", 7, false}, {"\xC3\xA9\n", 9, false}};
  for (const std::size_t chunk : {1U, 2U, 3U, 100U}) {
    EXPECT_EQ(lines_of("a\nb\r\nc\r\xC3\xA9", utf8, chunk), expected) << chunk;
  }
}

TEST(LineReader, Utf16_OffsetsAreThoseOfTheFile) {
  // "a", e acute, the euro sign, an emoji beyond the basic plane.
  const std::u16string text = u"a\u00E9\u20AC\U0001F4DE\r\nb";
  const std::vector<seen_line> expected{
      {"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\x9E\r", 14, false}, {"\n", 16, false}, {"b\n", 18, false}};
  for (const text_encoding encoding : {utf16_le, utf16_be}) {
    for (const std::size_t chunk : {1U, 2U, 3U, 5U, 100U}) {
      EXPECT_EQ(lines_of(utf16(text, encoding), encoding, chunk, 2), expected) << chunk;
    }
  }
}

TEST(LineReader, BrokenUtf16_ComesOutAsBadUtf8) {
  for (const std::u16string& text : {u"x\xD83D\nb"s, u"x\xDCDE\nb"s, u"x\xD83D"s}) {
    const auto lines = lines_of(utf16(text, utf16_le), utf16_le, 100);
    ASSERT_FALSE(lines.empty());
    const auto bad = find_bad_byte(lines[0].text);
    ASSERT_EQ(bad, 1U);
    EXPECT_EQ(describe_bad_byte(lines[0].text, *bad), "half of a UTF-16 surrogate pair");
  }
  const auto odd = lines_of(utf16(u"ab", utf16_le) + "c", utf16_le, 100);
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(find_bad_byte(odd[0].text), 2U);
}

TEST(LineReader, LineAtAndOverTheLimit) {
  const std::string fits(row_bytes_max - 1, 'x');
  for (const std::size_t chunk : {1000U, 65536U, 1000000U}) {
    const auto lines = lines_of(fits + "\n" + fits + "x\n" + std::string(1'000'000, 'y') + "\nz\n", utf8, chunk);
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_FALSE(lines[0].too_long);
    EXPECT_EQ(lines[0].text.size(), row_bytes_max);
    EXPECT_TRUE(lines[1].too_long);
    EXPECT_TRUE(lines[2].too_long);
    EXPECT_EQ(lines[3], (seen_line{"z\n", 2 * row_bytes_max + 1 + 1'000'001 + 2, false}));
  }
}

TEST(FindBadByte, FirstBadByte_IsNamed) {
  EXPECT_EQ(find_bad_byte("caf\xC3\xA9"), std::nullopt);
  EXPECT_EQ(find_bad_byte("caf\xE9 x"), 3U);
  EXPECT_EQ(describe_bad_byte("caf\xE9 x", 3), "byte 0xE9 is not UTF-8");
  EXPECT_EQ(find_bad_byte("a\0b"s), 1U);
  EXPECT_EQ(describe_bad_byte("a\0b"s, 1), "a NUL byte");
  EXPECT_EQ(find_bad_byte("ok\xF0\x9F\x93"), 2U);
  EXPECT_EQ(find_bad_byte("\xC0\x80"), 0U) << "overlong";
}

}  // namespace
}  // namespace dialer::campaigns
