// Clock, key and secrets: what the engine takes from the machine.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "callerid/pick.hpp"
#include "cli/errors.hpp"
#include "cli/key_file.hpp"
#include "cli/place_finder.hpp"
#include "cli/secrets.hpp"
#include "cli/system_clock.hpp"
#include "compliance/place.hpp"
#include "tests/cli/scratch.hpp"

namespace dialer::cli {
namespace {

using test::scratch;

std::string complaint_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const settings_error& wrong) {
    return wrong.what();
  }
  return "accepted";
}

TEST(system_clock, starts_at_the_stated_instant_and_goes_on) {
  const utc_time start{std::chrono::seconds{1'790'000'000}};
  const system_clock clock = system_clock::starting_at(start);
  const instant first = clock.now();
  EXPECT_GE(first.utc, start);
  EXPECT_LT(first.utc, start + std::chrono::minutes{1});
  const instant second = clock.now();
  EXPECT_GE(second.utc, first.utc);
  EXPECT_GE(second.steady, first.steady);
}

TEST(token_key, made_once_and_kept_private) {
  const scratch dir;
  const auto first = load_token_key({}, dir.path() / "state");
  EXPECT_EQ(load_token_key({}, dir.path() / "state"), first);
  EXPECT_NE(first, carriers::token_key{});
  struct stat about {};
  ASSERT_EQ(stat((dir.path() / "state/token.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_NE(load_token_key({}, dir.path() / "other"), first);
}

TEST(token_key, a_given_file_must_be_there_private_and_whole) {
  const scratch dir;
  EXPECT_NE(complaint_of([&] { (void)load_token_key(dir.path() / "none", {}); }).find("/dev/urandom"),
            std::string::npos);
  const std::string file = dir.file("key", std::string(32, 'k'));
  chmod(file.c_str(), 0644);
  EXPECT_NE(complaint_of([&] { (void)load_token_key(file, {}); }).find("chmod 600"), std::string::npos);
  chmod(file.c_str(), 0600);
  EXPECT_EQ(load_token_key(file, {})[31], 'k');
  for (const std::size_t size : {31U, 33U}) {
    const std::string wrong = dir.file("wrong", std::string(size, 'k'));
    chmod(wrong.c_str(), 0600);
    EXPECT_NE(complaint_of([&] { (void)load_token_key(wrong, {}); }).find("instead of 32"), std::string::npos);
  }
}

TEST(secrets, found_in_environment_and_file) {
  const scratch dir;
  setenv("DIALER_TEST_SECRET", "s3cret", 1);
  EXPECT_EQ(resolve_secret("env:DIALER_TEST_SECRET"), "s3cret");
  EXPECT_EQ(resolve_secret("file:" + dir.file("secret", "from file\r\n")), "from file");
}

TEST(secrets, absent_ones_are_named) {
  const scratch dir;
  unsetenv("DIALER_TEST_ABSENT");
  EXPECT_NE(complaint_of([] { (void)resolve_secret("env:DIALER_TEST_ABSENT"); }).find("export DIALER_TEST_ABSENT"),
            std::string::npos);
  setenv("DIALER_TEST_EMPTY", "", 1);
  EXPECT_NE(complaint_of([] { (void)resolve_secret("env:DIALER_TEST_EMPTY"); }).find("not set"), std::string::npos);
  EXPECT_NE(complaint_of([&] { (void)resolve_secret("file:" + dir.file("empty", "\n")); }).find("is empty"),
            std::string::npos);
  EXPECT_NE(complaint_of([] { (void)resolve_secret("file:/nowhere/secret"); }).find("/nowhere/secret"),
            std::string::npos);
  const std::string literal = complaint_of([] { (void)resolve_secret("s3cret"); });
  EXPECT_EQ(literal.find("s3cret"), std::string::npos) << literal;
}

TEST(place_finder, answers_lanes_and_names_wrong_columns) {
  const auto finder = make_place_finder(compliance::load_system_zone_rules());
  const e164 new_york = e164::from_digits(12125550123);
  const auto lane = finder({new_york, "", "", ""});
  EXPECT_EQ(lane.wrong_column, "");
  ASSERT_TRUE(compliance::parse_place(lane.lane));
  EXPECT_EQ(compliance::parse_place(lane.lane)->zones, std::vector<std::string>{"America/New_York"});
  EXPECT_EQ(finder({new_york, "Mars/Olympus", "", ""}).wrong_column, "time_zone");
  EXPECT_EQ(finder({new_york, "", "ZZ", ""}).wrong_column, "state");
}

TEST(place_finder, regions_of_numbers) {
  const callerid::region_of region = region_of_number;
  EXPECT_EQ(region(e164::from_digits(12125550123)), "US-NY");
  EXPECT_EQ(region(e164::from_digits(442079460000)), "GB");
  EXPECT_EQ(region(e164::from_digits(19995550123)), "");
}

}  // namespace
}  // namespace dialer::cli
