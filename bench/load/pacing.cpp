// Does a carrier account get the calls per second that it allows, and never more?
//
// Workload: carriers::call_budget asked by one thread that waits with clock_nanosleep until the instant the budget
// names, as a sender's timer does, at 50 and 1,000 calls per second. Reference: the limit itself; a round's ratio is
// the share of it that was used. Verified: no window of the carrier's period ever holds more starts than the limit.

#include <fmt/core.h>
#include <time.h>

#include <algorithm>

#include "bench/load/harness.hpp"
#include "carriers/call_budget.hpp"

namespace dialer::bench {
namespace {

constexpr double seconds = 4;
constexpr int rounds = 3;

std::int64_t now_ns() {
  struct timespec at {};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1'000'000'000 + at.tv_nsec;
}

struct run_of_starts {
  std::vector<std::int64_t> at_us;
  std::vector<double> late_us;  ///< after the instant the budget had named
};

run_of_starts start_calls(double calls_per_second) {
  carriers::call_budget budget{carriers::carrier_kind::twilio, calls_per_second};
  run_of_starts done;
  const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  std::int64_t due_us = 0;
  for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
    const steady_time asked{std::chrono::microseconds{now / 1000}};
    const steady_time answer = budget.take(asked);
    if (answer == asked) {
      done.at_us.push_back(now / 1000);
      if (due_us != 0) done.late_us.push_back(static_cast<double>(now) / 1000 - static_cast<double>(due_us));
      due_us = 0;
      continue;
    }
    due_us = answer.time_since_epoch().count();
    const struct timespec until { due_us / 1'000'000, due_us % 1'000'000 * 1000 };
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }
  return done;
}

std::size_t most_in_a_second(const std::vector<std::int64_t>& at_us) {
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < at_us.size(); ++last) {
    while (at_us[last] - at_us[first] >= 1'000'000) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void measure(report& result, double limit) {
  std::vector<double> late;
  std::size_t most = 0;
  for (int round = 0; round < rounds; ++round) {
    run_of_starts done = start_calls(limit);
    most = std::max(most, most_in_a_second(done.at_us));
    require(most <= static_cast<std::size_t>(limit), "a second held " + std::to_string(most) + " starts");
    late.insert(late.end(), done.late_us.begin(), done.late_us.end());
    const double span = static_cast<double>(done.at_us.back() - done.at_us.front()) / 1e6;
    result.add({static_cast<double>(done.at_us.size() - 1) / span, limit});
  }
  const std::string at = std::to_string(static_cast<int>(limit)) + "_per_second";
  result.note("late_p50_us_at_" + at, percentile(late, 0.5));
  result.note("late_p99_us_at_" + at, percentile(late, 0.99));
  result.note("most_in_a_second_at_" + at, static_cast<double>(most));
}

void run(const std::filesystem::path& file) {
  report result{"pacing", "starts/s", "the account's limit"};
  measure(result, 50);
  measure(result, 1000);
  result.finish(file);
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, dialer::bench::run);
}
