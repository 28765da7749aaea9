#include "callerid/pool.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace dialer::callerid {
namespace {

/// Neighbourhoods are keyed by kind (top byte) and what names them within the kind.
enum class kind : std::uint64_t { prefix = 1, state = 5, country = 6, calling_code = 7, unplaced = 8 };

constexpr std::uint64_t key_of(kind what, std::uint64_t name, std::uint64_t longer = 0) {
  return (static_cast<std::uint64_t>(what) + longer) << 56 | name;
}

/// Calls `each` with every neighbourhood that a number belongs to.
template <class Each>
void for_each_neighbourhood(const locality& where, Each each) {
  for (std::size_t i = 0; i < where.prefix.size(); ++i) {
    if (where.prefix[i] != 0) each(key_of(kind::prefix, where.prefix[i], i));
  }
  if (where.state != 0) each(key_of(kind::state, where.state));
  each(key_of(kind::calling_code, where.calling_code));
  each(where.country != 0 ? key_of(kind::country, where.country) : key_of(kind::unplaced, where.calling_code));
}

}  // namespace

pool::pool(std::vector<pool_member> members) {
  std::sort(members.begin(), members.end(),
            [](const pool_member& left, const pool_member& right) { return left.value < right.value; });
  std::vector<std::uint32_t> by_place(members.size());
  std::iota(by_place.begin(), by_place.end(), 0u);
  std::stable_sort(by_place.begin(), by_place.end(), [&](std::uint32_t left, std::uint32_t right) {
    const locality& a = members[left].where;
    const locality& b = members[right].where;
    return std::tie(a.calling_code, a.country, a.state) < std::tie(b.calling_code, b.country, b.state);
  });

  std::vector<std::pair<std::uint64_t, std::uint32_t>> belongs;  // neighbourhood, position
  for (const std::uint32_t rank : by_place) {
    const auto position = static_cast<std::uint32_t>(number_at_.size());
    number_at_.push_back(members[rank].number);
    weight_at_.push_back(members[rank].weight);
    rank_at_.push_back(rank);
    for_each_neighbourhood(members[rank].where, [&](std::uint64_t name) { belongs.emplace_back(name, position); });
  }
  for (const pool_member& member : members) number_of_rank_.push_back(member.number);

  std::sort(belongs.begin(), belongs.end());
  for (std::size_t i = 0; i < belongs.size(); ++i) {
    const auto [name, position] = belongs[i];
    const bool same = i > 0 && belongs[i - 1].first == name;
    if (same && ranges_.back().end == position) {
      ++ranges_.back().end;
      continue;
    }
    ranges_.push_back({position, position + 1});
    const auto next = static_cast<std::uint32_t>(ranges_.size());
    if (same) {
      neighbourhoods_[name].end = next;
    } else {
      neighbourhoods_[name] = {next - 1, next};
    }
  }

  rests_at_.resize(members.size());
  tree_.assign(2 * members.size(), 0);
  for (std::uint32_t position = 0; position < leaves(); ++position) tree_[leaves() + position] = rank_at_[position];
  for (std::uint32_t node = leaves() - 1; node > 0; --node)
    tree_[node] = std::min(tree_[2 * node], tree_[2 * node + 1]);
  const auto weighs_other = [&](std::uint16_t weight) { return weight != weight_at_.front(); };
  if (std::ranges::any_of(weight_at_, weighs_other)) by_weight_ = tree_;
}

void pool::set(std::uint32_t position, const standing& now) {
  if (rests_at_[position] != now.rests) {
    rests_at_[position] = now.rests;
    now.rests ? ++resting_ : --resting_;
  }
  const auto free_after = [&](std::uint64_t calls) { return std::min(calls, most_calls) << 32 | rank_at_[position]; };
  const key not_free = now.frees ? capped | static_cast<key>(now.frees->time_since_epoch().count()) : never;
  put(tree_, position, now.free ? free_after(now.calls_in_last_day) : not_free);
  if (by_weight_.empty()) return;
  const std::uint64_t for_weight = std::uint64_t{1000} * now.calls_in_last_day / weight_at_[position];
  put(by_weight_, position, now.free ? free_after(for_weight) : not_free);
}

void pool::put(tree& into, std::uint32_t position, key value) const {
  std::size_t node = leaves() + position;
  into[node] = value;
  while (node > 1) {
    node /= 2;
    const key best = std::min(into[2 * node], into[2 * node + 1]);
    if (into[node] == best) return;
    into[node] = best;
  }
}

pool::key pool::least(range of) const {
  key best = never;
  std::size_t left = of.begin + leaves();
  std::size_t right = of.end + leaves();
  for (; left < right; left /= 2, right /= 2) {
    if (left % 2 != 0) best = std::min(best, tree_[left++]);
    if (right % 2 != 0) best = std::min(best, tree_[--right]);
  }
  return best;
}

pool::key pool::least(std::uint64_t neighbourhood) const {
  key best = never;
  const auto found = neighbourhoods_.find(neighbourhood);
  if (found == neighbourhoods_.end()) return best;
  for (std::uint32_t i = found->second.begin; i < found->second.end; ++i) best = std::min(best, least(ranges_[i]));
  return best;
}

std::optional<std::pair<number_index, nearness>> pool::nearest(const locality& to) const {
  const auto answer = [this](key best, nearness how) { return std::pair{*number_of(best), how}; };
  if (neighbourhoods_.contains(key_of(kind::prefix, to.prefix[0]))) {
    for (std::size_t i = to.prefix.size(); i-- > 0;) {
      if (const key best = least(key_of(kind::prefix, to.prefix[i], i)); best < capped) {
        return answer(best, nearness::area_code);
      }
    }
  }
  if (to.state != 0) {
    if (const key best = least(key_of(kind::state, to.state)); best < capped) return answer(best, nearness::state);
  }
  // Where both regions are known, countries that share a calling code are told apart.
  const key best = to.country == 0 ? least(key_of(kind::calling_code, to.calling_code))
                                   : std::min(least(key_of(kind::country, to.country)),
                                              least(key_of(kind::unplaced, to.calling_code)));
  if (best < capped) return answer(best, nearness::country);
  return std::nullopt;
}

std::optional<utc_time> pool::frees() const {
  const key best = tree_[1];
  if (best < capped || best == never) return std::nullopt;
  return utc_time{std::chrono::microseconds{static_cast<std::int64_t>(best & ~capped)}};
}

}  // namespace dialer::callerid
