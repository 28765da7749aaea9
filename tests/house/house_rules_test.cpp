// The tree keeps the rules, and each rule bites: a violation planted in a copy is found.
#include "tests/house/house_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/scratch.hpp"

namespace dialer::house {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

fs::path source_dir() {
  return std::getenv("DIALER_SOURCE_DIR");
}
layers our_layers() {
  return read_layers(std::getenv("DIALER_LAYERS"));
}

TEST(Tree, LibrariesDependOneWay) {
  EXPECT_THAT(find_circles(our_layers()), IsEmpty());
}
TEST(Tree, EachIncludeIsAllowedByDeps) {
  EXPECT_THAT(check_includes(source_dir(), our_layers()), IsEmpty());
}
TEST(Tree, OuterRingWordsStayOutside) {
  EXPECT_THAT(check_bans(source_dir(), our_layers()), IsEmpty());
}
TEST(Tree, ReadmeListsTheFoldersOnDisk) {
  EXPECT_THAT(check_folder_table(source_dir()), IsEmpty());
}
TEST(Tree, LayersNameTheFoldersOfTheInnerRing) {
  const layers rules = our_layers();
  for (const char* folder : {"model", "campaigns", "compliance", "callerid", "carriers", "engine"}) {
    EXPECT_TRUE(rules.contains(folder)) << folder;
  }
}

/// A small tree with three rings, in which the test plants a file.
class Planted : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [folder, deps] : rules_) fs::create_directories(root_ / folder);
    plant("README.md", "| `model/` | words |\n| `compliance/` | may we |\n| `engine/` | when |\n| `sql/` | where |\n");
  }
  void plant(const std::string& file, const std::string& text) { std::ofstream{root_ / file} << text << "\n"; }

  const scratch scratch_;
  const fs::path& root_ = scratch_.path();
  layers rules_{
      {"model", {}}, {"compliance", {"model"}}, {"engine", {"compliance"}}, {"engine/http", {}}, {"sql", {"engine"}}};
};

TEST_F(Planted, CleanTree_HasNoViolation) {
  plant("engine/a.cpp", "#include \"engine/a.hpp\"\n#include \"compliance/b.hpp\"\n#include <vector>");
  plant("compliance/b.hpp", "#include \"model/c.hpp\"");
  EXPECT_THAT(check_includes(root_, rules_), IsEmpty());
  EXPECT_THAT(check_bans(root_, rules_), IsEmpty());
  EXPECT_THAT(check_folder_table(root_), IsEmpty());
  EXPECT_THAT(find_circles(rules_), IsEmpty());
}

TEST_F(Planted, IncludeThroughADependency_IsAllowed) {
  plant("sql/a.cpp", "#include \"model/c.hpp\"");
  EXPECT_THAT(check_includes(root_, rules_), IsEmpty());
}

TEST_F(Planted, IncludeUpwards_IsFoundWithFileAndLine) {
  plant("compliance/b.hpp", "#pragma once\n  #  include \"engine/a.hpp\"");
  EXPECT_THAT(check_includes(root_, rules_),
              ElementsAre(AllOf(HasSubstr("compliance/b.hpp:2:"), HasSubstr("may include model, not engine"))));
}

TEST_F(Planted, IncludeOfANestedLibrary_NeedsItsOwnDeps) {
  plant("engine/a.cpp", "#include \"engine/http/pool.hpp\"");
  EXPECT_THAT(check_includes(root_, rules_), ElementsAre(HasSubstr("not engine/http")));
}

TEST_F(Planted, IncludeWithoutFolder_IsFound) {
  plant("engine/a.cpp", "#include \"a.hpp\"");
  EXPECT_THAT(check_includes(root_, rules_), ElementsAre(HasSubstr("write the path from the root")));
}

TEST_F(Planted, Circle_IsFoundAtEachMember) {
  rules_["model"].insert("engine");
  EXPECT_THAT(find_circles(rules_), ElementsAre(HasSubstr("compliance/CMakeLists.txt"),
                                                HasSubstr("engine/CMakeLists.txt"), HasSubstr("model/CMakeLists.txt")));
}

class BannedWord : public Planted, public testing::WithParamInterface<const char*> {};

TEST_P(BannedWord, InTheInnerRing_IsFound) {
  plant("compliance/b.cpp", GetParam());
  EXPECT_THAT(check_bans(root_, rules_), ElementsAre(HasSubstr("compliance/b.cpp:1:")));
}

TEST_P(BannedWord, InAComment_IsFree) {
  plant("compliance/b.cpp", std::string{"// "} + GetParam());
  EXPECT_THAT(check_bans(root_, rules_), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, BannedWord,
                         testing::Values("auto t = std::chrono::system_clock::now();", "steady_clock::now()",
                                         "clock_gettime(CLOCK_REALTIME, &t);", "int x = rand();", "std::srand(1);",
                                         "std::random_device{}()", "std::this_thread::sleep_for(1s);",
                                         "std::thread t{run};", "std::jthread t{run};",
                                         "#include <boost/asio/ip/tcp.hpp>", "#include <boost/beast/http.hpp>",
                                         "#include <libpq-fe.h>"));

TEST_F(Planted, AllowedPlaces_MayUseTheWord) {
  plant("engine/shard_group.cpp", "std::thread t{run};");
  plant("sql/a.cpp", "#include <libpq-fe.h>");
  EXPECT_THAT(check_bans(root_, rules_), IsEmpty());
}

TEST_F(Planted, WordsThatOnlyLookAlike_AreFree) {
  plant("model/a.cpp", "int operand(int); strand(x); std::thread::hardware_concurrency; thread_local int y;");
  EXPECT_THAT(check_bans(root_, rules_), IsEmpty());
}

TEST_F(Planted, FolderMissingInReadme_IsFound) {
  fs::create_directories(root_ / "utils");
  fs::create_directories(root_ / "build");
  EXPECT_THAT(check_folder_table(root_), ElementsAre(HasSubstr("utils/ is missing")));
}

TEST_F(Planted, ReadmeRowWithoutFolder_IsFound) {
  plant("README.md", "| `model/`, `compliance/` | |\n| `engine/` | |\n| `sql/` | |\n| `web/` | page |");
  EXPECT_THAT(check_folder_table(root_), ElementsAre(HasSubstr("web/, which does not exist")));
}

}  // namespace
}  // namespace dialer::house
