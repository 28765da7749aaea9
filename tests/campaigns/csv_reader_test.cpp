#include "campaigns/csv_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dialer::campaigns {
namespace {

using namespace std::string_literals;

/// Rows as "[a|b]@end ", faults as "[!column reason]@end ".
std::string rows_of(const std::string& bytes, std::size_t chunk = 1 << 20, std::uint64_t offset = 0,
                    std::optional<char> separator = ',') {
  csv_reader reader{text_encoding::utf8, separator, offset};
  std::string seen;
  csv_row row;
  const auto drain = [&] {
    while (reader.next(row)) {
      seen += '[';
      if (!row.fault.reason.empty()) {
        seen += "!" + std::to_string(row.fault.column) + " " + row.fault.reason;
      } else {
        for (std::size_t i = 0; i < row.fields.size(); ++i) seen += (i == 0 ? "" : "|") + std::string{row.fields[i]};
      }
      seen += "]@" + std::to_string(row.end) + " ";
    }
  };
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    const std::string piece = bytes.substr(at, chunk);
    reader.feed(piece);
    drain();
  }
  reader.finish();
  drain();
  return seen;
}

const std::string unclosed = "a quote is opened here and not closed properly";
const std::string stray = "a quote stands inside a field or text follows a closing quote";

TEST(CsvReader, PlainRows_HaveExactEnds) {
  EXPECT_EQ(rows_of("a,b\nc,d\n"), "[a|b]@4 [c|d]@8 ");
  EXPECT_EQ(rows_of("a,b\r\nc,d"), "[a|b]@4 [c|d]@8 ") << "the line feed after a carriage return is a blank line";
  EXPECT_EQ(rows_of("a,b\rc,d\r"), "[a|b]@4 [c|d]@8 ");
  EXPECT_EQ(rows_of("a,\n,\n"), "[a|]@3 [|]@5 ");
}

TEST(CsvReader, BlankLines_AreNoRows) {
  EXPECT_EQ(rows_of("\n\na\n  \n\r\n\nb\n\n"), "[a]@4 [b]@12 ");
}

TEST(CsvReader, QuotedFields_KeepNewlinesQuotesAndSeparators) {
  EXPECT_EQ(rows_of("\"a\nb\",\"c\r\n\"\"d\"\",e\"\nf,g\n"), "[a\nb|c\r\n\"d\",e]@19 [f|g]@23 ");
  EXPECT_EQ(rows_of("\"a\n\n\n\",b\nc,d\n"), "[a\n\n\n|b]@9 [c|d]@13 ");
}

TEST(CsvReader, StrayQuote_CostsOneRow) {
  EXPECT_EQ(rows_of("a,5\" pipe\nb,c\n"), "[!1 " + stray + "]@10 [b|c]@14 ");
  EXPECT_EQ(rows_of("a,\"b\"c\nd,e\n"), "[!1 " + stray + "]@7 [d|e]@11 ");
}

TEST(CsvReader, UnclosedQuote_CostsOneRow) {
  EXPECT_EQ(rows_of("a,\"b\nc,d\ne,f\n"), "[!1 " + unclosed + "]@5 [c|d]@9 [e|f]@13 ");
  EXPECT_EQ(rows_of("a,\"b\nc,\"d\"\ne,f\n"), "[!1 " + unclosed + "]@5 [c|d]@11 [e|f]@15 ");
  EXPECT_EQ(rows_of("a,\"b"), "[!1 " + unclosed + "]@4 ") << "at the end of the file";
  EXPECT_EQ(rows_of("\"\n\"\"\n\"\"\nx\n"), "[!0 " + unclosed + "]@2 []@5 []@8 [x]@10 ");
}

TEST(CsvReader, RowOverTheLimit_IsRejectedAndTheNextIsRead) {
  const std::string long_row = "a," + std::string(row_bytes_max, 'x') + "\n";
  EXPECT_EQ(rows_of(long_row + "b,c\n"), "[!0 the row is longer than 64 KiB]@" + std::to_string(long_row.size()) +
                                             " [b|c]@" + std::to_string(long_row.size() + 4) + " ");
  std::string quoted = "a,\"";
  for (std::size_t i = 0; i < row_bytes_max / 10 + 1; ++i) quoted += "123456,89\n";
  const std::string seen = rows_of(quoted + "b,c\n", 4096);
  EXPECT_TRUE(seen.starts_with("[!1 " + unclosed + "]@13 [123456|89]@23 ")) << seen.substr(0, 200);
  EXPECT_TRUE(seen.ends_with("[b|c]@" + std::to_string(quoted.size() + 4) + " "));
}

TEST(CsvReader, BadBytes_AreRejectedByColumn) {
  EXPECT_EQ(rows_of("a,caf\xE9,b\nc,d\n"), "[!1 byte 0xE9 is not UTF-8]@9 [c|d]@13 ");
  EXPECT_EQ(rows_of("a,b\0c\nd,e\n"s), "[!1 a NUL byte]@6 [d|e]@10 ");
}

TEST(CsvReader, Separator_IsTheMostFrequentOutsideQuotes) {
  EXPECT_EQ(rows_of("a;b;c\n1;2,5;3\n", 100, 0, std::nullopt), "[a|b|c]@6 [1|2,5|3]@14 ");
  EXPECT_EQ(rows_of("a\tb\n1\t2\n", 100, 0, std::nullopt), "[a|b]@4 [1|2]@8 ");
  EXPECT_EQ(rows_of("\"a;b;c\",d\n", 100, 0, std::nullopt), "[a;b;c|d]@10 ");
  EXPECT_EQ(rows_of("phone\n1\n", 100, 0, std::nullopt), "[phone]@6 [1]@8 ");
}

const std::string messy =
    "a,b\r\n\"x\r\ny\",\"z\"\"\"\r\n\r\n5\" pipe,1\r\"open,2\nnext,3\n\"q\",4\n\"never\nclosed,5\n6,\xE9\n  \n7,8";

TEST(CsvReader, AnyChunking_GivesTheSameRows) {
  const std::string whole = rows_of(messy);
  for (std::size_t chunk = 1; chunk < messy.size(); ++chunk) EXPECT_EQ(rows_of(messy, chunk), whole) << chunk;
}

TEST(CsvReader, AnyRowEnd_IsAPlaceToStartFrom) {
  const std::string whole = rows_of(messy);
  std::size_t rows = 0;
  for (std::size_t at = whole.find("]@"); at != std::string::npos; at = whole.find("]@", at + 1), ++rows) {
    const std::size_t after = whole.find(' ', at) + 1;
    const std::size_t offset = std::stoul(whole.substr(at + 2));
    EXPECT_EQ(rows_of(messy.substr(offset), 1 << 20, offset), whole.substr(after)) << offset;
  }
  EXPECT_GT(rows, 8U);
}

}  // namespace
}  // namespace dialer::campaigns
