// How often healthy numbers rest, and how soon labelled ones do: thousands of number-weeks of calls that ordinary life
// is noisy in. The figures stand in docs/adr/0008; each is printed, and asserted with what is promised.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

#include "callerid/number_health.hpp"
#include "model/random.hpp"

namespace dialer::callerid {
namespace {

using namespace std::chrono_literals;

constexpr utc_time monday{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};
constexpr int opens = 14;  // UTC; the campaign calls from here ...
constexpr int closes = 24;
constexpr int hours_a_day = closes - opens;
constexpr std::size_t areas = 12;

struct life {
  std::size_t numbers = 10;
  double calls_per_hour = 15;  // of each number
  double answer_rate = 0.2;    // on average
};

/// Numbers that call one list, day after day.
class town {
 public:
  town(std::uint64_t seed, const life& what) : what_{what}, random_{seed} {
    for (std::size_t i = 0; i < areas; ++i) by_area_.push_back(spread(0.2));
    for (std::size_t i = 0; i < what.numbers; ++i) by_number_.push_back(spread(0.1));
  }

  health_book book;
  std::vector<bool> labelled = std::vector<bool>(64);
  std::vector<std::uint32_t> calls = std::vector<std::uint32_t>(64);
  health_counts of_all;
  std::function<void(number_index, utc_time)> changed = [](number_index, utc_time) {};

