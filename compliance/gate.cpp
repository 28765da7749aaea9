#include "compliance/gate.hpp"

#include "compliance/gate_checks.hpp"

namespace dialer::compliance {
namespace {

verdict check_cap(const check_inputs& in, unsigned attempts, std::chrono::hours length, unsigned cap, reason why) {
  if (attempts < cap) return verdict::allowed();
  if (cap == 0) return verdict::not_yet(why, std::nullopt);
  return verdict::not_yet(why, in.history.below_cap_at(in.who.number, in.now.utc, length, cap));
}

bool has_no_place(const window_state* window) {
  return window == nullptr || window->why == reason::no_time_zone;
}

}  // namespace

verdict check_rules_fresh(const check_inputs& in) {
  const auto& list = in.rules.national;
  if (list == nullptr || in.rules.zones == nullptr) return verdict::not_yet(reason::rules_stale, std::nullopt);
  if (!list->is_none() && in.now.utc - list->as_of() > in.rules.national_age_max) {
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
  return in.opt_outs.contains(in.who.number) ? verdict::never(reason::opted_out) : verdict::allowed();
}

verdict check_national_list(const check_inputs& in) {
  // Stale or not, a number on the list is on the list; without a list check_rules_fresh has said no.
  const bool listed = in.rules.national != nullptr && in.rules.national->contains(in.who.number);
  return listed ? verdict::never(reason::national_do_not_call) : verdict::allowed();
}

verdict check_cap_24h(const check_inputs& in) {
  return check_cap(in, in.recent.last_24h, std::chrono::hours{24}, in.who.caps.per_24h, reason::attempt_cap_24h);
}

verdict check_cap_7d(const check_inputs& in) {
  return check_cap(in, in.recent.last_7d, std::chrono::days{7}, in.who.caps.per_7d, reason::attempt_cap_7d);
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
  const check_inputs in{who, rules, rules_, opt_outs_, history_, history_.recent(who.number, now.utc), now};
  for (const auto& check : gate_checks) {
    if (const verdict result = check.judge(in); !result.is_allowed()) return {who, result, now};
  }
  return {who, verdict::allowed(), now};
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
  if (rules_.national != nullptr) rules_.national->prefetch(number);
  opt_outs_.prefetch(number);
  history_.prefetch(number);
}

}  // namespace dialer::compliance
