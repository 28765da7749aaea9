// How much does "may we?" cost?
//
// Workload: a national list at the registry's density (57 % of the numbers of each area code), one million opt-outs,
// two million attempts, numbers asked for in random order with half of them on the list. DIALER_BENCH_AREAS sets the
// number of area codes (default 48: 60 MB, larger than most caches; 414 is the whole registry, 518 MB, built from 3 GB
// of text). Before anything is timed, every answer is compared with the function that made the lists. Not measured:
// reading from disk, the building of snapshots.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "compliance/gate.hpp"
#include "compliance/numbering_plan.hpp"
#include "model/random.hpp"

namespace dialer::compliance {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t scramble(std::uint64_t value) {
  return random_source{value}();
}
constexpr bool share(std::uint64_t value, std::uint64_t percent) {
  return scramble(value) % 100 < percent;
}

// What the lists hold, as functions of the number: the reference for every answer.
constexpr bool is_listed(std::uint64_t digits) {
  return share(digits, 6);
}
constexpr std::uint64_t opt_outs = 1'000'000;
constexpr std::uint64_t attempts = 2'000'000;

unsigned area_count() {
  const char* text = std::getenv("DIALER_BENCH_AREAS");
  return text == nullptr ? 48U : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

/// Assigned area codes in the order of the plan, so that no number is refused for its code.
std::vector<std::uint64_t> area_codes() {
  std::vector<std::uint64_t> codes;
  for (std::uint64_t npa = 201; npa < 1000 && codes.size() < area_count(); ++npa) {
    if (number_fact(e164::from_digits(10'000'000'000 + npa * 10'000'000 + 2345678)) == reason::none)
      codes.push_back(npa);
  }
  return codes;
}

void write_registry(const std::filesystem::path& file, std::span<const std::uint64_t> codes) {
  std::FILE* out = std::fopen(file.c_str(), "wbe");
  if (out == nullptr) throw std::runtime_error("cannot write " + file.string());
  for (const auto npa : codes) {
    char line[13];
    for (std::uint64_t subscriber = 0; subscriber < 10'000'000; ++subscriber) {
      if (!is_listed(10'000'000'000 + npa * 10'000'000 + subscriber)) continue;
      auto digits = npa * 10'000'000 + subscriber;
      for (int i = 11; i >= 0; --i) {
        if (i == 11 || i == 3) {
          line[i] = i == 11 ? '\n' : ',';
        } else {
          line[i] = static_cast<char>('0' + digits % 10);
          digits /= 10;
        }
      }
      std::fwrite(line, 1, 12, out);
    }
  }
  std::fclose(out);
}

struct world {
  rules_snapshot rules;
  callee_book callees;
  window_state window;
  country_set countries;  ///< all under +1
  instant now{steady_time{1h}, std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 18h};
  std::vector<e164> numbers;  ///< to ask for
  std::uint64_t allowed = 0;  ///< of numbers, by the reference

  subject about(e164 number) const {
    return {.contact = contact_id{1}, .number = number, .window = &window, .caps = {}, .countries = &countries};
  }
};

[[noreturn]] void wrong(const char* what, e164 number) {
  std::fprintf(stderr, "%s differs from the reference for %s\n", what, number.text().c_str());
  std::exit(1);
}

world make_world() {
  world made;
  const auto codes = area_codes();
  std::string pattern = (std::filesystem::temp_directory_path() / "dialer_bench_XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  write_registry(folder / "registry.txt", codes);
  const auto start = std::chrono::steady_clock::now();
  const auto built = build_do_not_call_list(folder / "registry.txt", folder / "list", made.now.utc, "bench");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto list = do_not_call_list::open(folder / "list");
  std::filesystem::remove_all(folder);
  std::printf("list: %llu numbers, %.2f bytes a number, built in %.2f s (%.1f M lines/s)\n",
              static_cast<unsigned long long>(list->size()),
              static_cast<double>(list->bytes()) / static_cast<double>(list->size()), took.count(),
              static_cast<double>(built.numbers) / took.count() / 1e6);
  made.rules = {.national = {list}, .zones = load_system_zone_rules()};
  std::vector<std::string> countries;
  for (const auto& code : all_area_codes()) countries.emplace_back(code.country);
  made.countries = country_set{countries};
  made.window = {.open = true, .why = reason::none, .closes_at = made.now.utc + 1h, .opens_at = {}};

  random_source random{1};
  const auto any_number = [&] {
    return e164::from_digits(10'000'000'000 + codes[random.below(codes.size())] * 10'000'000 +
                             random.below(10'000'000));
  };
  std::vector<e164> refused;
  for (std::uint64_t i = 0; i < opt_outs; ++i) made.callees.opt_out(any_number());
  for (std::uint64_t i = 0; i < attempts; ++i) {
    const auto number = any_number();
    // Every fourth number has reached its daily cap.
    for (int n = 0; n < (i % 4 == 0 ? 3 : 1); ++n) made.callees.record(number, made.now.utc - 1h);
  }
  std::printf("callees: %.1f bytes an opt-out or attempt\n",
              static_cast<double>(made.callees.bytes()) /
                  static_cast<double>(made.callees.opt_outs() + made.callees.attempts()));
  for (int i = 0; i < (1 << 20); ++i) made.numbers.push_back(any_number());

  const gate judge{made.rules, made.callees};
  for (const auto number : made.numbers) {
    const bool listed = is_listed(number.digits());
    if (list->contains(number) != listed) wrong("the list", number);
    const bool fiction = number_fact(number) != reason::none;
    const bool capped = made.callees.attempts(number, made.now.utc, 24h) >= 3;
    const bool allowed = !listed && !fiction && !capped && !made.callees.opted_out(number);
    if (judge.screen(made.about(number), {}, made.now).result().is_allowed() != allowed) wrong("screen", number);
    made.allowed += allowed ? 1 : 0;
  }
  return made;
}

const world& the_world() {
  static const world made = make_world();
  return made;
}

/// Walks the numbers in batches: first start the memory accesses of all, then judge each.
template <class Prefetch, class Judge>
void in_batches(benchmark::State& state, const Prefetch& prefetch, const Judge& judge) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const std::span<const e164> numbers{the_world().numbers};
  std::size_t at = 0;
  std::size_t yes = 0;
  for (auto _ : state) {
    const auto part = numbers.subspan(at, batch);
    if (batch > 1) {
      for (const auto number : part) prefetch(number);
    }
    for (const auto number : part) yes += judge(number) ? 1U : 0U;
    at = (at + batch) % numbers.size();
  }
  benchmark::DoNotOptimize(yes);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void do_not_call_lookup(benchmark::State& state) {
  const auto& list = *the_world().rules.national.front();
  in_batches(
      state, [&](e164 number) { list.prefetch(number); }, [&](e164 number) { return list.contains(number); });
}
BENCHMARK(do_not_call_lookup)->Arg(1)->Arg(16)->Arg(64);

void callee_lookup(benchmark::State& state) {
  const auto& all = the_world();
  in_batches(
      state, [&](e164 number) { all.callees.prefetch(number); },
      [&](e164 number) {
        const callee found = all.callees.find(number, all.now.utc);
        return found.opted_out || found.recent.last_24h > 0;
      });
}
BENCHMARK(callee_lookup)->Arg(1)->Arg(64);

/// The whole judgement, as in the pipeline.
void screen_and_permit(benchmark::State& state) {
  const auto& all = the_world();
  const gate judge{all.rules, all.callees};
  const call_binding binding{.caller_id = e164::from_digits(12125550100), .integration = {}, .send_within = 1s};
  const auto batch = static_cast<std::size_t>(state.range(0));
  const std::span<const e164> numbers{all.numbers};
  std::vector<number_record> known;
  std::size_t at = 0;
  std::size_t permits = 0;
  for (auto _ : state) {
    const auto part = numbers.subspan(at, batch);
    judge.look_up(part, all.now, known);
    for (std::size_t i = 0; i < batch; ++i) {
      permits += gate::permit(judge.screen(all.about(part[i]), known[i], {}, all.now), binding).has_value() ? 1U : 0U;
    }
    at = (at + batch) % numbers.size();
  }
  benchmark::DoNotOptimize(permits);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(screen_and_permit)->Arg(1)->Arg(16)->Arg(128);

void window_of_two_zones(benchmark::State& state) {
  const place where{"US", {"US-FL"}, {"America/Chicago", "America/New_York"}, place_source::number};
  const auto& all = the_world();
  auto now = all.now.utc;
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluate_window(where, federal_hours(), *all.rules.zones, now));
    now += 17min;
  }
}
BENCHMARK(window_of_two_zones);

}  // namespace
}  // namespace dialer::compliance

BENCHMARK_MAIN();
