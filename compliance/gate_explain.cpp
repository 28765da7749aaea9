#include <array>
#include <cstdio>

#include "compliance/gate.hpp"
#include "compliance/gate_checks.hpp"
#include "compliance/numbering_plan.hpp"

namespace dialer::compliance {
namespace {

using inputs = std::vector<std::pair<std::string, std::string>>;

/// "2026-11-21 14:03:07": whole seconds are enough for a person.
std::string date_and_time(utc_time at, std::chrono::seconds from_utc) {
  const auto local = std::chrono::floor<std::chrono::seconds>(at + from_utc);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{local - day};
  std::array<char, 48> text{};
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d",
                                   static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                   static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                                   static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string utc_text(const std::optional<utc_time>& at, std::string_view otherwise) {
  return at ? date_and_time(*at, std::chrono::seconds{0}) + " UTC" : std::string{otherwise};
}

std::string_view kind_text(number_kind kind) {
  constexpr std::array<std::string_view, 6> names{"unassigned", "geographic", "toll-free",
                                                  "personal",   "premium",    "non-geographic"};
  return names[static_cast<std::size_t>(kind)];
}

std::string versions(const rules_snapshot& rules) {
  std::string all;
  for (const auto& list : rules.national) all += (all.empty() ? "" : ", ") + list->version();
  return all;
}

inputs describe_rules(const check_inputs& in) {
  inputs result;
  const do_not_call_list* oldest = in.rules.oldest_list();
  if (oldest == nullptr) {
    result.emplace_back("national list", "none configured");
  } else {
    result.emplace_back("national list", versions(in.rules));
    result.emplace_back("fetched", utc_text(oldest->as_of(), ""));
    result.emplace_back("oldest allowed", std::to_string(in.rules.national_age_max.count()) + " days");
  }
  result.emplace_back("time zone data", in.rules.zones == nullptr ? "not loaded" : in.rules.zones->version());
  return result;
}

inputs describe_number(const check_inputs& in) {
  const auto fact = find_numbering_fact(in.who.number);
  inputs result{{"number", in.who.number.text()}, {"kind", std::string{kind_text(fact.kind)}}};
  if (!fact.regions.empty()) result.emplace_back("region", fact.regions);
  result.emplace_back("numbers reserved for fiction", in.organisation.fiction_allowed ? "allowed" : "refused");
  return result;
}

inputs describe_country(const check_inputs& in) {
  const auto country = find_numbering_fact(in.who.number).country;
  return {{"country", std::string{country.empty() ? "none" : country}},
          {"called", in.who.countries == nullptr ? "none" : in.who.countries->text()}};
}

inputs describe_national_list(const check_inputs& in) {
  if (in.rules.national.empty()) return {{"list", "none"}};
  std::uint64_t numbers = 0;
  for (const auto& list : in.rules.national) numbers += list->size();
  return {{"list", versions(in.rules)}, {"numbers on it", std::to_string(numbers)}};
}

inputs describe_cap(const check_inputs& in, std::chrono::hours length, unsigned cap) {
  return {{"attempts", std::to_string(in.callees.attempts(in.who.number, in.now.utc, length))},
          {"cap", std::to_string(cap)},
          {"window", "the last " + std::to_string(length.count()) + " hours"}};
}

inputs describe_window(const check_inputs& in, const place& where) {
  inputs result{{"place", to_text(where)}};
  for (const auto& name : where.zones) {
    const auto offset = in.rules.zones == nullptr ? std::nullopt : in.rules.zones->offset_at(name, in.now.utc);
    result.emplace_back("local time in " + name, offset ? date_and_time(in.now.utc, offset->from_utc) : "unknown zone");
  }
  if (in.who.window == nullptr) {
    result.emplace_back("window", "none: the contact has no place");
  } else if (in.who.window->open) {
    result.emplace_back("open until", utc_text(in.who.window->closes_at, "unknown"));
  } else {
    result.emplace_back("opens", utc_text(in.who.window->opens_at, "not within 14 days"));
  }
  return result;
}

inputs describe(gate_check check, const check_inputs& in, const place& where) {
  switch (check) {
    case gate_check::rules_fresh: return describe_rules(in);
    case gate_check::number: return describe_number(in);
    case gate_check::country: return describe_country(in);
    case gate_check::opt_out: return {{"opt-outs of the organisation", std::to_string(in.callees.opt_outs())}};
    case gate_check::national_list: return describe_national_list(in);
    case gate_check::cap_24h: return describe_cap(in, std::chrono::hours{24}, in.who.caps.per_24h);
    case gate_check::cap_7d: return describe_cap(in, std::chrono::days{7}, in.who.caps.per_7d);
    case gate_check::window: return describe_window(in, where);
  }
  return {};
}

}  // namespace

std::vector<gate_step> gate::explain(const subject& who, const place& where, const organisation_rules& rules,
                                     instant now) const {
  std::vector<number_record> known;
  look_up({&who.number, 1}, now, known);
  const check_inputs in{who, rules, rules_, callees_, known.front(), now};
  std::vector<gate_step> steps;
  for (const auto& check : gate_checks) steps.push_back({check.name, describe(check.id, in, where), check.judge(in)});
  return steps;
}

}  // namespace dialer::compliance
