// What one caller-ID pick costs, by policy, pool size and state. Goal: 150 ns with 10 numbers, 300 ns with 10,000.
// Before the time is taken, picks are compared with what a look at every number finds.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "callerid/pick.hpp"
#include "model/random.hpp"

namespace dialer::callerid {
namespace {

constexpr utc_time morning{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{10}};

/// Numbers of 200 area codes, each with several exchanges.
e164 spread_number(std::uint64_t n) {
  return e164::from_digits(10'000'000'000 + (200 + n % 200 * 4) * 10'000'000 + (200 + n / 200 % 40 * 20) * 10'000 + n);
}

/// One state for every eight area codes.
std::string_view state_of(e164 number) {
  static constexpr std::string_view states[] = {"US-CA", "US-NY", "US-TX", "US-FL", "US-WA", "US-IL", "US-GA", "US-MA"};
  return states[number.npa() / 32 % std::size(states)];
}

struct setting {
  pool_book book{state_of};
  agent_id agent{id128{1, 1}};
  integration_id account{id128{1, 1}};
  utc_time now = morning;
  std::vector<phone_number> numbers;

  setting(std::uint64_t count, std::uint32_t per_hour) {
    std::vector<assignment> assignments;
    for (std::uint64_t n = 0; n < count; ++n) {
      phone_number each;
      each.id = phone_number_id{id128{1, n}};
      each.integration = account;
      each.number = spread_number(n);
      each.status = number_status::active;
      each.capabilities = voice;
      each.outbound_enabled = true;
      each.calls_per_day_max = 0;
      each.calls_per_hour_max = per_hour;
      each.weight = static_cast<std::uint16_t>(1 + n % 7);
      numbers.push_back(each);
      assignments.push_back({each.id, agent, workspace_id{}});
    }
    book.rebuild(sharing_policy::workspace, numbers, assignments);
  }

  std::optional<picked> pick(policy how, e164 to, e164 preferred) {
    reason why_not{};
    std::optional<utc_time> until;
    return book.pick(agent, account, how, to, preferred, now, why_not, until);
  }

  /// Nearness as a rank, smaller is nearer: 0..3 six to three digits shared, 4 state, 5 country.
  static int distance(e164 own, e164 to) {
    std::uint64_t left = own.digits() / 10'000;
    std::uint64_t right = to.digits() / 10'000;
    for (int far = 0; far < 4; ++far, left /= 10, right /= 10) {
      if (left == right) return far;
    }
    return state_of(own) == state_of(to) ? 4 : 5;
  }

  /// What pick() should find, without caps.
  e164 find(policy how, e164 to, e164 preferred) const {
    if (how == policy::sticky || how == policy::fixed) return preferred;
    const auto rank = [&](const phone_number& each) {
      const std::uint64_t calls = book.calls_in_last_day(*book.find(each.number), now);
      return std::tuple{how == policy::local_presence ? distance(each.number, to) : 0,
                        how == policy::weighted ? 1000 * calls / each.weight : calls, each.number};
    };
    return std::ranges::min_element(numbers, {}, rank)->number;
  }
};

/// Picks only, numbers used unevenly.
void pick(benchmark::State& state, policy how) {
  const auto count = static_cast<std::uint64_t>(state.range(0));
  setting with{count, 0};
  random_source random{3};
  for (std::uint64_t i = 0; i < 2 * count; ++i) {
    with.book.take(static_cast<number_index>(random.below(count)), with.now);
  }
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t n = random();
    const e164 to = spread_number(n % 20'000);
    const e164 preferred = spread_number(n % count);
    const auto found = with.pick(how, to, preferred);
    if (!found || with.book.number(found->number) != with.find(how, to, preferred)) {
      state.SkipWithError("the pick is not what a look at every number finds");
      return;
    }
  }
  for (auto _ : state) {
    const std::uint64_t n = random();
    benchmark::DoNotOptimize(with.pick(how, spread_number(n % 20'000), spread_number(n % count)));
  }
}
BENCHMARK_CAPTURE(pick, sticky, policy::sticky)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(pick, local_presence, policy::local_presence)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(pick, least_used, policy::least_used_today)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(pick, weighted, policy::weighted)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(pick, fixed, policy::fixed)->Arg(10)->Arg(10'000);

/// Every number at its cap: the answer is an instant.
void pick_exhausted(benchmark::State& state) {
  setting with{static_cast<std::uint64_t>(state.range(0)), 1};
  while (const auto found = with.pick(policy::least_used_today, {}, {})) with.book.take(found->number, with.now);
  random_source random{3};
  for (auto _ : state) {
    benchmark::DoNotOptimize(with.pick(policy::local_presence, spread_number(random.below(20'000)), {}));
  }
}
BENCHMARK(pick_exhausted)->Arg(10)->Arg(10'000);

/// The whole life of a use, with time passing: 1,000 calls per second, so minutes fill and leave.
void pick_take_release(benchmark::State& state) {
  setting with{static_cast<std::uint64_t>(state.range(0)), 0};
  random_source random{3};
  for (auto _ : state) {
    const auto found = with.pick(policy::local_presence, spread_number(random.below(20'000)), {});
    with.book.take(found->number, with.now);
    with.book.release(found->number);
    with.now += std::chrono::milliseconds{1};
  }
}
BENCHMARK(pick_take_release)->Arg(10)->Arg(10'000);

/// The one pick a minute that sees every number's use of an hour ago leave: the longest pick there is.
void pick_at_a_full_minute_s_end(benchmark::State& state) {
  const auto count = static_cast<number_index>(state.range(0));
  setting with{count, 1'000};
  for (auto _ : state) {
    state.PauseTiming();
    for (number_index number = 0; number < count; ++number) {
      with.book.take(number, with.now);
      with.book.release(number);
    }
    with.now += std::chrono::minutes{60};
    with.pick(policy::least_used_today, {}, {});
    with.now += std::chrono::minutes{1};
    state.ResumeTiming();
    benchmark::DoNotOptimize(with.pick(policy::least_used_today, {}, {}));
  }
}
BENCHMARK(pick_at_a_full_minute_s_end)->Arg(10'000)->Unit(benchmark::kMicrosecond)->Iterations(200);

/// A snapshot arrives.
void rebuild(benchmark::State& state) {
  for (auto _ : state) setting{static_cast<std::uint64_t>(state.range(0)), 15};
}
BENCHMARK(rebuild)->Arg(10)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dialer::callerid

BENCHMARK_MAIN();
