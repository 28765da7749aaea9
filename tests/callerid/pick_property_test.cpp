// The pool book against a picker that keeps every use in a list and looks at every number each time.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "callerid/number_rules.hpp"
#include "callerid/pick.hpp"
#include "model/random.hpp"
#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using namespace house;
using std::chrono::minutes;

std::string_view regions(e164 number) {
  if (!number.is_nanp()) return number.digits() % 2 == 0 ? "GB" : "";
  switch (number.npa()) {
    case 212:
    case 646: return "US-NY";
    case 310: return "US-CA";
    case 416: return "CA-ON";
    default: return {};
  }
}

class reference {
 public:
  struct use {
    utc_time at;
    bool in_flight = true;
  };

  std::vector<phone_number> numbers;
  std::vector<assignment> assignments;  // allowed ones only
  std::map<e164, std::vector<use>> uses;
  utc_time clock = morning;

  std::size_t counted(e164 number, minutes window) const { return count(number, window, true); }
  std::size_t truly(e164 number, minutes window) const { return count(number, window, false); }
  std::size_t in_flight(e164 number) const {
    const auto found = uses.find(number);
    if (found == uses.end()) return 0;
    return static_cast<std::size_t>(
        std::count_if(found->second.begin(), found->second.end(), [](const use& each) { return each.in_flight; }));
  }

  bool capped(const phone_number& number) const {
    const auto full = [](std::size_t now, std::uint32_t cap) { return cap != 0 && now >= cap; };
    return full(counted(number.number, minutes{24 * 60}), number.calls_per_day_max) ||
           full(counted(number.number, minutes{60}), number.calls_per_hour_max) ||
           full(in_flight(number.number), number.concurrent_calls_max);
  }

  std::vector<const phone_number*> pool(agent_id who, integration_id on) const {
    std::vector<const phone_number*> members;
    for (const phone_number& number : numbers) {
      if (check_number(number, number_use::call) || number.integration != on) continue;
      const bool assigned = std::any_of(assignments.begin(), assignments.end(), [&](const assignment& each) {
        return each.number == number.id && each.agent == who;
      });
      if (assigned) members.push_back(&number);
    }
    return members;
  }

  /// Nearness as a rank, smaller is nearer: 0..3 prefix of 6..3 digits, 4 state, 5 country, 6 anywhere.
  static int distance(const phone_number& own, e164 to) {
    const std::string left = own.number.text();
    const std::string right = to.text();
    const std::size_t code = own.number.is_nanp() ? 2 : 3;  // "+1", "+44"
    const bool same_code = left.substr(0, code) == right.substr(0, code);
    std::size_t shared = 0;
    while (same_code && shared < 6 && left[code + shared] == right[code + shared]) ++shared;
    if (shared >= 3) return static_cast<int>(6 - shared);
    const std::string_view own_region = own.region.empty() ? regions(own.number) : own.region;
    const std::string_view to_region = regions(to);
    if (own_region.size() > 2 && own_region == to_region) return 4;
    const bool known = !own_region.empty() && !to_region.empty();
    return (known ? own_region.substr(0, 2) == to_region.substr(0, 2) : same_code) ? 5 : 6;
  }

  static choice why(int distance) {
    if (distance <= 3) return choice::same_area_code;
    return distance == 4 ? choice::same_state : distance == 5 ? choice::same_country : choice::least_used;
  }

  struct verdict {
    e164 number;
    choice why;
  };
  bool has(agent_id who, integration_id on, policy how, e164 last) const {
    return std::ranges::any_of(
        pool(who, on), [&](const phone_number* number) { return how != policy::fixed || number->number == last; });
  }

