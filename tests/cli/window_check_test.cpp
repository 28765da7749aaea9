#include "cli/window_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/errors.hpp"

namespace dialer::cli {
namespace {

using testing::HasSubstr;

const std::string us_law = "\"US 47 CFR 64.1200(c)(1), 16 CFR 310.4(c)\"";

struct checked {
  window_check_result result;
  std::string out;
  std::string complaints;
};

checked check(const std::string& text) {
  static const auto zones = compliance::load_system_zone_rules();
  std::istringstream in{text};
  std::ostringstream out, complaints;
  const auto result = check_windows(in, "numbers.csv", *zones, out, complaints);
  return {result, out.str(), complaints.str()};
}

/// The columns that are added to a row.
std::string answer(const std::string& row) {
  const std::string out = check("e164,state,iana_time_zone,utc_instant,policy\n" + row + "\n").out;
  const auto begin = out.find('\n') + 1;
  EXPECT_EQ(out.substr(begin, row.size() + 1), row + ",") << "the row comes back as it was";
  return out.substr(begin + row.size() + 1, out.size() - begin - row.size() - 2);
}

TEST(WindowCheck, TheHeader_KeepsItsOrderAndGetsTheAnswers) {
  EXPECT_EQ(check("policy,e164,note,utc_instant,state,iana_time_zone\n").out,
            "policy,e164,note,utc_instant,state,iana_time_zone,verdict,next_open_utc,zones,rule\n");
}

TEST(WindowCheck, BothSidesOfTheBoundaries) {
  // 08:00 in New York is 12:00 UTC in September, 21:00 is 01:00.
  EXPECT_EQ(answer("+12125550123,,,2026-09-22T11:59:59Z,federal"),
            "not_yet,2026-09-22T12:00:00Z,America/New_York," + us_law);
  EXPECT_EQ(answer("+12125550123,,,2026-09-22T12:00:00Z,federal"), "allowed,,America/New_York," + us_law);
  EXPECT_EQ(answer("+12125550123,,,2026-09-23T00:59:59Z,debt"), "allowed,,America/New_York," + us_law);
  EXPECT_EQ(answer("+12125550123,,,2026-09-23T01:00:00Z,federal"),
            "closed,2026-09-23T12:00:00Z,America/New_York," + us_law);
}

TEST(WindowCheck, SeveralZones_MustAllBeOpen) {
  // Tennessee's 423 lies in both zones: 08:00 in Chicago is 13:00 UTC.
  EXPECT_EQ(answer("+14235550123,,,2026-09-22T12:30:00Z,federal"),
            "not_yet,2026-09-22T13:00:00Z,America/Chicago;America/New_York," + us_law);
  EXPECT_EQ(answer("+14235550123,,America/New_York,2026-09-22T12:30:00Z,federal"),
            "allowed,,America/New_York," + us_law);
}

TEST(WindowCheck, OtherCountries_HaveTheirOwnHoursUnderEachPolicy) {
  EXPECT_EQ(answer("+442079460123,,,2026-09-20T12:00:00Z,federal"),  // a Sunday
            "closed,2026-09-21T07:00:00Z,Europe/London,\"GB no statutory hours: the trade body's guidance, which the "
            "regulator looks at\"");
}

TEST(WindowCheck, NumbersWithoutAPlace_AreClosedForGood) {
  EXPECT_THAT(answer("+18005550199,,,2026-09-22T15:00:00Z,federal"), testing::StartsWith("closed,,,"));
  EXPECT_EQ(answer("+18005550199,,America/New_York,2026-09-22T15:00:00Z,federal"),
            "allowed,,America/New_York," + us_law);
  EXPECT_THAT(answer("+19005550199,,America/New_York,2026-09-22T15:00:00Z,federal"),
              testing::StartsWith("closed,,America/New_York,"));
  EXPECT_EQ(answer("5550123,,,2026-09-22T15:00:00Z,federal"), "closed,,,not a number in E.164");
}

TEST(WindowCheck, ABadRow_IsClosedAndNamedWithColumnAndRemedy) {
  const checked got = check(
      "e164,state,iana_time_zone,utc_instant,policy\n"
      "+12125550123,,,noon,federal\n"
      "+12125550123,,,2026-09-22T15:00:00Z,lunar\n"
      "+12125550123,,Moon/Base,2026-09-22T15:00:00Z,federal\n"
      "+12125550123,QQ,,2026-09-22T15:00:00Z,federal\n"
      "+12125550123,,,2026-09-22T15:00:00Z\n"
      "+12125550123,,,2026-09-22T15:00:00Z,federal\n");
  EXPECT_EQ(got.result.rows, 6U);
  EXPECT_EQ(got.result.unreadable, 5U);
  EXPECT_THAT(got.complaints, HasSubstr("numbers.csv:1: utc_instant \"noon\" is no instant; write 2026-"));
  EXPECT_THAT(got.complaints,
              HasSubstr("numbers.csv:2: policy \"lunar\" is none that the engine judges by; write fed"));
  EXPECT_THAT(got.complaints, HasSubstr("numbers.csv:3: iana_time_zone \"Moon/Base\" is not an IANA time zone"));
  EXPECT_THAT(got.complaints, HasSubstr("numbers.csv:4: state \"QQ\" is not a US state"));
  EXPECT_THAT(got.complaints, HasSubstr("numbers.csv:5: has 4 fields and the header 5"));
  EXPECT_THAT(got.out, HasSubstr("+12125550123,,,noon,federal,closed,,,unreadable\n"));
  EXPECT_THAT(got.out, HasSubstr("federal,allowed,,"));
}

TEST(WindowCheck, QuotedFields_ComeBackQuoted) {
  const checked got = check(
      "e164,state,iana_time_zone,utc_instant,policy,note\n"
      "+12125550123,,,2026-09-22T15:00:00Z,federal,\"a, \"\"b\"\"\"\n");
  EXPECT_THAT(got.out, HasSubstr(",\"a, \"\"b\"\"\",allowed,"));
}

TEST(WindowCheck, AMissingColumn_IsNamed) {
  try {
    check("e164,state,utc_instant,policy\n");
    FAIL();
  } catch (const usage_error& wrong) {
    EXPECT_THAT(wrong.what(), HasSubstr("numbers.csv has no column iana_time_zone"));
  }
  EXPECT_THROW(check(""), usage_error);
}

}  // namespace
}  // namespace dialer::cli
