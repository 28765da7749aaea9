#include "model/months.hpp"

#include <gtest/gtest.h>

namespace dialer {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr utc_time at(year_month_day day, microseconds time = 0us) {
  return sys_days{day} + time;
}

TEST(MonthsAfter, DayThatEveryMonthHas_StaysAndSoDoesTheTime) {
  constexpr auto noon = 12h + 34min + 56s + 789us;
  EXPECT_EQ(months_after(at(2026y / 9 / 15, noon), 0), at(2026y / 9 / 15, noon));
  EXPECT_EQ(months_after(at(2026y / 9 / 15, noon), 1), at(2026y / 10 / 15, noon));
  EXPECT_EQ(months_after(at(2026y / 9 / 15, noon), 4), at(2027y / 1 / 15, noon));
  EXPECT_EQ(months_after(at(2026y / 9 / 15, noon), 12 * 30), at(2056y / 9 / 15, noon));
}

TEST(MonthsAfter, The31st_FallsOnTheLastDayAndReturns) {
  constexpr utc_time january = at(2027y / 1 / 31, 23h + 59min);
  EXPECT_EQ(months_after(january, 1), at(2027y / 2 / 28, 23h + 59min));
  EXPECT_EQ(months_after(january, 2), at(2027y / 3 / 31, 23h + 59min));
  EXPECT_EQ(months_after(january, 3), at(2027y / 4 / 30, 23h + 59min));
  EXPECT_EQ(months_after(january, 13), at(2028y / 2 / 29, 23h + 59min)) << "a leap year";
  EXPECT_EQ(months_after(january, 14), at(2028y / 3 / 31, 23h + 59min));
}

TEST(MonthsAfter, The29thAnd30th_FallOnTheLastOfFebruaryOnly) {
  EXPECT_EQ(months_after(at(2028y / 2 / 29), 12), at(2029y / 2 / 28));
  EXPECT_EQ(months_after(at(2028y / 2 / 29), 48), at(2032y / 2 / 29));
  EXPECT_EQ(months_after(at(2027y / 1 / 30), 1), at(2027y / 2 / 28));
  EXPECT_EQ(months_after(at(2027y / 1 / 29), 1), at(2027y / 2 / 28));
  EXPECT_EQ(months_after(at(2027y / 1 / 28), 1), at(2027y / 2 / 28));
  EXPECT_EQ(months_after(at(2027y / 1 / 30), 3), at(2027y / 4 / 30));
}

TEST(MonthsAfter, EachMonth_IsLaterThanTheOneBefore) {
  for (unsigned day = 1; day <= 31; ++day) {
    const utc_time first = at(2027y / January / day);
    for (int month = 0; month < 60; ++month) {
      const auto apart = months_after(first, month + 1) - months_after(first, month);
      EXPECT_GE(apart, 28 * 24h);
      EXPECT_LE(apart, 31 * 24h);
    }
  }
}

}  // namespace
}  // namespace dialer
