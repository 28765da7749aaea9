#pragma once
// The randomness seam: a seeded generator, so that a run can be repeated exactly.

#include <cstdint>
#include <limits>

namespace dialer {

/// splitmix64 (Steele, Lea, Flood 2014). Fast, seedable, good enough for jitter and test schedules; never for secrets.
class random_source {
 public:
  using result_type = std::uint64_t;
  explicit constexpr random_source(std::uint64_t seed) noexcept : state_{seed} {}

  constexpr std::uint64_t operator()() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound). REQUIRES: bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>((*this)()) * bound) >> 64);
  }

  /// True with probability p, p in [0, 1].
  constexpr bool chance(double p) noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53 < p; }

  static constexpr std::uint64_t min() noexcept { return 0; }
  static constexpr std::uint64_t max() noexcept { return std::numeric_limits<std::uint64_t>::max(); }

 private:
  std::uint64_t state_;
};

}  // namespace dialer
