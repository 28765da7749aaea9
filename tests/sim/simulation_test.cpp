// The core under virtual time: many seeds, every fault, and the invariants of an engine that must never dial twice.
//   simulation_test --seeds N [--from S]   runs N seeds and prints what happened
//   simulation_test --replay S             one seed

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/world.hpp"

int main(int argc, char** argv) {
  std::uint64_t seeds = 2000;
  std::uint64_t from = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seeds") == 0) seeds = value;
    if (std::strcmp(argv[i], "--from") == 0) from = value;
    if (std::strcmp(argv[i], "--replay") == 0) {
      from = value;
      seeds = 1;
    }
  }
  dialer::sim::run_result sum;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    try {
      const auto result = dialer::sim::world{seed, seeds == 1}.run();
      // Determinism: one seed in fifty is run twice.
      if (seed % 50 == 0 && dialer::sim::world{seed}.run().trace != result.trace) {
        std::printf("seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
        return 1;
      }
      sum.calls += result.calls;
      sum.crashes += result.crashes;
      sum.doubts += result.doubts;
      sum.recovered += result.recovered;
      sum.absent += result.absent;
      sum.opt_outs_confirmed += result.opt_outs_confirmed;
      sum.stale_batches += result.stale_batches;
      sum.vetoes += result.vetoes;
    } catch (const std::exception& broken) {
      std::printf("%s\nreplay: simulation_test --replay %llu\n", broken.what(), static_cast<unsigned long long>(seed));
      return 1;
    }
  }
  const auto show = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf(
      "%llu seeds: %llu calls, %llu crashes, %llu doubts, %llu adopted, %llu absent, %llu opt-outs confirmed, "
      "%llu vetoes\n",
      show(seeds), show(sum.calls), show(sum.crashes), show(sum.doubts), show(sum.recovered), show(sum.absent),
      show(sum.opt_outs_confirmed), show(sum.vetoes));
  // A run in which the faults never bit proves nothing.
  const bool bit = sum.crashes > 0 && sum.doubts > 0 && sum.recovered > 0 && sum.absent > 0 &&
                   sum.opt_outs_confirmed > 0 && sum.vetoes > 0;
  if (seeds >= 200 && !bit) {
    std::printf("some fault never happened\n");
    return 1;
  }
  return 0;
}
