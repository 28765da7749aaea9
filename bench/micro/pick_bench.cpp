// What one caller-ID pick costs, by policy, pool size and state. Goal: 150 ns with 10 numbers, 300 ns with 10,000.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
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

  setting(std::uint64_t count, std::uint32_t per_hour) {
    std::vector<phone_number> numbers;
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
      numbers.push_back(each);
      assignments.push_back({each.id, agent, workspace_id{}});
    }
    book.rebuild(sharing_policy::workspace, numbers, assignments);
  }

  std::optional<picked> pick(policy how, e164 to, e164 last) {
    reason why_not{};
    std::optional<utc_time> until;
    return book.pick(agent, account, how, to, last, now, why_not, until);
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
  for (auto _ : state) {
    const std::uint64_t n = random();
    benchmark::DoNotOptimize(with.pick(how, spread_number(n % 20'000), spread_number(n % count)));
  }
}
BENCHMARK_CAPTURE(pick, sticky, policy::sticky)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(pick, local_presence, policy::local_presence)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(pick, least_used, policy::least_used_today)->Arg(10)->Arg(10'000);

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
