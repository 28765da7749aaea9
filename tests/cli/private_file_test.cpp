#include "cli/private_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <system_error>

#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

unsigned mode_of(const std::filesystem::path& file) {
  struct stat about {};
  EXPECT_EQ(stat(file.c_str(), &about), 0) << file;
  return about.st_mode & 0777U;
}

std::vector<std::string> files_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& one : std::filesystem::directory_iterator{directory}) names.push_back(one.path().filename());
  return names;
}

TEST(private_file, is_whole_private_and_alone_in_a_private_directory) {
  const scratch dir;
  const auto file = dir.path() / "new" / "key";
  write_private_file(file, "first");
  EXPECT_EQ(read_private_file(file), "first");
  EXPECT_EQ(mode_of(file), 0600U);
  EXPECT_EQ(mode_of(file.parent_path()), 0700U);
  EXPECT_THAT(files_in(file.parent_path()), testing::ElementsAre("key"));
}

TEST(private_file, replaces_one_that_is_there_or_keeps_it) {
  const scratch dir;
  const auto file = dir.path() / "key";
  write_private_file(file, "first", if_there::keep);
  write_private_file(file, "second", if_there::keep);
  EXPECT_EQ(read_private_file(file), "first");
  write_private_file(file, "third");
  EXPECT_EQ(read_private_file(file), "third");
  EXPECT_THAT(files_in(dir.path()), testing::ElementsAre("key"));
}

TEST(private_file, that_cannot_be_put_into_its_place_leaves_no_draft) {
  const scratch dir;
  const auto taken = dir.path() / "taken";
  std::filesystem::create_directory(taken);
  EXPECT_THROW(write_private_file(taken, "text"), std::system_error);
  EXPECT_THAT(files_in(dir.path()), testing::ElementsAre("taken"));
}

}  // namespace
}  // namespace dialer::cli