  /// One hour's calls, in the order in which they end.
  void hour(int day, int hour_of_day) {
    if (hour_of_day == opens) begin_day();
    const utc_time from = monday + std::chrono::hours{24 * day + hour_of_day};
    const double time_of_day = 1 + 0.35 * std::sin((hour_of_day - opens) * 0.55 - 1.2);
    const double evening = bad_evening_ && hour_of_day >= 20 ? 0.5 : 1;
    calls_.clear();
    for (std::size_t number = 0; number < what_.numbers; ++number) {
      const std::uint64_t count = about(what_.calls_per_hour);
      for (std::uint64_t i = 0; i < count; ++i) {
        const auto area = static_cast<std::size_t>(std::min(random_.below(areas), random_.below(areas)));
        const double rate = what_.answer_rate * by_area_[area] * by_number_[number] * time_of_day * evening * today_ *
                            (labelled[number] ? 0.5 : 1);
        ended one;
        one.number = static_cast<number_index>(number);
        one.area = area;
        one.what.answered = random_.chance(std::min(rate, 0.95));
        one.what.short_call = one.what.answered && random_.chance(0.06);
        one.what.opted_out = one.what.answered && random_.chance(0.02);
        const auto started = std::chrono::milliseconds{random_.below(3'600'000)};
        one.at = from + started + (one.what.answered ? 30s + std::chrono::seconds{random_.below(240)} : 30s);
        calls_.push_back(one);
      }
    }
    std::ranges::sort(calls_, {}, &ended::at);
    for (const ended& one : calls_) {
      if (!book.limits(one.number, one.at).shown) continue;
      latest_ = std::max(latest_, one.at);
      ++calls[one.number];
      of_all.add(one.what, 0);
      const e164 to = e164::from_digits(12'015'550'100 + 10'000'000 * one.area);
      if (book.count(one.number, number(one.number), 1, to, one.what, latest_)) changed(one.number, latest_);
    }
    book.advance(from + 1h);
  }

  void week(int from_day) {
    for (int day = from_day; day < from_day + 7; ++day) {
      for (int hour_of_day = opens; hour_of_day < closes; ++hour_of_day) hour(day, hour_of_day);
    }
  }

  static e164 number(number_index n) { return e164::from_digits(12'125'550'100 + n); }

 private:
  struct ended {
    number_index number = 0;
    std::size_t area = 0;
    call_end what;
    utc_time at;
  };

  double spread(double by) {  // around 1, roughly normal
    double sum = 0;
    for (int i = 0; i < 6; ++i) sum += static_cast<double>(random_.below(1'000'000)) / 1e6 - 0.5;
    return std::exp(by * sum * 1.41);
  }
  std::uint64_t about(double mean) {
    const double drawn = mean * spread(0.25) + static_cast<double>(random_.below(1000)) / 1000;
    return static_cast<std::uint64_t>(drawn);
  }
  void begin_day() {
    today_ = spread(0.12);
    bad_evening_ = random_.below(10) == 0;
  }

  life what_;
  random_source random_;
  std::vector<double> by_area_;
  std::vector<double> by_number_;
  double today_ = 1;
  bool bad_evening_ = false;
  std::vector<ended> calls_;
  utc_time latest_ = monday;
};

double share(const health_counts& of) {
  return static_cast<double>(of.answers) / of.calls;
}

/// Ordinary weeks: hours, areas, numbers and days that differ, every tenth evening bad for everybody, and small
/// numbers.
TEST(NumberHealthSimulation, HealthyNumbers_RestLessThanOnceInAHundredWeeks) {
  std::uint32_t weeks = 0;
  std::uint32_t rests = 0;
  std::uint32_t watches = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    life what;
    what.numbers = 3 + seed % 6;
    what.calls_per_hour = seed % 50 == 0 ? 200 : seed % 10 == 1 ? 60 : seed % 3 == 0 ? 5 : 15;
    what.answer_rate = 0.12 + 0.07 * static_cast<double>(seed % 5);
    town place{seed, what};
    place.week(0);  // what is usual
    place.changed = [&](number_index number, utc_time) {
      const health state = place.book.record(number).state;
      if (state == health::watch) ++watches;
      if (state != health::resting) return;
      ++rests;
      std::printf("  seed %llu: %s\n", static_cast<unsigned long long>(seed), place.book.record(number).why.c_str());
    };
    place.week(7);
    weeks += static_cast<std::uint32_t>(what.numbers);
  }
  std::printf("healthy numbers: %u number-weeks, %u rests (%.2f %%), %u times watched (%.2f %%)\n", weeks, rests,
              100.0 * rests / weeks, watches, 100.0 * watches / weeks);
  EXPECT_LT(rests, weeks / 100);
  EXPECT_LT(watches, weeks / 10);
}

/// Where calls are many, an evening that is bad for everybody shows in minutes, in each number's own calls too.
TEST(NumberHealthSimulation, BadEveningsAtHighVolume_RestNobody) {
  std::uint32_t rests = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    town place{seed, {5, 400, 0.3}};
    place.week(0);
    place.changed = [&](number_index number, utc_time) {
      if (place.book.record(number).state == health::resting) ++rests;
    };
    place.week(7);
  }
  std::printf("healthy numbers, 400 calls an hour: 100 number-weeks, %u rests\n", rests);
  EXPECT_LE(rests, 1U);
}

/// A number whose callees see a label from one evening on.
struct labelled_number {
  std::vector<std::uint32_t> calls_to_rest;  // ascending
  std::uint32_t within_an_hour = 0;
  std::uint32_t missed = 0;
  std::uint32_t others_rested = 0;
};

std::uint32_t quantile(const labelled_number& of, double at) {
  return of.calls_to_rest[static_cast<std::size_t>(at * static_cast<double>(of.calls_to_rest.size() - 1))];
}

labelled_number label_one(std::uint64_t seeds, const life& what, int days_before, int days_after) {
  labelled_number found;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    town place{seed, what};
    for (int day = 0; day < days_before; ++day) {
      for (int at = opens; at < closes; ++at) place.hour(day, at);
    }
    for (int at = opens; at < opens + 3; ++at) place.hour(days_before, at);
    if (!place.book.limits(0, monday + days_before * 24h).shown) continue;
    place.labelled[0] = true;
    const std::uint32_t calls_before = place.calls[0];
    bool rests = false;
    place.changed = [&](number_index number, utc_time) {
      if (place.book.record(number).state != health::resting) return;
      if (number != 0) {
        ++found.others_rested;
      } else if (!std::exchange(rests, true)) {
        found.calls_to_rest.push_back(place.calls[0] - calls_before);
      }
    };
    for (int hour = 3; hour < hours_a_day * (days_after + 1) && !rests; ++hour) {
      place.hour(days_before + hour / hours_a_day, opens + hour % hours_a_day);
      if (rests && hour == 3) ++found.within_an_hour;
    }
    if (!rests) ++found.missed;
  }
  std::ranges::sort(found.calls_to_rest);
  std::printf(
      "%.0f calls an hour, %.0f %% answered: rests after %u, %u, %u calls (10 %%, half, 90 %% of %llu seeds), "
      "%u within an hour, %u missed in %d days, %u rests of others\n",
      what.calls_per_hour, 100 * what.answer_rate, quantile(found, 0.1), quantile(found, 0.5), quantile(found, 0.9),
      static_cast<unsigned long long>(seeds), found.within_an_hour, found.missed, days_after, found.others_rested);
  return found;
}

TEST(NumberHealthSimulation, LabelledAtHighVolume_RestsWithinAnHour) {
  const labelled_number found = label_one(1000, {4, 400, 0.35}, 1, 1);
  EXPECT_GE(found.within_an_hour, 950U);
  EXPECT_EQ(found.missed, 0U);
}

/// What the rest of life looks like: with the caps of a cautious number days, and not one hour.
TEST(NumberHealthSimulation, LabelledAtOtherVolumes_RestsAfterSoManyCalls) {
  struct point {
    life what;
    int days_before;
    int days_after;
    std::uint32_t half_of_seeds;  // rest after so many calls at most
  };
  for (const point& at :
       {point{{8, 15, 0.12}, 7, 10, 500}, point{{8, 15, 0.2}, 7, 10, 300}, point{{8, 15, 0.35}, 7, 10, 180},
        point{{8, 60, 0.2}, 7, 5, 370}, point{{8, 60, 0.35}, 7, 5, 240}, point{{4, 400, 0.2}, 1, 1, 450}}) {
    const labelled_number found = label_one(100, at.what, at.days_before, at.days_after);
    EXPECT_LE(quantile(found, 0.5), at.half_of_seeds);
    EXPECT_LE(found.missed, 10U);
  }
}

/// Against a twin of the same seeds in which nobody is labelled.
TEST(NumberHealthSimulation, PoolOfALabelledNumber_IsAnsweredAsBeforeOnceItRests) {
  health_counts labelled_hour;
  health_counts after;
  health_counts twin_labelled_hour;
  health_counts twin_after;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const bool labelled : {true, false}) {
      town place{seed, {4, 400, 0.35}};
      for (int at = opens; at < closes; ++at) place.hour(0, at);
      for (int at = opens; at < closes; ++at) {
        place.labelled[0] = labelled && at >= opens + 3;
        place.of_all = {};
        place.hour(1, at);
        if (at == opens + 3) (labelled ? labelled_hour : twin_labelled_hour) += place.of_all;
        if (at >= opens + 5) (labelled ? after : twin_after) += place.of_all;
      }
    }
  }
  std::printf("answers of the pool against an unlabelled twin: %.1f %% in the labelled hour, %.1f %% once it rests\n",
              100 * share(labelled_hour) / share(twin_labelled_hour), 100 * share(after) / share(twin_after));
  EXPECT_LT(share(labelled_hour), 0.97 * share(twin_labelled_hour));
  EXPECT_GT(share(after), 0.98 * share(twin_after));
}

}  // namespace
}  // namespace dialer::callerid
