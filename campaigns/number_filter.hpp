#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "model/e164.hpp"

namespace dialer::campaigns {

/// Says of most new numbers, at the cost of one cache miss, that they are certainly new (a Bloom filter whose bits for
/// one number share a cache line: Putze, Sanders, Singler 2007). 16 MiB whatever the list; at 10 million numbers about
/// one new number in 100 has to be looked up in vain. One thread.
class number_filter {
 public:
  number_filter();
  void add(e164 number) noexcept;
  /// False: never added.
  bool may_contain(e164 number) const noexcept;

 private:
  static constexpr std::size_t words_per_line = 8;
  static constexpr std::size_t lines = std::size_t{16} * 1024 * 1024 / 64;
  struct release {
    void operator()(std::uint64_t* words) const noexcept { std::free(words); }
  };
  std::unique_ptr<std::uint64_t[], release> words_;  // from calloc: a small list touches few of its pages
};

}  // namespace dialer::campaigns
