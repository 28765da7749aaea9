// Clock, key and secrets: what the engine takes from the machine.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "callerid/pick.hpp"
#include "cli/errors.hpp"
#include "cli/key_file.hpp"
#include "cli/place_finder.hpp"
#include "cli/rules.hpp"
#include "cli/secrets.hpp"
#include "cli/system_clock.hpp"
#include "cli/zone_data.hpp"
#include "compliance/place.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

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

TEST(secret_keys, each_file_must_be_there_private_and_whole) {
  const scratch dir;
  const auto complaint = [&](const std::string& file) { return complaint_of([&] { (void)load_secret_keys({file}); }); };
  EXPECT_NE(complaint((dir.path() / "none").string()).find("cannot read the --secret-key file"), std::string::npos);
  EXPECT_NE(complaint((dir.path() / "none").string()).find("/dev/urandom"), std::string::npos);
  const std::string file = dir.file("key", std::string(32, 'k'));
  chmod(file.c_str(), 0640);
  EXPECT_NE(complaint(file).find("chmod 600"), std::string::npos);
  chmod(file.c_str(), 0600);
  const sql::secret_place place;
  EXPECT_EQ(load_secret_keys({file}).open(load_secret_keys({file}).seal("s3cret", place), place), "s3cret");
  const std::string short_key = dir.file("short", "canary");
  chmod(short_key.c_str(), 0600);
  EXPECT_NE(complaint(short_key).find("has 6 bytes instead of 32"), std::string::npos);
  EXPECT_EQ(complaint(short_key).find("canary"), std::string::npos);
  EXPECT_THROW((void)load_secret_keys({}).seal("s3cret", place), api::secret_error);
}

TEST(secret_keys, a_credential_of_systemd_is_found_by_its_name) {
  const scratch dir;
  const std::string file = dir.file("dialer-key", std::string(32, 'k'));
  chmod(file.c_str(), 0440);  // as systemd shows one that an access list opens
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_NE(complaint_of([] { (void)load_secret_keys({"credential:dialer-key"}); }).find("LoadCredential=dialer-key:"),
            std::string::npos);
  setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
  const sql::secret_place place;
  EXPECT_NE(load_secret_keys({"credential:dialer-key"}).seal("s3cret", place), "");
  EXPECT_NE(complaint_of([] { (void)load_secret_keys({"credential:absent"}); }).find("--secret-key credential"),
            std::string::npos);
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(zone_data, older_than_a_change_of_clocks_is_refused_with_the_remedy) {
  const scratch dir;
  dir.file("tzdata.zi", "# version 2026a\n");
  setenv("TZDIR", dir.path().c_str(), 1);
  const std::string complaint = complaint_of([] { (void)load_zone_data(); });
  EXPECT_NE(complaint.find("2026a"), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("apt-get install tzdata"), std::string::npos) << complaint;
  dir.file("tzdata.zi", "# version 2026b\n");
  EXPECT_EQ(complaint_of([] { (void)load_zone_data(); }), "accepted");
  unsetenv("TZDIR");
}

TEST(rules, a_list_is_mapped_once_and_again_when_another_file_has_its_place) {
  const scratch dir;
  const auto build = [&](const char* number) {
    const std::string text = dir.file("registry.txt", number);
    compliance::build_do_not_call_list(text, dir.path() / "us.dnc", utc_time{}, "1");
  };
  build("212,5550101\n");
  rules_reader reader;
  const std::vector<sql::do_not_call_record> lists{{"us", (dir.path() / "us.dnc").string(), "1", utc_time{}, 1}};
  const auto first = reader.load(lists);
  const auto second = reader.load(lists);
  EXPECT_EQ(first.national, second.national);
  EXPECT_EQ(first.zones, second.zones);
  build("212,5550102\n");
  const auto third = reader.load(lists);
  EXPECT_TRUE(first.is_listed(e164::from_digits(12125550101)));
  EXPECT_FALSE(third.is_listed(e164::from_digits(12125550101)));
  EXPECT_TRUE(third.is_listed(e164::from_digits(12125550102)));
  const std::string complaint = complaint_of([&] {
    (void)reader.load({{"us", (dir.path() / "none").string(), "1", utc_time{}, 1}});
  });
  EXPECT_NE(complaint.find("\"us\""), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("apply another list"), std::string::npos) << complaint;
}

// The mapping shows the new bytes, and what was read of the old ones no longer fits them.
TEST(rules, a_list_that_was_copied_over_is_refused_until_it_is_applied_and_opened_anew_then) {
  const scratch dir;
  const auto build = [&](const char* file, const std::string& text, const char* version) {
    compliance::build_do_not_call_list(dir.file("registry.txt", text), dir.path() / file, utc_time{}, version);
  };
  build("us.dnc", "212,5550101\n", "1");
  build("new.dnc", "205,5550102\n212,5550103\n", "2");
  sql::do_not_call_record applied{"us", (dir.path() / "us.dnc").string(), "1", utc_time{}, 1};
  rules_reader reader;
  const auto first = reader.load({applied});
  std::filesystem::copy_file(dir.path() / "new.dnc", dir.path() / "us.dnc",
                             std::filesystem::copy_options::overwrite_existing);
  applied.version = "2";
  applied.numbers = 2;
  const auto second = reader.load({applied});
  EXPECT_TRUE(second.is_listed(e164::from_digits(12055550102)));
  EXPECT_TRUE(second.is_listed(e164::from_digits(12125550103)));
  applied.version = "3";
  const std::string complaint = complaint_of([&] { (void)reader.load({applied}); });
  EXPECT_NE(complaint.find("holds version \"2\" with 2 numbers, not version \"3\""), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("nothing is dialed"), std::string::npos) << complaint;
}

TEST(rules, updated_zone_data_is_read_without_a_restart) {
  const scratch dir;
  setenv("TZDIR", dir.path().c_str(), 1);
  dir.file("tzdata.zi", "# version 2026b\n");
  rules_reader reader;
  EXPECT_EQ(reader.load({}).zones->version(), "2026b");
  dir.file("tzdata.zi", "# version 2026c\n");
  EXPECT_EQ(reader.load({}).zones->version(), "2026c");
  unsetenv("TZDIR");
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
