#include "compliance/gate.hpp"

#include <algorithm>
#include <utility>

#include "compliance/gate_checks.hpp"

namespace dialer::compliance {
namespace {

verdict check_cap(const check_inputs& in, unsigned attempts, std::chrono::hours length, unsigned cap, reason why) {
  if (attempts < cap) return verdict::allowed();
  if (cap == 0) return verdict::not_yet(why, std::nullopt);
  return verdict::not_yet(why, in.callees.below_cap_at(in.who.number, in.now.utc, length, cap));
}

bool has_no_place(const window_state* window) {
  return window == nullptr || window->why == reason::no_time_zone;
}

/// The first verdict that is not allowed. Unrolled, because every call passes here: no call through a pointer is left.
template <std::size_t... Check>
verdict judge(const check_inputs& in, std::index_sequence<Check...>) {
  verdict result;
  (void)((result = gate_checks[Check].judge(in), result.is_allowed()) && ...);
  return result;
}

}  // namespace

bool rules_snapshot::is_listed(e164 number) const noexcept {
  return std::ranges::any_of(national, [&](const auto& list) { return list->contains(number); });
}

const do_not_call_list* rules_snapshot::oldest_list() const noexcept {
  const do_not_call_list* oldest = nullptr;
  for (const auto& list : national) {
    if (oldest == nullptr || list->as_of() < oldest->as_of()) oldest = list.get();
  }
  return oldest;
}

verdict check_rules_fresh(const check_inputs& in) {
  if (in.rules.zones == nullptr) return verdict::not_yet(reason::rules_stale, std::nullopt);
  const do_not_call_list* oldest = in.rules.oldest_list();
  if (oldest != nullptr && in.now.utc - oldest->as_of() > in.rules.national_age_max) {
    return verdict::not_yet(reason::rules_stale, std::nullopt);
  }
  return verdict::allowed();
}

verdict check_number(const check_inputs& in) {
  const reason fact = number_fact(in.who.number);
  if (fact == reason::none) return verdict::allowed();
  if (fact == reason::number_reserved_for_fiction && in.organisation.fiction_allowed) return verdict::allowed();
  // Toll-free and the like have no place of their own, but the contact's explicit zone may supply one.
  if (fact == reason::number_kind_not_dialable && !has_no_place(in.who.window)) return verdict::allowed();
  return verdict::never(fact);
}

verdict check_country(const check_inputs& in) {
  const bool allowed = in.who.countries != nullptr && in.who.countries->contains(in.who.number);
  return allowed ? verdict::allowed() : verdict::never(reason::country_not_allowed);
}

verdict check_opt_out(const check_inputs& in) {
  return in.known.called.opted_out ? verdict::never(reason::opted_out) : verdict::allowed();
}

verdict check_national_list(const check_inputs& in) {
  // Stale or not, a number on a list is on the list.
  return in.known.on_national_list ? verdict::never(reason::national_do_not_call) : verdict::allowed();
}

verdict check_cap_24h(const check_inputs& in) {
  return check_cap(in, in.known.called.recent.last_24h, std::chrono::hours{24}, in.who.caps.per_24h,
                   reason::attempt_cap_24h);
}

verdict check_cap_7d(const check_inputs& in) {
  return check_cap(in, in.known.called.recent.last_7d, std::chrono::days{7}, in.who.caps.per_7d,
                   reason::attempt_cap_7d);
}

verdict check_window(const check_inputs& in) {
  if (has_no_place(in.who.window)) return verdict::never(reason::no_time_zone);
  const auto& window = *in.who.window;
  if (!window.open) {
    return verdict::not_yet(window.why == reason::none ? reason::window_closed : window.why, window.opens_at);
  }
  // An open window is only as good as its age: past its end it proves nothing, and the lane must be judged again.
  if (!window.closes_at || *window.closes_at <= in.now.utc) {
    return verdict::not_yet(reason::window_closed, window.closes_at);
  }
  return verdict::allowed();
}

screening gate::screen(const subject& who, const organisation_rules& rules, instant now) const {
  std::vector<number_record> known;
  look_up({&who.number, 1}, now, known);
  return screen(who, known.front(), rules, now);
}

screening gate::screen(const subject& who, const number_record& known, const organisation_rules& rules,
                       instant now) const {
  const check_inputs in{who, rules, rules_, callees_, known, now};
  return {who, judge(in, std::make_index_sequence<gate_checks.size()>{}), now};
}

std::optional<dial_permit> gate::permit(const screening& judged, const call_binding& binding) {
  if (!judged.result_.is_allowed()) return std::nullopt;
  const subject& who = judged.who_;
  return dial_permit{who.contact,
                     who.number,
                     binding.caller_id,
                     binding.integration,
                     judged.now_.steady + binding.send_within,
                     *who.window->closes_at};
}

void gate::prefetch(e164 number) const noexcept {
  for (const auto& list : rules_.national) list->prefetch(number);
  callees_.prefetch(number);
}

void gate::look_up(std::span<const e164> numbers, instant now, std::vector<number_record>& found) const {
  // One table after the other in short loops: the processor then has the memory accesses of many numbers under way.
  found.assign(numbers.size(), {});
  for (const auto& list : rules_.national) {
    for (const e164 number : numbers) list->prefetch(number);
    for (std::size_t i = 0; i < numbers.size(); ++i) found[i].on_national_list |= list->contains(numbers[i]);
  }
  for (const e164 number : numbers) callees_.prefetch(number);
  for (std::size_t i = 0; i < numbers.size(); ++i) found[i].called = callees_.find(numbers[i], now.utc);
}

}  // namespace dialer::compliance
