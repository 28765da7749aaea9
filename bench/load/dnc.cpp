// How much memory does a national do-not-call list take, and how fast is a look-up?
//
// Workload: 250 million numbers in 414 area codes; 4 million numbers asked for in random order, 57 % of them listed.
// Reference: reading as many random bits from the same file mapped the same way, with their places known beforehand.
// Verified first: every answer against the function that made the list.

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "bench/load/harness.hpp"
#include "bench/load/national_list.hpp"
#include "compliance/prefetch.hpp"
#include "model/random.hpp"

namespace dialer::bench {
namespace {

constexpr std::size_t queries = 4'000'000;
constexpr std::size_t batch = 16;
constexpr int rounds = 5;

e164 any_number(random_source& random) {
  const auto& codes = listed_area_codes();
  const unsigned area_code = codes[random.below(codes.size())];
  return number_in(area_code, 2'000'000 + random.below(8'000'000));
}

/// The bytes of the list's file as the reference reads them. The list's own mapping is not used.
class raw_bits {
 public:
  explicit raw_bits(std::size_t bytes) : bits_{bytes * 8} {
    const int descriptor = ::open(national_list_file().c_str(), O_RDONLY | O_CLOEXEC);
    void* mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    require(mapping != MAP_FAILED, "the list's file cannot be mapped a second time");
    words_ = static_cast<const std::uint64_t*>(mapping);
  }
  std::uint64_t bits() const { return bits_; }
  bool contains(std::uint64_t bit) const { return (words_[bit >> 6] >> (bit & 63)) & 1; }
  void prefetch(std::uint64_t bit) const { compliance::prefetch_line(words_ + (bit >> 6)); }

 private:
  const std::uint64_t* words_ = nullptr;
  std::uint64_t bits_;
};

/// Nanoseconds a look-up. Also adds up the answers, so that no look-up can be left out.
template <class Set, class Key>
double time_batched(const Set& set, std::span<const Key> keys, std::uint64_t& found) {
  const double start = thread_cpu_seconds();
  for (std::size_t at = 0; at + batch <= keys.size(); at += batch) {
    for (std::size_t i = 0; i < batch; ++i) set.prefetch(keys[at + i]);
    for (std::size_t i = 0; i < batch; ++i) found += set.contains(keys[at + i]) ? 1 : 0;
  }
  return (thread_cpu_seconds() - start) * 1e9 / static_cast<double>(keys.size());
}

template <class Set, class Key>
double time_single(const Set& set, std::span<const Key> keys, std::uint64_t& found) {
  const double start = thread_cpu_seconds();
  for (const Key key : keys) found += set.contains(key) ? 1 : 0;
  return (thread_cpu_seconds() - start) * 1e9 / static_cast<double>(keys.size());
}

/// Each look-up waits for the answer of the one before: what a lone check costs when nothing is cached.
double time_dependent(const compliance::do_not_call_list& list, std::span<const e164> numbers, std::uint64_t& found) {
  std::size_t at = 0;
  const std::size_t steps = numbers.size() / 8;
  const double start = thread_cpu_seconds();
  for (std::size_t step = 0; step < steps; ++step) {
    const bool listed = list.contains(numbers[at]);
    found += listed ? 1 : 0;
    at += listed ? 5 : 3;
  }
  return (thread_cpu_seconds() - start) * 1e9 / static_cast<double>(steps);
}

void run(const std::filesystem::path& file) {
  const auto list = open_national_list();
  random_source random{11};
  std::vector<e164> numbers;
  numbers.reserve(queries);
  while (numbers.size() < queries) {
    const bool wanted = random.below(100) < 57;
    e164 number = any_number(random);
    while (is_listed(number) != wanted) number = any_number(random);
    numbers.push_back(number);
  }
  std::uint64_t found = 0;
  for (const e164 number : numbers) {
    require(list->contains(number) == is_listed(number), "the list answers wrongly for " + number.text());
  }
  const raw_bits raw{list->bytes()};
  std::vector<std::uint64_t> places(queries);
  std::ranges::generate(places, [&] { return random.below(raw.bits()); });
  time_single(raw, std::span<const std::uint64_t>{places}, found);  // maps the pages

  report result{"dnc", "look-ups/s, batches of 16", "random bits read from the same mapped file, batches of 16"};
  std::vector<double> single;
  std::vector<double> batched;
  std::vector<double> raw_batched;
  std::vector<double> dependent;
  for (int round = 0; round < rounds; ++round) {
    found = 0;
    batched.push_back(time_batched(*list, std::span<const e164>{numbers}, found));
    raw_batched.push_back(time_batched(raw, std::span<const std::uint64_t>{places}, found));
    single.push_back(time_single(*list, std::span<const e164>{numbers}, found));
    dependent.push_back(time_dependent(*list, numbers, found));
    result.add({1e9 / batched.back(), 1e9 / raw_batched.back()});
  }
  result.note("numbers", static_cast<double>(list->size()));
  result.note("bytes_per_number", static_cast<double>(list->bytes()) / static_cast<double>(list->size()));
  result.note("batched_ns", median(batched));
  result.note("raw_batched_ns", median(raw_batched));
  result.note("single_ns", median(single));
  result.note("dependent_ns", median(dependent));
  result.note("answers", static_cast<double>(found));
  result.finish(file);
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, dialer::bench::run);
}
