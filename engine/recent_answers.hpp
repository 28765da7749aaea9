#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace dialer::engine {

/// Of a carrier account's latest good answers and misunderstandings, which were which.
class recent_answers {
 public:
  void note(bool good) {
    bad_ = ((bad_ << 1) | (good ? 0U : 1U)) & ((1U << window) - 1);
    count_ = std::min(count_ + 1, window);
  }
  std::uint32_t bad() const { return static_cast<std::uint32_t>(std::popcount(bad_)); }
  std::uint32_t good() const { return count_ - bad(); }
  /// The account is given another chance; what it did well still counts.
  void forgive() {
    count_ = good();
    bad_ = 0;
  }

 private:
  static constexpr std::uint32_t window = 20;
  std::uint32_t bad_ = 0;  // newest in bit 0
  std::uint32_t count_ = 0;
};

}  // namespace dialer::engine
