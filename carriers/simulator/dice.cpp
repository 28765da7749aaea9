#include "carriers/simulator/dice.hpp"

namespace dialer::carriers::simulator {

random_source draws_for(std::uint64_t seed, std::string_view subject, std::uint64_t ordinal) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a: the same on every machine, unlike std::hash
  for (const char c : subject) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  random_source mix{seed ^ hash};
  return random_source{mix() + ordinal * 0xD1342543DE82EF95ULL};
}

std::int64_t draw(random_source& random, range_ms range) noexcept {
  return range.min + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(range.max - range.min) + 1));
}

call_plan plan_call(const scenario& rules, std::uint64_t seed, std::string_view to, std::uint64_t ordinal) {
  auto random = draws_for(seed, to, ordinal);
  call_plan plan;
  double total = 0;
  for (const double share : rules.shares) total += share;
  double point = static_cast<double>(random() >> 11) * 0x1.0p-53 * total;
  std::size_t fate = 0;
  while (fate + 1 < rules.shares.size() && (point -= rules.shares[fate]) >= 0) ++fate;
  plan.fate = static_cast<call_fate>(fate);
  const auto script = rules.destinations.find(to);
  if (script != rules.destinations.end() && script->second.fate) plan.fate = *script->second.fate;

  const int failed_sip = rules.failed_sip[random.below(rules.failed_sip.size())];
  plan.post_dial = draw(random, rules.times.post_dial);
  plan.ring = draw(random, plan.fate == call_fate::no_answer ? rules.times.no_answer : rules.times.ring);
  plan.talk = draw(random, rules.times.talk);
  plan.verdict = std::min(draw(random, rules.times.verdict), plan.talk);
  switch (plan.fate) {
    case call_fate::human:
    case call_fate::voicemail: plan.sip = 200; break;
    case call_fate::busy: plan.sip = 486; break;
    case call_fate::no_answer: plan.sip = 487; break;
    case call_fate::rejected: plan.sip = 603; break;
    case call_fate::failed: plan.sip = failed_sip; break;
    case call_fate::invalid: plan.sip = 404; break;
  }
  if (script != rules.destinations.end() && script->second.sip) plan.sip = *script->second.sip;
  return plan;
}

fault_dice::fault_dice(const scenario& rules, carrier_name carrier, std::uint64_t seed) : seed_{seed} {
  for (std::size_t i = 0; i < rules.faults.size(); ++i) {
    const auto& rule = rules.faults[i];
    if (rule.carrier == carrier_name::none || rule.carrier == carrier) rules_.push_back({rule, i + 1});
  }
}

bool fault_dice::bites(counted_rule& entry, random_source& random) {
  if (++entry.seen <= entry.rule.skip) return false;
  if (entry.rule.limit != 0 && entry.bitten >= entry.rule.limit) return false;
  if (!random.chance(entry.rule.probability)) return false;
  ++entry.bitten;
  return true;
}

request_faults fault_dice::roll_request(api_operation operation, std::string_view subject, std::uint64_t ordinal) {
  request_faults out;
  for (auto& entry : rules_) {
    const auto phase = fault_traits[static_cast<std::size_t>(entry.rule.kind)].phase;
    if (phase == fault_phase::callback || (entry.rule.operation && *entry.rule.operation != operation)) continue;
    if (phase != fault_phase::late && (out.before || out.after)) continue;
    auto random = draws_for(seed_ + entry.salt, subject, ordinal);
    if (!bites(entry, random)) continue;
    if (phase == fault_phase::late) {
      out.delay_ms += draw(random, entry.rule.delay);
    } else {
      (phase == fault_phase::before ? out.before : out.after) = entry.rule;
    }
  }
  return out;
}

callback_faults fault_dice::roll_callback(std::string_view call_ref, std::uint64_t sequence) {
  callback_faults out;
  for (auto& entry : rules_) {
    if (fault_traits[static_cast<std::size_t>(entry.rule.kind)].phase != fault_phase::callback) continue;
    auto random = draws_for(seed_ + entry.salt, call_ref, sequence);
    if (!bites(entry, random)) continue;
    switch (entry.rule.kind) {
      case fault_kind::callback_lost: out.lost = true; break;
      case fault_kind::callback_twice: out.twice = true; break;
      case fault_kind::callback_reordered: out.reordered = true; break;
      default: out.delay_ms += draw(random, entry.rule.delay); break;
    }
  }
  return out;
}

}  // namespace dialer::carriers::simulator
