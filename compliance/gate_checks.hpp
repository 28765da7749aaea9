#pragma once
// The gate's checks as one ordered table: `screen` stops at the first that says no, `explain` walks them all. A check
// added here is in both.

#include <array>
#include <string_view>

#include "compliance/gate.hpp"

namespace dialer::compliance {

/// All that a check may look at.
struct check_inputs {
  const subject& who;
  const organisation_rules& organisation;
  const rules_snapshot& rules;
  const callee_book& callees;
  const number_record& known;  // of who.number, as of now
  instant now;
};

verdict check_rules_fresh(const check_inputs& in);
verdict check_number(const check_inputs& in);
verdict check_country(const check_inputs& in);
verdict check_opt_out(const check_inputs& in);
verdict check_national_list(const check_inputs& in);
verdict check_cap_24h(const check_inputs& in);
verdict check_cap_7d(const check_inputs& in);
verdict check_window(const check_inputs& in);

enum class gate_check : std::uint8_t { rules_fresh, number, country, opt_out, national_list, cap_24h, cap_7d, window };

struct check_row {
  gate_check id;
  std::string_view name;
  verdict (*judge)(const check_inputs&);
};

inline constexpr std::array<check_row, 8> gate_checks{{
    {gate_check::rules_fresh, "rules_fresh", check_rules_fresh},
    {gate_check::number, "number", check_number},
    {gate_check::country, "country", check_country},
    {gate_check::opt_out, "opt_out", check_opt_out},
    {gate_check::national_list, "national_do_not_call", check_national_list},
    {gate_check::cap_24h, "attempt_cap_24h", check_cap_24h},
    {gate_check::cap_7d, "attempt_cap_7d", check_cap_7d},
    {gate_check::window, "calling_window", check_window},
}};

}  // namespace dialer::compliance
