#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "compliance/do_not_call_list.hpp"
#include "compliance/registry_text.hpp"
#include "model/random.hpp"
#include "tests/compliance/time_for_test.hpp"
#include "tests/scratch.hpp"

namespace dialer::compliance {
namespace {

class DoNotCallList : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) const { return scratch_.file("registry.txt", text); }
  list_build_result build(const std::string& text) const {
    return build_do_not_call_list(write(text), target_(), utc("2026-11-01 00:00"), "2026-11");
  }
  std::string error_of_build(const std::string& text) const {
    try {
      build(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }
  std::string error_of_open() const {
    try {
      do_not_call_list::open(target_());
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }
  void patch(std::streamoff offset, char value) const {
    std::fstream file{target_(), std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(offset);
    file.put(value);
  }
  std::filesystem::path target_() const { return scratch_.path() / "national.dnc"; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{scratch_.path()}, {}));
  }

  const scratch scratch_;
};

bool contains(const do_not_call_list& list, std::uint64_t digits) {
  return list.contains(e164::from_digits(digits));
}

TEST_F(DoNotCallList, Built_HoldsExactlyTheNumbersOfTheText) {
  const auto result = build("212,5550123\r\n212,5550125\n989,9999999\n200,0000000\n212,5550123\n");
  EXPECT_EQ(result.numbers, 4U);
  EXPECT_EQ(result.duplicates, 1U);
  const auto list = do_not_call_list::open(target_());
  EXPECT_EQ(list->size(), 4U);
  EXPECT_EQ(list->version(), "2026-11");
  EXPECT_EQ(list->as_of(), utc("2026-11-01 00:00"));
  for (const std::uint64_t on : {12125550123, 12125550125, 19899999999, 12000000000}) EXPECT_TRUE(contains(*list, on));
  for (const std::uint64_t off : {12125550122, 12125550124, 12125550126, 19899999998, 12000000001, 13125550123}) {
    EXPECT_FALSE(contains(*list, off));
  }
  EXPECT_FALSE(contains(*list, 442125550123));  // another country's number with the same digits
}

TEST_F(DoNotCallList, RandomNumbers_AgreeWithASet) {
  random_source random{7};
  std::set<std::uint64_t> reference;
  std::string text;
  for (int i = 0; i < 50'000; ++i) {
    const auto npa = 200 + random.below(3) * 399;  // 200, 599, 998: the first, a middle and a late bitmap
    const auto subscriber = random.below(100'000) + (random.chance(0.5) ? 9'900'000 : 0);
    reference.insert(10'000'000'000 + npa * 10'000'000 + subscriber);
    auto digits = std::to_string(10'000'000 + subscriber).substr(1);
    text += std::to_string(npa) + "," + digits + "\n";
  }
  build(text);
  const auto list = do_not_call_list::open(target_());
  EXPECT_EQ(list->size(), reference.size());
  for (const std::uint64_t npa : {200, 599, 998}) {
    for (const std::uint64_t start : {0, 9'900'000}) {
      for (std::uint64_t i = 0; i < 100'000; ++i) {
        const auto digits = 10'000'000'000 + npa * 10'000'000 + start + i;
        ASSERT_EQ(contains(*list, digits), reference.contains(digits)) << digits;
      }
    }
  }
}

TEST_F(DoNotCallList, LastLineWithoutLineEnd_IsRead) {
  EXPECT_EQ(build("212,5550123\n212,5550124").numbers, 2U);
}

TEST_F(DoNotCallList, TextLongerThanTheReadBuffer_IsCutAtLinesOnly) {
  std::string text;
  for (unsigned i = 0; i < 200'000; ++i) text += "212," + std::to_string(2'000'000 + i) + (i % 3 == 0 ? "\r\n" : "\n");
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  EXPECT_EQ(build(text).numbers, 200'000U);
}

TEST_F(DoNotCallList, MalformedLine_NamesFileLineAndFormAndWritesNothing) {
  for (const auto* bad : {"", "2125550123", "212,555012", "212,55501234", "212;5550123", "112,5550123", " 212,5550123",
                          "212,5550123,A", "212,555O123", "<list>",
                          "\xEF\xBB\xBF"
                          "212,5550123"}) {
    const auto message = error_of_build("212,5550123\n" + std::string{bad} + "\n212,5550124\n");
    EXPECT_NE(message.find("registry.txt line 2: expected an area code, a comma and seven digits"), std::string::npos)
        << bad << ": " << message;
    EXPECT_EQ(files(), 1U) << "a partial list or temporary file was left behind";
  }
}

TEST_F(DoNotCallList, MessageOfMalformedLine_DoesNotShowTheNumber) {
  EXPECT_EQ(error_of_build("212,5550123,A\n").find("5550123,A"), std::string::npos);
}

TEST_F(DoNotCallList, EndlessLine_IsAnErrorInConstantMemory) {
  EXPECT_NE(error_of_build(std::string(std::size_t{5} << 20, '2')).find("line 1"), std::string::npos);
}

TEST_F(DoNotCallList, EmptyText_IsRefused) {
  EXPECT_NE(error_of_build("").find("holds no numbers"), std::string::npos);
}

TEST_F(DoNotCallList, MissingText_NamesTheFile) {
  EXPECT_THROW(build_do_not_call_list(scratch_.path() / "absent.txt", target_(), {}, "1"), std::runtime_error);
}

TEST_F(DoNotCallList, VersionThatDoesNotFit_IsRefused) {
  const auto text = write("212,5550123\n");
  EXPECT_THROW(build_do_not_call_list(text, target_(), {}, ""), std::runtime_error);
  EXPECT_THROW(build_do_not_call_list(text, target_(), {}, std::string(65, 'x')), std::runtime_error);
  build_do_not_call_list(text, target_(), {}, std::string(64, 'x'));
  EXPECT_EQ(do_not_call_list::open(target_())->version(), std::string(64, 'x'));
}

TEST_F(DoNotCallList, Rebuilt_LeavesOpenListsAsTheyWere) {
  build("212,5550123\n");
  const auto before = do_not_call_list::open(target_());
  build("212,5550124\n");
  EXPECT_TRUE(contains(*before, 12125550123));
  EXPECT_FALSE(contains(*do_not_call_list::open(target_()), 12125550123));
}

TEST_F(DoNotCallList, FailedRebuild_LeavesTheLiveListInPlace) {
  build("212,5550123\n");
  error_of_build("nonsense\n");
  EXPECT_TRUE(contains(*do_not_call_list::open(target_()), 12125550123));
}

TEST_F(DoNotCallList, FileCutOffAnywhere_IsRefused) {
  build("212,5550123\n989,5550123\n");
  const auto whole = std::filesystem::file_size(target_());
  for (const auto size :
       {std::uintmax_t{0}, std::uintmax_t{127}, std::uintmax_t{128}, std::uintmax_t{4096}, whole - 1}) {
    build("212,5550123\n989,5550123\n");
    std::filesystem::resize_file(target_(), size);
    EXPECT_NE(error_of_open().find("build the list again"), std::string::npos) << size;
  }
  std::filesystem::resize_file(target_(), whole + 1);
  EXPECT_NE(error_of_open(), "no error");
}

TEST_F(DoNotCallList, AnyByteOfHeaderOrDirectoryChanged_IsRefused) {
  build("212,5550123\n989,5550123\n");
  for (std::streamoff offset = 0; offset < 128 + 2 * 8; ++offset) {
    std::ifstream file{target_(), std::ios::binary};
    file.seekg(offset);
    const char old = static_cast<char>(file.get());
    patch(offset, static_cast<char>(old ^ 1));
    EXPECT_NE(error_of_open(), "no error") << offset;
    patch(offset, old);
  }
  EXPECT_EQ(error_of_open(), "no error");
}

TEST_F(DoNotCallList, NumberLostFromABitmap_IsRefused) {
  build("212,5550123\n989,0000000\n989,9999999\n");
  const auto last = static_cast<std::streamoff>(std::filesystem::file_size(target_())) - 1;
  const std::streamoff second_bitmap = last + 1 - 1'250'000;
  for (const std::streamoff offset : {second_bitmap, last}) {
    std::ifstream file{target_(), std::ios::binary};
    file.seekg(offset);
    const char old = static_cast<char>(file.get());
    ASSERT_NE(old, 0) << offset;
    patch(offset, 0);
    EXPECT_NE(error_of_open().find("area code 989 has 1 numbers where 2 were written; build the list again"),
              std::string::npos)
        << error_of_open();
    patch(offset, old);
  }
  EXPECT_EQ(error_of_open(), "no error");
}

TEST_F(DoNotCallList, MissingFile_NamesIt) {
  EXPECT_NE(error_of_open().find("national.dnc"), std::string::npos);
}

TEST_F(DoNotCallList, Memory_IsAtMostTwoPointOneBytesANumberAtTheRegistrysDensity) {
  build("212,5550123\n989,5550123\n");
  const auto per_area = static_cast<double>(do_not_call_list::open(target_())->bytes()) / 2;
  EXPECT_LE(per_area * 414 / 250e6, 2.1);
}

}  // namespace
}  // namespace dialer::compliance
