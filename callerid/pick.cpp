#include "callerid/pick.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "callerid/locality.hpp"
#include "callerid/pool.hpp"
#include "callerid/rolling_use.hpp"

namespace dialer::callerid {
namespace {

using pool_index = std::uint32_t;

struct pool_key {
  agent_id agent;
  integration_id integration;
  friend bool operator==(const pool_key&, const pool_key&) = default;
  friend auto operator<=>(const pool_key&, const pool_key&) = default;
};

struct pool_key_hash {
  std::size_t operator()(const pool_key& key) const noexcept {
    return std::hash<agent_id>{}(key.agent) * 3 + std::hash<integration_id>{}(key.integration);
  }
};

struct placement {
  pool_index pool;
  std::uint32_t position;
};

std::string_view no_region(e164) {
  return {};
}

/// The stricter of two caps, 0 being none.
std::uint32_t stricter(std::uint32_t left, std::uint32_t right) {
  return left == 0 || right == 0 ? std::max(left, right) : std::min(left, right);
}

use_caps stricter(const use_caps& left, const use_caps& right) {
  return {stricter(left.per_day, right.per_day), stricter(left.per_hour, right.per_hour),
          stricter(left.concurrent, right.concurrent)};
}

constexpr choice choice_of(nearness how) {
  switch (how) {
    case nearness::area_code: return choice::same_area_code;
    case nearness::state: return choice::same_state;
    case nearness::country: break;
  }
  return choice::same_country;
}

}  // namespace

std::string_view to_string(choice value) noexcept {
  switch (value) {
    case choice::sticky: return "sticky";
    case choice::same_area_code: return "same_area_code";
    case choice::same_state: return "same_state";
    case choice::same_country: return "same_country";
    case choice::least_used: return "least_used";
    case choice::weighted: return "weighted";
    case choice::fixed: return "fixed";
  }
  return "none";
}

std::string_view country_of(const phone_number& number, region_of region) {
  return number.country.empty() ? region(number.number).substr(0, 2) : number.country;
}

struct pool_book::impl {
  region_of region = no_region;
  rolling_use use;
  std::vector<pool> pools;
  boost::unordered_flat_map<pool_key, pool_index, pool_key_hash> pool_of;
  boost::unordered_flat_map<agent_id, std::vector<integration_id>, std::hash<agent_id>> integrations;
  std::vector<placement> placements;       // ascending by number, then by pool
  std::vector<std::uint32_t> placed_from;  // by number: where its placements begin, and those of the one before end

  void settle(utc_time now) {
    for (const number_index number : use.advance(now)) refresh(number);
  }

  void refresh(number_index number) {
    const auto places = places_of(number);
    if (places.empty()) return;
    const standing now = use.stand(number);
    for (const placement& where : places) pools[where.pool].set(where.position, now);
  }

  /// Where a number stands; empty: no agent shows it.
  std::span<const placement> places_of(number_index number) const {
    if (number + 1 >= placed_from.size()) return {};  // first seen after the inventory
    return std::span{placements}.subspan(placed_from[number], placed_from[number + 1] - placed_from[number]);
  }

  const placement* place(number_index number, pool_index pool) const {
    const auto places = places_of(number);
    const auto found = std::lower_bound(places.begin(), places.end(), pool,
                                        [](const placement& left, pool_index right) { return left.pool < right; });
    return found != places.end() && found->pool == pool ? &*found : nullptr;
  }

  std::optional<picked> sticky(pool_index pool, e164 last) const {
    if (!last) return std::nullopt;
    const auto number = use.find(last);
    if (!number) return std::nullopt;
    const placement* where = place(*number, pool);
    if (where == nullptr || !pools[pool].is_free(where->position)) return std::nullopt;
    return picked{*number, choice::sticky};
  }

  std::optional<picked> fixed(pool_index pool, e164 named, reason& why_not, std::optional<utc_time>& until) const {
    const auto number = use.find(named);
    const placement* where = number ? place(*number, pool) : nullptr;
    if (where == nullptr) {
      why_not = reason::no_caller_id;
      return std::nullopt;
    }
    if (pools[pool].is_free(where->position)) return picked{*number, choice::fixed};
    why_not = use.rests(*number) ? reason::caller_id_resting : reason::caller_id_caps;
    until = use.stand(*number).frees;
    return std::nullopt;
  }

