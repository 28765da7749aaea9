#pragma once
// What other settings would do to a campaign's contacts at one instant: every contact that waits for its turn is judged
// by the settings there are and by those wanted, with the engine's own judgement (engine/judgement.hpp). What only the
// running engine knows - pace, lines taken, use of the caller IDs - delays a call and changes no contact's state: it is
// left out.

#include <array>
#include <boost/json/object.hpp>
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "campaigns/settings.hpp"
#include "engine/judgement.hpp"
#include "engine/ledger.hpp"
#include "model/reason.hpp"
#include "sql/undecided_contacts.hpp"

namespace dialer::api {

/// Where a contact stands that no call is under way to.
struct contact_standing {
  enum class kind : std::uint8_t {
    eligible,  ///< called as soon as its turn comes
    waiting,
    ending,  ///< ended without a call as soon as its turn comes
  };
  kind what = kind::eligible;
  reason why = reason::none;
  friend auto operator<=>(const contact_standing&, const contact_standing&) = default;
};

struct standing_counts {
  reason held = reason::none;  ///< why nothing of the campaign is called, whatever its contacts' standing
  std::uint64_t eligible = 0;
  std::array<std::uint64_t, reason_slots> waiting{};  ///< indexed by reason
  std::array<std::uint64_t, reason_slots> ending{};
  std::uint64_t ends_when_due = 0;  ///< of those waiting: their attempts are used up
  std::uint64_t attempts_left = 0;  ///< at most, over all contacts
};

/// Judges contacts by one version of a campaign's settings, as of `now`. One thread.
class standing_judge {
 public:
  /// `organisation` with its rules; it must outlive the judge.
  standing_judge(const engine::organisation_snapshot& organisation, campaigns::settings settings, utc_time now);

  contact_standing judge(const sql::undecided_contact& contact);
  const standing_counts& counts() const { return counts_; }

 private:
  contact_standing judge_due(const sql::undecided_contact& contact);
  void count(const sql::undecided_contact& contact, const contact_standing& found);

  const engine::organisation_snapshot& organisation_;
  const campaigns::settings settings_;
  const utc_time now_;
  const compliance::organisation_rules rules_;
  const compliance::country_set countries_;
  const unsigned attempts_possible_;
  std::vector<compliance::window_state> windows_;  // by lane
  standing_counts counts_;
  // Of the contact being judged only.
  compliance::callee_book callees_;
};

struct campaign_preview {
  std::uint64_t contacts = 0;
  standing_counts before, after;
  std::map<std::pair<contact_standing, contact_standing>, std::uint64_t> changes;  ///< from, to; of those that change
};

/// The schema CampaignPreview, but for when and by which version it was judged.
boost::json::object preview_json(const campaign_preview& preview);

}  // namespace dialer::api
