#include "model/reason.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace dialer {
namespace {

/// Names and numbers of the enumeration as the header states them, so that an enumerator without a row is noticed.
std::map<std::string, int> enumerators() {
  std::ifstream header{std::string{std::getenv("DIALER_SOURCE_DIR")} + "/model/reason.hpp"};
  static const std::regex enumerator{R"(^  ([a-z0-9_]+) = (\d+),)"};
  std::map<std::string, int> found;
  for (std::string line; std::getline(header, line);) {
    std::smatch match;
    if (std::regex_search(line, match, enumerator)) found[match[1]] = std::stoi(match[2]);
  }
  return found;
}

TEST(Reason, EachEnumerator_HasItsRow) {
  auto wanted = enumerators();
  ASSERT_EQ(wanted.erase("none"), 1U);
  std::map<std::string, int> rows;
  for (const reason_text& row : all_reasons()) rows[std::string{row.name}] = static_cast<int>(row.value);
  EXPECT_EQ(rows, wanted);
}

TEST(Reason, Rows_AreUniqueAndExplained) {
  std::set<reason> values;
  std::set<std::string_view> names;
  for (const reason_text& row : all_reasons()) {
    EXPECT_TRUE(values.insert(row.value).second) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
    EXPECT_LT(static_cast<std::size_t>(row.value), reason_slots) << row.name;
  }
  EXPECT_TRUE(std::ranges::is_sorted(all_reasons(), {}, &reason_text::value));
}

TEST(Reason, Value_LeadsToItsRow) {
  for (const reason_text& row : all_reasons()) {
    EXPECT_EQ(to_string(row.value), row.name);
    EXPECT_EQ(describe(row.value).meaning, row.meaning);
  }
}

TEST(Reason, OutsideTheEnumeration_IsNone) {
  EXPECT_EQ(to_string(reason::none), "none");
  EXPECT_EQ(to_string(reason{255}), "none");
}

}  // namespace
}  // namespace dialer