  std::optional<picked> nearest(pool_index pool, e164 to) const {
    const auto found = pools[pool].nearest(locality_of(to, region(to)));
    return found ? std::optional{picked{found->first, choice_of(found->second)}} : std::nullopt;
  }

  void add_pool(const pool_key& key, std::vector<pool_member> members,
                std::map<std::vector<number_index>, pool_index>& same);
  void place_members();
};

/// Agents that show the same numbers share one pool: a use then moves one leaf, not one for each agent.
void pool_book::impl::add_pool(const pool_key& key, std::vector<pool_member> members,
                               std::map<std::vector<number_index>, pool_index>& same) {
  const auto by_number = [](const pool_member& left, const pool_member& right) { return left.number < right.number; };
  std::sort(members.begin(), members.end(), by_number);
  members.erase(
      std::unique(members.begin(), members.end(),
                  [](const pool_member& left, const pool_member& right) { return left.number == right.number; }),
      members.end());
  std::vector<number_index> numbers;
  for (const pool_member& member : members) numbers.push_back(member.number);

  const auto [found, added] = same.try_emplace(std::move(numbers), static_cast<pool_index>(pools.size()));
  if (added) pools.emplace_back(std::move(members));
  pool_of.emplace(key, found->second);
  integrations[key.agent].push_back(key.integration);
}

void pool_book::impl::place_members() {
  placed_from.assign(use.size() + 1, 0);
  for (const pool& each : pools) {
    for (const number_index number : each.numbers()) ++placed_from[number + 1];
  }
  std::partial_sum(placed_from.begin(), placed_from.end(), placed_from.begin());
  placements.resize(placed_from.back());
  std::vector<std::uint32_t> next = placed_from;
  for (pool_index pool = 0; pool < pools.size(); ++pool) {
    const std::vector<number_index>& numbers = pools[pool].numbers();
    for (std::uint32_t position = 0; position < numbers.size(); ++position) {
      placements[next[numbers[position]]++] = {pool, position};
    }
  }
}

pool_book::pool_book(region_of region) : impl_{std::make_unique<impl>()} {
  if (region != nullptr) impl_->region = region;
}
pool_book::~pool_book() = default;
pool_book::pool_book(pool_book&&) noexcept = default;
pool_book& pool_book::operator=(pool_book&&) noexcept = default;

void pool_book::rebuild(sharing_policy sharing, const std::vector<phone_number>& numbers,
                        const std::vector<assignment>& assignments,
                        const std::vector<number_restriction>& restrictions) {
  impl& my = *impl_;
  my.pools.clear();
  my.pool_of.clear();
  my.integrations.clear();

  boost::unordered_flat_map<phone_number_id, std::pair<const phone_number*, pool_member>, std::hash<phone_number_id>>
      showable;
  struct limits {
    use_caps caps;
    std::uint16_t weight;
  };
  boost::unordered_flat_map<number_index, limits> strictest;
  for (const phone_number& number : numbers) {
    if (check_number(number, number_use::call)) continue;
    if (!restrictions.empty() && check_restrictions(number, country_of(number, my.region), restrictions)) continue;
    const number_index index = my.use.add(number.number);
    const std::string_view region = number.region.empty() ? my.region(number.number) : number.region;
    showable.emplace(number.id,
                     std::pair{&number, pool_member{index, number.number, locality_of(number.number, region)}});
    const limits own{{number.calls_per_day_max, number.calls_per_hour_max, number.concurrent_calls_max}, number.weight};
    const auto [found, added] = strictest.try_emplace(index, own);
    if (!added) found->second = {stricter(found->second.caps, own.caps), std::min(found->second.weight, own.weight)};
  }
  for (const auto& [index, of] : strictest) my.use.set_caps(index, of.caps);

  std::set<std::pair<phone_number_id, agent_id>> refused;
  for (const conflict& each : find_conflicts(sharing, numbers, assignments)) {
    if (each.asked.as == profile::outbound) refused.emplace(each.asked.number, each.asked.agent);
  }

  std::map<pool_key, std::vector<pool_member>> members;  // ordered: pools are numbered alike in every run
  for (const assignment& assignment : assignments) {
    const auto found = showable.find(assignment.number);
    if (assignment.as != profile::outbound) continue;
    if (found == showable.end() || refused.contains({assignment.number, assignment.agent})) continue;
    const auto& [number, member] = found->second;
    pool_member& added = members[{assignment.agent, number->integration}].emplace_back(member);
    added.weight = strictest.at(member.number).weight;
  }

  std::map<std::vector<number_index>, pool_index> same;
  for (auto& [key, of] : members) my.add_pool(key, std::move(of), same);
  my.place_members();
  for (number_index number = 0; number < my.use.size(); ++number) my.refresh(number);
}

std::optional<picked> pool_book::pick(agent_id agent, integration_id integration, policy how, e164 to, e164 preferred,
                                      utc_time now, reason& why_not, std::optional<utc_time>& until) const {
  impl& my = *impl_;
  my.settle(now);
  why_not = reason::none;
  until.reset();
  const auto found = my.pool_of.find(pool_key{agent, integration});
  if (found == my.pool_of.end()) {
    why_not = reason::no_caller_id;
    return std::nullopt;
  }
  const pool_index at = found->second;
  if (how == policy::fixed) return my.fixed(at, preferred, why_not, until);
  const auto least_used = my.pools[at].least_used();
  if (!least_used) {
    why_not = my.pools[at].all_rest() ? reason::caller_id_resting : reason::caller_id_caps;
    until = my.pools[at].frees();
    return std::nullopt;
  }
  std::optional<picked> best;
  if (how == policy::sticky) best = my.sticky(at, preferred);
  if (how == policy::local_presence) best = my.nearest(at, to);
  if (how == policy::weighted) best = picked{my.pools[at].least_used_for_weight(), choice::weighted};
  return best.value_or(picked{*least_used, choice::least_used});
}

void pool_book::take(number_index number, utc_time now) {
  impl_->settle(now);
  impl_->use.take(number, now);
  impl_->refresh(number);
}

void pool_book::release(number_index number) {
  impl_->use.release(number);
  impl_->refresh(number);
}

void pool_book::retract(number_index number, utc_time at) {
  impl_->use.retract(number, at);
  impl_->refresh(number);
}

void pool_book::limit(number_index number, const number_limits& limits) {
  if (impl_->use.set_limits(number, limits)) impl_->refresh(number);
}

number_index pool_book::index_of(e164 number) {
  return impl_->use.add(number);
}

number_index pool_book::restore(e164 number, utc_time at, bool in_flight) {
  impl_->settle(at);
  const number_index index = impl_->use.add(number);
  impl_->use.restore(index, at, in_flight);
  impl_->refresh(index);
  return index;
}

e164 pool_book::number(number_index number) const {
  return impl_->use.number(number);
}

std::optional<number_index> pool_book::find(e164 number) const {
  const auto found = impl_->use.find(number);
  if (!found || impl_->places_of(*found).empty()) return std::nullopt;
  return found;
}

bool pool_book::may_show(agent_id agent, integration_id integration, e164 number) const {
  const auto pool = impl_->pool_of.find(pool_key{agent, integration});
  const auto index = impl_->use.find(number);
  return pool != impl_->pool_of.end() && index && impl_->place(*index, pool->second) != nullptr;
}

std::vector<integration_id> pool_book::integrations_of(agent_id agent, e164 only) const {
  const auto found = impl_->integrations.find(agent);
  if (found == impl_->integrations.end()) return {};
  std::vector<integration_id> all = found->second;
  if (only) std::erase_if(all, [&](integration_id on) { return !may_show(agent, on, only); });
  return all;
}

std::uint32_t pool_book::calls_in_last_day(number_index number, utc_time now) const {
  impl_->settle(now);
  return impl_->use.calls_in_last_day(number);
}

std::uint32_t pool_book::in_flight(number_index number) const {
  return impl_->use.in_flight(number);
}

}  // namespace dialer::callerid
