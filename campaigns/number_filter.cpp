#include "campaigns/number_filter.hpp"

#include <new>

namespace dialer::campaigns {
namespace {

constexpr std::size_t bits_per_number = 6;

/// A bijection that spreads neighbours (the finaliser of MurmurHash3).
std::uint64_t mix(std::uint64_t value) noexcept {
  value ^= value >> 33;
  value *= 0xFF51AFD7ED558CCDULL;
  value ^= value >> 33;
  value *= 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33);
}

/// Calls visit(word within the line, bit) for each bit of the number: nine bits of a second hash choose one of 512.
template <class Visit>
void for_each_bit(std::uint64_t hash, Visit visit) noexcept {
  std::uint64_t chooser = mix(hash + 0x9E3779B97F4A7C15ULL);
  for (std::size_t i = 0; i < bits_per_number; ++i, chooser >>= 9) {
    visit((chooser >> 6) & 7U, std::uint64_t{1} << (chooser & 63U));
  }
}

}  // namespace

number_filter::number_filter()
    : words_{static_cast<std::uint64_t*>(std::calloc(lines * words_per_line, sizeof(std::uint64_t)))} {
  if (!words_) throw std::bad_alloc{};
}

void number_filter::add(e164 number) noexcept {
  const std::uint64_t hash = mix(number.digits());
  std::uint64_t* const line = &words_[hash % lines * words_per_line];
  for_each_bit(hash, [line](std::size_t word, std::uint64_t bit) { line[word] |= bit; });
}

bool number_filter::may_contain(e164 number) const noexcept {
  const std::uint64_t hash = mix(number.digits());
  const std::uint64_t* const line = &words_[hash % lines * words_per_line];
  bool all = true;
  for_each_bit(hash, [&](std::size_t word, std::uint64_t bit) { all = all && (line[word] & bit) != 0; });
  return all;
}

}  // namespace dialer::campaigns
