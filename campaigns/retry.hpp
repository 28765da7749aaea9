#pragma once
// What becomes of a contact when an attempt is over.

#include <chrono>
#include <variant>

#include "campaigns/settings.hpp"
#include "model/clock.hpp"
#include "model/disposition.hpp"
#include "model/reason.hpp"

namespace dialer::campaigns {

/// The contact is called no more.
struct done {
  disposition as;
  reason why = reason::none;  ///< attempts_exhausted when a rule would have tried again
  friend bool operator==(const done&, const done&) = default;
};

/// The contact waits.
struct again {
  utc_time due_at;
  reason why = reason::retry_delay;
  friend bool operator==(const again&, const again&) = default;
};

using next_step_result = std::variant<done, again>;

/// The least wait before a contact whose call the carrier does not know is called again: the call may still turn up.
inline constexpr std::chrono::minutes redial_absent_delay{30};

/// The rule of the attempt's disposition, bounded by attempts_per_contact_max. `attempts`: of this contact in this
/// campaign, this one included, whatever they ended as; a rule's attempts_max is compared with it. A contact whose call
/// the carrier does not know (unknown) goes on only when settings.redial_absent says so. Not for errors of ours or of
/// the account: those consume no attempt. Pure; attempt_ended: when the attempt ended, UTC.
next_step_result next_step(const settings& campaign, disposition ended_as, unsigned attempts,
                           utc_time attempt_ended) noexcept;

/// The most attempts that the retry rules give a contact in one row, whatever they end as.
unsigned attempts_possible(const settings& campaign) noexcept;

}  // namespace dialer::campaigns
