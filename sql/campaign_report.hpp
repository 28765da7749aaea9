#pragma once
// What a manager asks about a campaign. Reads of the whole campaign: seconds for a million contacts; never on the hot
// path.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ledger.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

enum class contact_stage : std::uint8_t { fresh = 0, open = 1, waiting = 2, done = 3 };
inline constexpr std::array all_stages{contact_stage::fresh, contact_stage::open, contact_stage::waiting,
                                       contact_stage::done};
/// "waiting"
std::string_view to_string(contact_stage stage) noexcept;
std::optional<contact_stage> parse_contact_stage(std::string_view text) noexcept;

/// Contacts that wait, by lane and reason.
struct waiting_count {
  campaigns::lane_number lane = 0;
  std::string place;
  reason why = reason::none;
  std::uint64_t contacts = 0;
  utc_time first_due{};
};

struct campaign_status {
  std::array<std::uint64_t, 4> by_stage{};                             ///< indexed by contact_stage
  std::array<std::uint64_t, disposition_slots> done_by_disposition{};  ///< done after an attempt; [0]: none recorded
  std::array<std::uint64_t, reason_slots> done_without_attempt{};      ///< indexed by reason
  std::vector<waiting_count> waiting;
  std::uint64_t attempts = 0;  ///< intents written
  std::uint64_t contacts = 0;
  /// Contacts that are in no stage or in several: 0, or the ledger is broken (A12).
  std::uint64_t misplaced = 0;
};

campaign_status read_status(session& on, organisation_id organisation, campaign_id campaign);

/// Contacts never tried yet, by place, the largest group first.
struct fresh_count {
  std::string place;
  std::uint64_t contacts = 0;
};

std::vector<fresh_count> read_fresh(session& on, organisation_id organisation, campaign_id campaign);

/// How long ended calls took on average, from decision to end, and how many there were.
struct call_length {
  std::uint64_t calls = 0;
  std::chrono::milliseconds mean{0};
};
call_length read_call_length(session& on, organisation_id organisation, campaign_id campaign);

/// One line of an export.
struct contact_row {
  std::uint64_t row = 0;  ///< of the imported file
  contact_id contact;
  e164 number;
  std::string name;
  std::string external_id;
  contact_stage stage = contact_stage::fresh;
  std::optional<disposition> ended_as;  ///< of the newest attempt
  std::uint64_t attempts = 0;
  reason why = reason::none;       ///< why it waits, or was never dialed
  std::optional<utc_time> due_at;  ///< when it waits
};

/// Every contact of the campaign in the order of the file, in constant memory here.
void export_contacts(session& on, organisation_id organisation, campaign_id campaign,
                     const std::function<void(const contact_row&)>& visit);

/// Where a contact stands in the order of its campaign's pages: by lane, then by id, so that contacts imported
/// meanwhile come after those of their lane and none is shown twice.
struct contact_place {
  std::int32_t lane = -1;  ///< before the first
  contact_id contact;
};

/// Which contacts are asked for. Nothing: all.
struct contact_filter {
  std::optional<e164> number;
  std::optional<contact_stage> stage;
  std::optional<disposition> ended_as;  ///< of the newest attempt
};

struct contact_page {
  std::vector<contact_row> rows;
  std::optional<contact_place> next;  ///< where the next page goes on; nothing: that was the end
};

/// Up to `count` contacts after `after`. Looks at rows_looked_at of the campaign's at most: where few are asked for, a
/// page can be shorter than `count`, or empty, before the end.
contact_page read_contacts(transaction& in, organisation_id organisation, campaign_id campaign,
                           const contact_place& after, int count, const contact_filter& which = {});
inline constexpr int rows_looked_at = 2000;

/// One attempt with all that was written about it, oldest first.
struct attempt_row {
  attempt_id attempt;
  utc_time decided_at;
  e164 from;
  std::uint16_t number = 1;
  callerid::choice why = callerid::choice::least_used;
  std::vector<engine::outcome> outcomes;  ///< contact and campaign left empty
};

/// What `explain` starts from.
struct contact_facts {
  contact_row state;
  std::string time_zone, us_state, postal_code;  ///< as imported
  std::string variables;                         ///< JSON
  campaigns::lane_number lane = 0;
  std::string place;
  e164 last_caller_id;
  std::vector<attempt_row> attempts;
  bool opted_out = false;
};

std::optional<contact_facts> find_contact(session& on, organisation_id organisation, campaign_id campaign,
                                          contact_id contact);
std::optional<contact_facts> find_contact(session& on, organisation_id organisation, campaign_id campaign, e164 number);

}  // namespace dialer::sql