  std::optional<verdict> pick(agent_id who, integration_id on, policy how, e164 to, e164 last) const {
    std::optional<std::tuple<int, std::size_t, e164>> best;
    for (const phone_number* number : pool(who, on)) {
      if (capped(*number)) continue;
      if (how == policy::sticky && number->number == last) return verdict{last, choice::sticky};
      if (how == policy::fixed && number->number != last) continue;
      const int far = how == policy::local_presence ? distance(*number, to) : 6;
      const std::size_t uses_today = counted(number->number, minutes{24 * 60});
      const std::size_t counts = how == policy::weighted ? 1000 * uses_today / number->weight : uses_today;
      const std::tuple candidate{far, counts, number->number};
      if (!best || candidate < *best) best = candidate;
    }
    if (!best) return std::nullopt;
    const choice by_policy = how == policy::weighted ? choice::weighted : choice::fixed;
    const bool alone = how == policy::weighted || how == policy::fixed;
    return verdict{std::get<2>(*best), alone ? by_policy : why(std::get<0>(*best))};
  }

 private:
  std::size_t count(e164 number, minutes window, bool by_minutes) const {
    const auto found = uses.find(number);
    if (found == uses.end()) return 0;
    return static_cast<std::size_t>(std::count_if(found->second.begin(), found->second.end(), [&](const use& each) {
      if (!by_minutes) return clock - each.at < window;
      return std::chrono::floor<minutes>(clock) - std::chrono::floor<minutes>(each.at) <= window;
    }));
  }
};

class world {
 public:
  explicit world(std::uint64_t seed) : random_{seed} { rebuild(); }

