#include "campaigns/verdicts.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "campaigns/number_filter.hpp"
#include "tests/scratch.hpp"

namespace dialer::campaigns {
namespace {

using namespace std::string_literals;

std::string cell(std::string_view text) {
  std::string line;
  append_cell(line, text);
  return line;
}

TEST(AppendCell, FormulasAreDefused_AndSeparatorsQuoted) {
  EXPECT_EQ(cell(""), "");
  EXPECT_EQ(cell("plain text"), "plain text");
  for (const std::string_view text : {"=1+1", "+1", "-1", "@x"}) EXPECT_EQ(cell(text), "'" + std::string{text});
  EXPECT_EQ(cell("\t=1"), "\"' =1\"");
  EXPECT_EQ(cell("\r=1"), "\"' =1\"");
  EXPECT_EQ(cell("\0=1"s), "\"' =1\"");
  EXPECT_EQ(cell("=a,\"b\""), "\"'=a,\"\"b\"\"\"");
  EXPECT_EQ(cell("a\nb"), "\"a b\"");
  EXPECT_EQ(cell("a=1"), "a=1");
}

TEST(VerdictFile, CutAndAppend_GoOnWhereTheProgressStands) {
  const scratch place;
  {
    verdict_file file{place.file("verdicts")};
    file.cut(0);
    file.append("one\n");
    file.append("two, torn by a cra");
  }
  verdict_file again{place.file("verdicts")};
  again.cut(4);
  again.append("two\n");
  EXPECT_EQ(place.text_of("verdicts"), "one\ntwo\n");
  EXPECT_THROW(again.cut(9), std::runtime_error) << "shorter than the progress says: not the file of this import";
  EXPECT_EQ(place.text_of("verdicts"), "one\ntwo\n");
}

TEST(VerdictFile, FolderThatDoesNotExist_Throws) {
  EXPECT_THROW(verdict_file{"/nonexistent/verdicts.csv"}, std::runtime_error);
}

TEST(NumberFilter, NeverForgets_AndRarelyErrs) {
  number_filter filter;
  constexpr std::uint64_t first = 12'000'000'000;
  constexpr std::uint64_t count = 1'000'000;
  for (std::uint64_t i = 0; i < count; ++i) filter.add(e164::from_digits(first + i));
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(filter.may_contain(e164::from_digits(first + i)));
    wrong += filter.may_contain(e164::from_digits(first + count + i)) ? 1U : 0U;
  }
  EXPECT_LT(wrong, count / 1000);
}

}  // namespace
}  // namespace dialer::campaigns
