#pragma once
// What all load benchmarks share: interleaved rounds of engine and reference, their statistics, and the result file.

#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dialer::bench {

/// The measured program gave a wrong answer: there is no figure then.
class wrong_result : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws wrong_result{what} unless `holds`.
void require(bool holds, const std::string& what);

/// Engine and reference measured one after the other, in the same unit.
struct round {
  double engine = 0;
  double reference = 0;
  double ratio() const { return engine / reference; }
};

double median(std::vector<double> values);

/// The rounds of one benchmark. Prints a line per round as it comes.
class report {
 public:
  /// unit: of both sides of a round, more is better ("decisions/s"); reference: what the other side is.
  report(std::string name, std::string unit, std::string reference);

  void add(const round& one);
  /// A figure of the benchmark's own, printed and written beside the rounds.
  void note(const std::string& key, double value);
  /// Prints median and spread, and writes {name, unit, reference, rounds, median_ratio, spread, machine, …} to `file`.
  void finish(const std::filesystem::path& file) const;

 private:
  std::string name_;
  std::string unit_;
  std::string reference_;
  std::vector<round> rounds_;
  std::vector<std::pair<std::string, double>> notes_;
};

/// Seconds of processor time this thread has used: what else runs on the machine does not count.
double thread_cpu_seconds();
/// Seconds of the monotonic clock.
double wall_seconds();
/// A line of this process's /proc/self/status in kB, such as "VmHWM"; 0 when there is none.
long status_kb(std::string_view key);

/// main() of a benchmark: `run` gets the result file's path. Answers 0; 1 with a message on stderr when it throws;
/// 2 when the arguments are not a single path.
int run_benchmark(int count, char** arguments, const std::function<void(const std::filesystem::path&)>& run);

}  // namespace dialer::bench
