#include "compliance/zone_rules.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "tests/compliance/time_for_test.hpp"

namespace dialer::compliance {
namespace {

using namespace std::chrono_literals;

TEST(ZoneRules, NewYorkAroundItsChanges_HoldsUntilExactlyThen) {
  const auto rules = load_system_zone_rules();
  const auto spring = utc("2027-03-14 07:00");
  const auto before = rules->offset_at("America/New_York", spring - one_us);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->from_utc, -5h);
  EXPECT_EQ(before->valid_until, spring);
  const auto after = rules->offset_at("America/New_York", spring);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->from_utc, -4h);
  EXPECT_EQ(after->valid_until, utc("2027-11-07 06:00"));  // the first of two 02:00s
}

TEST(ZoneRules, LordHowe_ChangesByHalfAnHour) {
  const auto rules = load_system_zone_rules();
  EXPECT_EQ(rules->offset_at("Australia/Lord_Howe", utc("2027-01-15 00:00"))->from_utc, 11h);
  EXPECT_EQ(rules->offset_at("Australia/Lord_Howe", utc("2027-07-15 00:00"))->from_utc, 10h + 30min);
}

TEST(ZoneRules, ZoneWithoutFurtherChanges_HoldsForever) {
  const auto rules = load_system_zone_rules();
  EXPECT_EQ(rules->offset_at("America/Phoenix", utc("2027-01-15 00:00"))->valid_until, utc_time::max());
}

TEST(ZoneRules, NamesThatAreNoPlaces_AreUnknown) {
  const auto rules = load_system_zone_rules();
  for (const auto* name :
       {"", "Mars/Olympus", "/etc/localtime", "../etc/passwd", "America/../America/New_York", "America",
        "posix/America/New_York", "right/America/New_York", "localtime", "posixrules", "tzdata.zi", "Factory",
        "america/new_york", "America//New_York", "America/New_York ", "Fixed/UTC+01:00:00"}) {
    EXPECT_FALSE(rules->knows(name)) << name;
    EXPECT_FALSE(rules->offset_at(name, utc("2027-01-15 00:00"))) << name;
  }
  EXPECT_FALSE(rules->knows(std::string(100'000, 'A')));
}

TEST(ZoneRules, NamesInUse_AreKnown) {
  const auto rules = load_system_zone_rules();
  for (const auto* name : {"America/New_York", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5", "Asia/Kolkata"}) {
    EXPECT_TRUE(rules->knows(name)) << name;
  }
}

TEST(ZoneRules, Version_IsAYearAndALetterOrUnknown) {
  const auto version = load_system_zone_rules()->version();
  EXPECT_TRUE(version == "unknown" || (version.size() == 5 && version.starts_with("20"))) << version;
}

TEST(ZoneRules, DataOlderThanAChangeOfClocks_IsNotCurrent) {
  for (const auto* old : {"2025b", "2026a", "2026", "", "unknown", "x026b"})
    EXPECT_FALSE(is_current_tzdata(old)) << old;
  for (const auto* current : {"2026b", "2026f", "2027a", "2030"}) {
    EXPECT_EQ(is_current_tzdata(current), std::string_view{current}.size() >= 5) << current;
  }
}

TEST(ZoneRules, ZonesThatChangedLater_NeedNewerData) {
  EXPECT_FALSE(is_current_tzdata("2026b", "America/Edmonton"));
  EXPECT_TRUE(is_current_tzdata("2026c", "America/Edmonton"));
  EXPECT_FALSE(is_current_tzdata("2026d", "America/Winnipeg"));
  EXPECT_TRUE(is_current_tzdata("2027a", "America/Winnipeg"));
  EXPECT_TRUE(is_current_tzdata("2026b", "America/Vancouver"));
}

// A contact's row may name its zone by any of its names.
TEST(ZoneRules, OtherNamesOfAZone_NeedNewerDataToo) {
  std::ifstream data{"/usr/share/zoneinfo/tzdata.zi"};
  int links = 0;
  for (std::string kind, target, name; data >> kind;) {
    if (kind == "L" && data >> target >> name) {
      ++links;
      EXPECT_EQ(is_current_tzdata("2026b", name), is_current_tzdata("2026b", target)) << name << " is " << target;
      EXPECT_EQ(is_current_tzdata("2026e", name), is_current_tzdata("2026e", target)) << name << " is " << target;
    }
    data.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  EXPECT_GT(links, 100);
}

TEST(ZoneRules, ManyThreadsOnFreshSnapshot_AgreeOnEveryOffset) {
  const auto rules = load_system_zone_rules();
  const std::vector<std::string> names{"America/Chicago", "America/Denver", "America/Boise", "Pacific/Honolulu"};
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (auto& count : wrong) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          const auto& name = names[static_cast<std::size_t>(i) % names.size()];
          if (!rules->offset_at(name, utc("2027-01-15 00:00"))) ++count;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4));
}

}  // namespace
}  // namespace dialer::compliance
