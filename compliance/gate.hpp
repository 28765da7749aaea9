#pragma once
// The compliance gate: `screen` early, `permit` last. Pure: everything it judges by is passed in.

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compliance/callee_book.hpp"
#include "compliance/calling_window.hpp"
#include "compliance/countries.hpp"
#include "compliance/do_not_call_list.hpp"
#include "model/clock.hpp"
#include "model/dial_permit.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/reason.hpp"

namespace dialer::compliance {

/// The answer to "may we?". allowed: reason none. not_yet: `until` says when to ask again; without one, time alone does
/// not heal it (stale rules, hours that never meet, a cap of 0) and the next change of the rules is the time. never: no
/// `until`.
struct verdict {
  enum class kind : std::uint8_t { allowed, not_yet, never };
  kind what = kind::allowed;
  reason why = reason::none;
  std::optional<utc_time> until;

  static verdict allowed() { return {}; }
  static verdict not_yet(reason why, std::optional<utc_time> until) { return {kind::not_yet, why, until}; }
  static verdict never(reason why) { return {kind::never, why, std::nullopt}; }
  bool is_allowed() const { return what == kind::allowed; }
};

/// What the law's registries say, as of one generation: an immutable snapshot, swapped whole. Without zones the gate is
/// closed.
struct rules_snapshot {
  std::vector<std::shared_ptr<const do_not_call_list>> national;  ///< empty: outside the reach of any
  std::shared_ptr<const zone_rules> zones;
  /// A list fetched longer ago than this closes the gate (31 days: 47 CFR 64.1200(c)(2)(i)(D)).
  std::chrono::days national_age_max{31};

  bool is_listed(e164 number) const noexcept;            ///< on any of the lists
  const do_not_call_list* oldest_list() const noexcept;  ///< by when it was fetched; null without lists
};

/// What the organisation allows. Fail-closed defaults.
struct organisation_rules {
  /// Numbers reserved for fiction may be dialed: true only when the carrier account is on a loopback address.
  bool fiction_allowed = false;
};

struct attempt_caps {
  unsigned per_24h = 3;
  unsigned per_7d = 7;
};

/// What is judged of one contact.
struct subject {
  contact_id contact;
  e164 number;
  const window_state* window = nullptr;  ///< of the contact's lane, evaluated for `now`; null = no place
  attempt_caps caps;
  const country_set* countries = nullptr;  ///< that the contact's campaign calls; null = none
};

/// What the gate found about one contact at one instant. It can be neither copied nor moved, so it does not outlive the
/// moment whose facts it rests on; while it stands, permit() has nothing to judge anew.
class screening {
 public:
  screening(const screening&) = delete;
  screening& operator=(const screening&) = delete;
  const verdict& result() const noexcept { return result_; }

 private:
  friend class gate;
  screening(const subject& who, verdict result, instant now) : who_{who}, result_{result}, now_{now} {}

  subject who_;
  verdict result_;
  instant now_;
};

/// What the tables hold about one number at one instant.
struct number_record {
  callee called;
  bool on_national_list = false;
};

/// What a permit is bound to.
struct call_binding {
  e164 caller_id;
  integration_id integration;
  std::chrono::microseconds send_within{};  ///< from now to the send deadline
};

/// One check of the gate as `explain` shows it.
struct gate_step {
  std::string_view name;                                    ///< "attempt_cap_24h"
  std::vector<std::pair<std::string, std::string>> inputs;  ///< what it judged by, as text for a person
  verdict result;                                           ///< of this check alone
};

class gate {
 public:
  /// References must outlive the gate. One shard; not synchronised.
  gate(const rules_snapshot& rules, const callee_book& callees) : rules_{rules}, callees_{callees} {}

  /// Order: freshness of the rules, the number itself, its country, opt-outs, national list, attempt caps, window. What
  /// the number is, opt-outs and lists say `never`; caps and windows say `not_yet`.
  screening screen(const subject& who, const organisation_rules& rules, instant now) const;
  /// The same by what look_up() found for who.number at this instant, nothing having been recorded about it since.
  screening screen(const subject& who, const number_record& known, const organisation_rules& rules, instant now) const;

  /// Looks numbers up in all tables; `found` gets one record each, in order. Made for a hundred at once: it is their
  /// number that lets the memory accesses overlap.
  void look_up(std::span<const e164> numbers, instant now, std::vector<number_record>& found) const;
  /// Starts the memory accesses of looking one up.
  void prefetch(e164 number) const noexcept;

  /// Binds what was judged: send_before is send_within from the screening's instant, window_closes is the window's
  /// closes_at. nullopt unless `judged` is allowed. The only source of dial_permit.
  static std::optional<dial_permit> permit(const screening& judged, const call_binding& binding);

  /// Every check in screen's order, run by the same code, with its inputs; screen's verdict is the first that is not
  /// allowed. `where` is the place that who.window was evaluated for. Allocates; for people, not for the pipeline.
  std::vector<gate_step> explain(const subject& who, const place& where, const organisation_rules& rules,
                                 instant now) const;

 private:
  const rules_snapshot& rules_;
  const callee_book& callees_;
};

/// Numbering-plan facts about a number by itself: reserved for fiction (555-0100..0199 in the NANP, the UK's drama
/// ranges), billed at a premium rate, of a kind that has no place (toll-free, personal; the gate lets one through when
/// the contact carries an explicit zone), or under an unassigned area or calling code (number_invalid). reason::none
/// for an ordinary number.
reason number_fact(e164 number) noexcept;

}  // namespace dialer::compliance