  void step() {
    switch (random_.below(12)) {
      case 0: pass(1 + random_.below(3'600'000'000)); break;
      case 1: pass(random_.below(12) == 0 ? random_.below(100'000'000'000) : random_.below(70'000'000)); break;
      case 2: end_a_call(); break;
      case 3: retract_a_call(); break;
      case 4:
        if (random_.below(10) == 0) rebuild();
        break;
      case 5: restore(); break;
      default: pick();
    }
  }

 private:
  struct call {
    number_index index;
    e164 number;
    utc_time at;
  };

  std::uint32_t some_cap(std::uint64_t most) {
    return random_.below(3) == 0 ? 0 : static_cast<std::uint32_t>(1 + random_.below(most));
  }

  e164 any_number() {
    static constexpr std::uint64_t blocks[] = {1'212'555'0100, 1'212'556'0100,  1'212'333'0100,
                                               1'646'555'0100, 1'310'555'0100,  1'416'555'0100,
                                               1'415'555'0100, 44'7700'900'100, 44'20'7946'0100};
    return e164::from_digits(blocks[random_.below(std::size(blocks))] + random_.below(4));
  }

  void rebuild() {
    model_.numbers.clear();
    const std::uint64_t count = random_.below(24);
    const bool weighed = random_.below(2) == 0;
    std::map<e164, bool> seen;
    for (std::uint64_t n = 1; n <= count; ++n) {
      phone_number made = number(n, any_number());
      if (!seen.emplace(made.number, true).second) continue;
      made.workspace = workspace(1 + random_.below(2));
      made.integration = account(1 + random_.below(2));
      if (random_.below(6) == 0) made.status = number_status::inactive;
      if (random_.below(6) == 0) made.region = "US-NJ";
      if (weighed) made.weight = static_cast<std::uint16_t>(1 + random_.below(9));
      made.calls_per_day_max = some_cap(12);
      made.calls_per_hour_max = some_cap(5);
      made.concurrent_calls_max = some_cap(3);
      model_.numbers.push_back(made);
    }
    std::vector<assignment> assignments;
    for (const phone_number& each : model_.numbers) {
      for (std::uint64_t who = 1; who <= 3; ++who) {
        if (random_.below(4) != 0) assignments.push_back({each.id, agent(who), workspace(who == 3 ? 2 : 1)});
      }
    }
    model_.assignments.clear();
    for (const assignment& each : assignments) {
      const auto held = std::find_if(model_.numbers.begin(), model_.numbers.end(),
                                     [&](const phone_number& number) { return number.id == each.number; });
      if (held->workspace == each.workspace) model_.assignments.push_back(each);
    }
    book_.rebuild(sharing_policy::workspace, model_.numbers, assignments);
  }

  void pass(std::uint64_t microseconds) { model_.clock += std::chrono::microseconds{microseconds}; }

  void pick() {
    const agent_id who = agent(1 + random_.below(4));
    const integration_id on = account(1 + random_.below(2));
    const auto how = static_cast<policy>(random_.below(5));
    const e164 to = any_number();
    const e164 last = random_.below(3) == 0 ? e164{} : any_number();
    reason why_not = reason::none;
    std::optional<utc_time> until;
    const auto picked = book_.pick(who, on, how, to, last, model_.clock, why_not, until);
    const auto expected = model_.pick(who, on, how, to, last);
    RC_ASSERT(picked.has_value() == expected.has_value());
    if (!picked) {
      RC_ASSERT(why_not == (model_.has(who, on, how, last) ? reason::caller_id_caps : reason::no_caller_id));
      if (until) check_until(who, on, how, last, *until);
      return;
    }
    const e164 shown = book_.number(picked->number);
    RC_ASSERT(shown == expected->number);
    RC_ASSERT(picked->why == expected->why);
    RC_ASSERT(book_.may_show(who, on, shown));
    if (random_.below(4) == 0) return;  // vetoed later: nothing taken
    book_.take(picked->number, model_.clock);
    model_.uses[shown].push_back({model_.clock});
    calls_.push_back({picked->number, shown, model_.clock});
    check_true_caps(shown);
  }

  /// The caps as a regulator would count them, after the take.
  void check_true_caps(e164 shown) {
    const auto within = [](std::size_t now, std::uint32_t cap) { return cap == 0 || now <= cap; };
    for (const phone_number& each : model_.numbers) {
      if (each.number != shown) continue;
      RC_ASSERT(within(model_.truly(shown, minutes{24 * 60}), each.calls_per_day_max));
      RC_ASSERT(within(model_.truly(shown, minutes{60}), each.calls_per_hour_max));
      RC_ASSERT(within(model_.in_flight(shown), each.concurrent_calls_max));
    }
  }

  void check_until(agent_id who, integration_id on, policy how, e164 last, utc_time until) {
    RC_ASSERT(until > model_.clock);
    reference later = model_;
    later.clock = until - std::chrono::microseconds{1};
    RC_ASSERT(!later.pick(who, on, how, any_number(), last));
    later.clock = until;
    RC_ASSERT(later.pick(who, on, how, any_number(), last).has_value());
  }

  void end_a_call() {
    if (calls_.empty()) return;
    const call ended = take_out_a_call();
    book_.release(ended.index);
    for (reference::use& each : model_.uses[ended.number]) {
      if (each.at != ended.at || !each.in_flight) continue;
      each.in_flight = false;
      break;
    }
  }

  void retract_a_call() {
    if (calls_.empty()) return;
    const call gone = take_out_a_call();
    book_.retract(gone.index, gone.at);
    auto& uses = model_.uses[gone.number];
    uses.erase(std::find_if(uses.begin(), uses.end(),
                            [&](const reference::use& each) { return each.at == gone.at && each.in_flight; }));
  }

  void restore() {
    const e164 number = any_number();
    const utc_time at = model_.clock - std::chrono::microseconds{random_.below(200'000'000'000)};
    const bool open = random_.below(4) == 0;
    const number_index index = book_.restore(number, at, open);
    model_.uses[number].push_back({at, open});
    if (open) calls_.push_back({index, number, at});
  }

  call take_out_a_call() {
    const auto which = calls_.begin() + static_cast<std::ptrdiff_t>(random_.below(calls_.size()));
    const call taken = *which;
    calls_.erase(which);
    return taken;
  }

  random_source random_;
  reference model_;
  pool_book book_{regions};
  std::vector<call> calls_;
};

RC_GTEST_PROP(pool_book_property, agrees_with_a_picker_that_looks_at_everything, ()) {
  world each{*rc::gen::arbitrary<std::uint64_t>()};
  for (int i = 0; i < 1'500; ++i) each.step();
}

}  // namespace
}  // namespace dialer::callerid
