// Numbers that are labelled are found within an hour, and their pool is answered as before once they rest.
// --planted NAME: a bug was planted into the engine; the test passes when it is found.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "tests/sim/world.hpp"

namespace {

constexpr std::uint64_t seeds = 12;
constexpr std::uint64_t within_an_hour_min = 11;  // docs/adr/0008: 96.5 %

double share(const dialer::sim::labelled_result::count& of) {
  return static_cast<double>(of.answers) / of.calls;
}

void add(dialer::sim::labelled_result::count& to, const dialer::sim::labelled_result::count& more) {
  to.calls += more.calls;
  to.answers += more.answers;
}

}  // namespace

int main(int argc, char** argv) {
  const char* planted = argc == 3 && std::strcmp(argv[1], "--planted") == 0 ? argv[2] : nullptr;
  dialer::sim::labelled_result sum;
  std::uint64_t within_an_hour = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    try {
      const dialer::sim::labelled_result found = dialer::sim::world{seed}.run_labelled();
      std::printf("seed %llu: rests after %.0f min and %u calls\n", static_cast<unsigned long long>(seed),
                  static_cast<double>(found.to_rest.count()) / 60e6, found.calls_to_rest);
      within_an_hour += found.to_rest <= std::chrono::hours{1};
      add(sum.before, found.before);
      add(sum.labelled, found.labelled);
      add(sum.after, found.after);
      sum.others_rested += found.others_rested;
    } catch (const std::exception& broken) {
      std::printf("%s%s\n", planted != nullptr ? "caught. " : "", broken.what());
      return planted != nullptr ? 0 : 1;
    }
  }
  if (planted != nullptr) {
    std::printf("%s: not caught\n", planted);
    return 1;
  }
  std::printf(
      "%llu of %llu within an hour, %u others rested; answered: %.1f %% before, %.1f %% labelled, %.1f %% after\n",
      static_cast<unsigned long long>(within_an_hour), static_cast<unsigned long long>(seeds), sum.others_rested,
      100 * share(sum.before), 100 * share(sum.labelled), 100 * share(sum.after));
  const bool restored = share(sum.labelled) < 0.95 * share(sum.before) && share(sum.after) > 0.96 * share(sum.before);
  return within_an_hour >= within_an_hour_min && sum.others_rested == 0 && restored ? 0 : 1;
}
