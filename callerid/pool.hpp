#pragma once
// The numbers of one pool, always in order: fewest calls first, overall and within each neighbourhood.
//
// A tournament tree over the numbers sorted by place: its root is the least used free number, and a neighbourhood (an
// area code, a state, a country) is one range of leaves, rarely more. Setting a leaf and asking a range are O(log n).

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "callerid/locality.hpp"
#include "callerid/rolling_use.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::callerid {

struct pool_member {
  number_index number = 0;
  e164 value;
  locality where;
  std::uint16_t weight = 1;
};

/// How near the nearest free number is.
enum class nearness : std::uint8_t { area_code, state, country };

class pool {
 public:
  /// REQUIRES: members are distinct numbers, at least one. All start free and unused: set() each.
  explicit pool(std::vector<pool_member> members);

  /// The number at each position; a position is set()'s handle.
  const std::vector<number_index>& numbers() const { return number_at_; }
  void set(std::uint32_t position, const standing& now);

  bool is_free(std::uint32_t position) const { return tree_[leaves() + position] < capped; }
  /// Fewest calls in the last day, then smallest number, of the free ones.
  std::optional<number_index> least_used() const { return number_of(tree_[1]); }
  /// Fewest calls for its weight, to a thousandth of a call, then smallest number. REQUIRES: some number is free.
  number_index least_used_for_weight() const { return *number_of(by_weight_.empty() ? tree_[1] : by_weight_[1]); }
  /// As least_used(), within the nearest neighbourhood of `to` that has a free number: longest shared prefix from the
  /// exchange's last digit down to the area code, then state, then country.
  std::optional<std::pair<number_index, nearness>> nearest(const locality& to) const;
  /// None is shown for its health.
  bool all_rest() const { return resting_ == leaves(); }
  /// When none is free: the first instant at which one will be by time alone.
  std::optional<utc_time> frees() const;

 private:
  // What a leaf holds, and a node the smallest of: calls << 32 | rank of a free number; capped | microseconds until it
  // frees, of one at a cap; never, of one that waits for a call to end.
  using key = std::uint64_t;
  using tree = std::vector<key>;  // 1-based; leaf of a position: leaves() + position
  static constexpr key capped = key{1} << 63;
  static constexpr key never = ~key{0};
  static constexpr std::uint64_t most_calls = 0x7FFF'FFFF;

  struct range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct ranges {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  std::uint32_t leaves() const { return static_cast<std::uint32_t>(number_at_.size()); }
  std::optional<number_index> number_of(key best) const {
    return best < capped ? std::optional{number_of_rank_[static_cast<std::uint32_t>(best)]} : std::nullopt;
  }
  void put(tree& into, std::uint32_t position, key value) const;
  key least(range of) const;
  key least(std::uint64_t neighbourhood) const;

  std::vector<number_index> number_at_;       // by position: sorted by place
  std::vector<std::uint32_t> rank_at_;        // by position: rank by digits
  std::vector<number_index> number_of_rank_;  // by rank
  std::vector<std::uint16_t> weight_at_;      // by position
  std::vector<bool> rests_at_;                // by position
  std::uint32_t resting_ = 0;                 // of them
  tree tree_;                                 // by calls
  tree by_weight_;                            // by calls for the number's weight; empty while all weigh the same
  boost::unordered_flat_map<std::uint64_t, ranges> neighbourhoods_;
  std::vector<range> ranges_;
};

}  // namespace dialer::callerid
