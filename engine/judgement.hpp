#pragma once
// What is decided before a call is placed, as pure functions of what people set and what the gate found: the pipeline
// acts by them, and a preview of other settings counts by them.

#include <cstdint>
#include <optional>
#include <vector>

#include "campaigns/contact.hpp"
#include "campaigns/settings.hpp"
#include "carriers/account.hpp"
#include "compliance/gate.hpp"
#include "engine/ledger.hpp"
#include "model/reason.hpp"

namespace dialer::engine {

/// What a campaign depends on, as people set it.
struct campaign_surroundings {
  bool organisation_frozen = false;
  bool workspace_frozen = false;
  const agent_record* agent = nullptr;  ///< null: there is none
  bool has_caller_id = false;           ///< some account has a number that the agent may show
};

/// The kill switch in a campaign's way, its own or above it; none: no switch is thrown.
reason frozen_by(const campaigns::settings& campaign, const campaign_surroundings& around);
/// What people set that keeps the whole campaign from dialing; none: nothing does.
reason held_by(const campaigns::settings& campaign, const campaign_surroundings& around);

/// Whether there are numbers to show, and none may be shown now.
constexpr bool waits_for_number(reason why) {
  return why == reason::caller_id_caps || why == reason::caller_id_resting;
}

/// Numbers reserved for fiction are dialed over accounts on this machine only.
compliance::organisation_rules rules_over(const std::vector<carriers::account>& accounts);

/// Whether contacts of a lane are taken up. Those whose place cannot be known are not kept waiting for a window: they
/// are let through to be ended by the gate.
bool is_dialable(const compliance::window_state& lane);

/// What the gate judges of a contact. `lane` and `countries` must outlive the subject.
compliance::subject subject_of(const campaigns::settings& campaign, contact_id contact, e164 number,
                               const compliance::window_state& lane, const compliance::country_set* countries);

/// What comes of a contact whose turn it is.
struct contact_step {
  enum class kind : std::uint8_t {
    dial,
    put_off,        ///< until then; without an instant, for the moment that its number is being called
    end,            ///< without a call
    lane_closed,    ///< the contact stays where it is, and its lane is judged anew
    campaign_held,  ///< the contact stays where it is; nothing of the campaign goes on
  };
  kind what = kind::dial;
  reason why = reason::none;
  std::optional<utc_time> until{};
};

/// `attempts`: of the contact so far. `may`: the gate's word about it. `in_flight`: its number is being called.
contact_step judge(const campaigns::settings& campaign, unsigned attempts, const compliance::verdict& may,
                   bool in_flight);

}  // namespace dialer::engine
