#include "bench/load/harness.hpp"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <ctime>
#include <fstream>

namespace dialer::bench {
namespace {

/// The text after "key : " in the first line of `file` that starts with `key`.
std::string line_of(const std::string& file, std::string_view key) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    const auto text = line.find_first_not_of(" \t", colon + 1);
    return colon == std::string::npos || text == std::string::npos ? std::string{} : line.substr(text);
  }
  return {};
}

std::string first_word(const std::string& file) {
  std::ifstream in{file};
  std::string word;
  in >> word;
  return word;
}

boost::json::object machine() {
  struct utsname system {};
  ::uname(&system);
  return {{"cpu", line_of("/proc/cpuinfo", "model name")},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory", line_of("/proc/meminfo", "MemTotal")},
          {"kernel", std::string{system.release}},
          {"compiler", __VERSION__},
          // Above zero at the start: something else was using the cores.
          {"load_average_after", first_word("/proc/loadavg")}};
}

double seconds(clockid_t clock) {
  struct timespec at {};
  ::clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

}  // namespace

void require(bool holds, const std::string& what) {
  if (!holds) throw wrong_result{what};
}

double median(std::vector<double> values) {
  require(!values.empty(), "there are no rounds");
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

report::report(std::string name, std::string unit, std::string reference)
    : name_{std::move(name)}, unit_{std::move(unit)}, reference_{std::move(reference)} {
  fmt::print("{} [{}], reference: {}\n{:>6} {:>16} {:>16} {:>8}\n", name_, unit_, reference_, "round", "engine",
             "reference", "ratio");
}

void report::add(const round& one) {
  rounds_.push_back(one);
  fmt::print("{:>6} {:>16.4g} {:>16.4g} {:>8.3f}\n", rounds_.size(), one.engine, one.reference, one.ratio());
  std::fflush(stdout);
}

void report::note(const std::string& key, double value) {
  notes_.emplace_back(key, value);
}

void report::finish(const std::filesystem::path& file) const {
  std::vector<double> ratios;
  boost::json::array rounds;
  for (const round& one : rounds_) {
    ratios.push_back(one.ratio());
    rounds.push_back(boost::json::object{{"engine", one.engine}, {"reference", one.reference}, {"ratio", one.ratio()}});
  }
  const double middle = median(ratios);
  const auto [least, most] = std::ranges::minmax(ratios);
  const double spread = (most - least) / middle;
  boost::json::object written{{"name", name_},       {"unit", unit_},          {"reference", reference_},
                              {"rounds", rounds},    {"median_ratio", middle}, {"spread", spread},
                              {"machine", machine()}};
  fmt::print("{:>6} {:>16} {:>16} {:>8.3f}   spread {:.0f} %\n", "median", "", "", middle, spread * 100);
  for (const auto& [key, value] : notes_) {
    written[key] = value;
    fmt::print("  {:<34} {:.6g}\n", key, value);
  }
  std::ofstream out{file};
  out << boost::json::serialize(written) << '\n';
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

double thread_cpu_seconds() {
  return seconds(CLOCK_THREAD_CPUTIME_ID);
}

double wall_seconds() {
  return seconds(CLOCK_MONOTONIC);
}

long status_kb(std::string_view key) {
  const std::string text = line_of("/proc/self/status", key);
  return text.empty() ? 0 : std::stol(text);
}

int run_benchmark(int count, char** arguments, const std::function<void(const std::filesystem::path&)>& run) {
  if (count != 2) {
    fmt::print(stderr, "usage: {} RESULT_FILE\n", arguments[0]);
    return 2;
  }
  try {
    run(arguments[1]);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", arguments[0], error.what());
    return 1;
  }
}

}  // namespace dialer::bench
