#include "bench/load/national_list.hpp"

#include <algorithm>
#include <bit>
#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "compliance/do_not_call_format.hpp"
#include "compliance/numbering_plan.hpp"
#include "model/random.hpp"

namespace dialer::bench {
namespace {

namespace format = compliance::format;

constexpr std::size_t area_count = 414;
constexpr double numbers_wanted = 250e6;
// Exchanges that begin with 0 or 1 do not exist: one fifth of each bitmap stays empty, as in the registry.
constexpr std::uint32_t first_subscriber = 2'000'000;
constexpr std::size_t first_word = first_subscriber / 64;
constexpr unsigned density_bits = 10;

/// How dense each area is, in 1/1024: skewed, as cities are, and 250 million in all.
std::vector<std::uint32_t> make_densities() {
  random_source random{7};
  std::vector<double> weights(area_count);
  for (double& weight : weights) weight = 0.2 + static_cast<double>(random.below(1000)) / 500.0;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::uint32_t> densities;
  for (const double weight : weights) {
    const double share = weight / sum * numbers_wanted / (format::subscribers - first_subscriber);
    densities.push_back(static_cast<std::uint32_t>(share * (1U << density_bits) + 0.5));
  }
  return densities;
}

/// 64 bits, each set with probability density / 1024: Bernoulli bits by the binary expansion of the density.
std::uint64_t make_word(std::size_t area, std::size_t word, std::uint32_t density) {
  if (word < first_word) return 0;
  random_source random{(area << 32) ^ word};
  std::uint64_t bits = 0;
  for (unsigned digit = 0; digit < density_bits; ++digit) {
    bits = (density >> digit & 1) != 0 ? bits | random() : bits & random();
  }
  return bits;
}

const std::vector<std::uint32_t>& densities() {
  static const std::vector<std::uint32_t> made = make_densities();
  return made;
}

void write_list(const std::filesystem::path& target) {
  const auto& areas = listed_area_codes();
  std::vector<format::directory_entry> directory;
  format::header head{};
  const std::filesystem::path unfinished = target.string() + ".unfinished";
  std::ofstream out{unfinished, std::ios::binary};
  out.seekp(static_cast<std::streamoff>(format::bitmaps_offset(areas.size())));
  std::vector<std::uint64_t> words(format::bitmap_words);
  for (std::size_t area = 0; area < areas.size(); ++area) {
    std::uint32_t numbers = 0;
    for (std::size_t word = 0; word < words.size(); ++word) {
      words[word] = make_word(area, word, densities()[area]);
      numbers += static_cast<std::uint32_t>(std::popcount(words[word]));
    }
    out.write(reinterpret_cast<const char*>(words.data()), format::bitmap_bytes);
    directory.push_back({areas[area], numbers});
    head.numbers += numbers;
  }
  head.magic = format::magic;
  head.as_of_us = list_as_of.time_since_epoch().count();
  head.areas = static_cast<std::uint32_t>(areas.size());
  head.file_size = format::file_size(areas.size());
  std::string_view{"made up for a benchmark"}.copy(head.version, format::version_size);
  head.checksum = format::checksum(head, directory.data());
  out.seekp(0);
  out.write(reinterpret_cast<const char*>(&head), sizeof head);
  out.write(reinterpret_cast<const char*>(directory.data()),
            static_cast<std::streamsize>(directory.size() * sizeof(format::directory_entry)));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + unfinished.string());
  std::filesystem::rename(unfinished, target);
}

}  // namespace

const std::vector<unsigned>& listed_area_codes() {
  static const std::vector<unsigned> codes = [] {
    std::vector<unsigned> all;
    for (const compliance::area_code& each : compliance::all_area_codes()) {
      if (each.kind == compliance::number_kind::geographic) all.push_back(each.npa);
    }
    std::ranges::sort(all);
    if (all.size() < area_count) throw std::logic_error("the plan has too few area codes");
    all.resize(area_count);
    return all;
  }();
  return codes;
}

std::vector<std::string> listed_countries() {
  std::set<std::string_view> countries;
  for (const unsigned npa : listed_area_codes()) countries.insert(compliance::find_area_code(npa)->country);
  return {countries.begin(), countries.end()};
}

bool is_listed(e164 number) {
  const auto& codes = listed_area_codes();
  const auto found = std::ranges::lower_bound(codes, number.npa());
  if (found == codes.end() || *found != number.npa()) return false;
  const auto area = static_cast<std::size_t>(found - codes.begin());
  return (make_word(area, number.subscriber() / 64, densities()[area]) >> (number.subscriber() % 64) & 1) != 0;
}

std::filesystem::path national_list_file() {
  const auto file = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "national_list.1";
  if (!std::filesystem::exists(file)) write_list(file);
  return file;
}

std::shared_ptr<const compliance::do_not_call_list> open_national_list() {
  return compliance::do_not_call_list::open(national_list_file());
}

}  // namespace dialer::bench
