// What one call start costs at the budget, granted and refused, alone and shared. Goal: 30 ns granted.

#include <benchmark/benchmark.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

#include "carriers/call_budget.hpp"

namespace dialer::carriers {
namespace {

using std::chrono::microseconds;

carrier_kind kind_of(const benchmark::State& state) {
  return static_cast<carrier_kind>(state.range(0));
}

/// Always granted: a limit of a million, asked every 2 us of the budget's time.
void granted(benchmark::State& state) {
  call_budget budget{kind_of(state), 1'000'000};
  steady_time now{std::chrono::hours{1}};
  std::int64_t refused = 0;
  for (auto _ : state) {
    now += microseconds{2};
    refused += budget.take(now) != now;
  }
  if (refused != 0) state.SkipWithError("refused below the limit");
}
BENCHMARK(granted)->Arg(static_cast<int>(carrier_kind::twilio))->Arg(static_cast<int>(carrier_kind::telnyx));

/// Asked each time at the instant it named: one grant, one refusal.
void saturated(benchmark::State& state) {
  call_budget budget{kind_of(state), static_cast<double>(state.range(1))};
  const steady_time begin{std::chrono::hours{1}};
  steady_time now = begin;
  std::int64_t starts = 0;
  for (auto _ : state) {
    const steady_time next = budget.take(now);
    starts += next == now;
    now = next;
  }
  const double seconds = std::chrono::duration<double>(now - begin).count();
  state.counters["used"] = static_cast<double>(starts) / (seconds * static_cast<double>(state.range(1)));
}
BENCHMARK(saturated)->ArgsProduct({{1, 2}, {1, 30, 1'000, 100'000}});

/// Two senders of one account.
void shared(benchmark::State& state) {
  static call_budget budget{carrier_kind::twilio, 1'000'000};
  static std::atomic<std::int64_t> clock{3'600'000'000};
  for (auto _ : state) {
    const steady_time now{microseconds{clock.fetch_add(2, std::memory_order_relaxed)}};
    benchmark::DoNotOptimize(budget.take(now));
  }
}
BENCHMARK(shared)->Threads(1)->Threads(2);

}  // namespace
}  // namespace dialer::carriers

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  // The C library takes cheaper locks while a process has one thread; an engine has several.
  std::jthread idle{[](const std::stop_token& stop) {
    std::mutex lock;
    std::unique_lock held{lock};
    std::condition_variable_any{}.wait(held, stop, [] { return false; });
  }};
  benchmark::RunSpecifiedBenchmarks();
}
