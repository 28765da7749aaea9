#pragma once
// Port: what the engine writes down and reads back. Declared here by its user, implemented over PostgreSQL in sql/ and
// by the simulated store in tests/sim. The protocol:
// docs/ARCHITECTURE.md and docs/adr/0001; the tables: sql/migrations.
//
// A contact is, at every commit, exactly one of
//   fresh   - in `contact` above its lane's cursor
//   open    - newest intent has no closing outcome
//   waiting - a row in `contact_wait` (a retry, or put off)
//   done    - a closing outcome with next = done, or a row in `contact_end`

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "callerid/number_health.hpp"
#include "callerid/number_rules.hpp"
#include "callerid/pick.hpp"
#include "campaigns/contact.hpp"
#include "campaigns/settings.hpp"
#include "carriers/account.hpp"
#include "compliance/gate.hpp"
#include "compliance/place.hpp"
#include "model/clock.hpp"
#include "model/disposition.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/reason.hpp"

namespace dialer::engine {

/// Proof of ownership that every decision carries.
struct ownership {
  organisation_id organisation;
  std::uint64_t epoch = 0;
  std::uint64_t node = 0;
};

/// One call we are about to ask for.
struct intent {
  attempt_id attempt;
  campaign_id campaign;
  contact_id contact;
  e164 to;
  e164 from;
  integration_id integration;
  utc_time decided_at;
  campaigns::lane_number lane = 0;
  std::uint16_t attempt_number = 1;  ///< 1 for the contact's first
  bool from_wait = false;            ///< the contact came from contact_wait: its row goes in the same commit
  callerid::choice why = callerid::choice::least_used;
};

/// A contact that will never be dialed, decided without an attempt.
struct contact_end {
  campaign_id campaign;
  contact_id contact;
  campaigns::lane_number lane = 0;
  bool from_wait = false;
  reason why = reason::none;
  utc_time at;
};

/// A contact put off, or back from an attempt, until due_at.
struct contact_wait {
  campaign_id campaign;
  campaigns::contact contact;  ///< as it will be loaded again: due_at, attempts, last_caller_id
  reason why = reason::retry_delay;
};

/// All contacts of the lane with id <= through are no longer fresh (open, waiting or done), and no other is: a lane is
/// drained in order, and the cursor moves in the commit that makes its contacts open, waiting or done.
struct lane_cursor {
  campaign_id campaign;
  campaigns::lane_number lane = 0;
  contact_id through;
};

/// One commit of decisions. Order of statements: owner row FOR SHARE with its generation; if it equals `generation`,
/// all rows; commit.
struct decision_batch {
  std::uint64_t number = 0;  ///< comes back with the result
  ownership owner;
  std::uint64_t generation = 0;
  std::vector<intent> intents;
  std::vector<contact_end> ends;
  std::vector<contact_wait> waits;     ///< put off without an attempt
  std::vector<contact_id> waits_gone;  ///< ids whose old contact_wait row is replaced by a row in `waits`
  std::vector<lane_cursor> cursors;
};

/// Kinds of outcome rows. Closing ones (>= 10) free the contact. Stored as its number: append only.
enum class outcome_kind : std::uint8_t {
  accepted = 1,   ///< the carrier took it: call_ref
  in_doubt = 2,   ///< sent, no usable answer
  adopted = 3,    ///< found at the carrier after doubt: call_ref
  held = 4,       ///< still in doubt, the carrier can't be asked
  not_sent = 10,  ///< certainly never reached the carrier
  rejected = 11,  ///< the carrier refused it
  absent = 12,    ///< the carrier was asked and has no such call
  ended = 13,     ///< the call is over
  late = 14,      ///< late truth: a call turned up for an attempt closed as absent
};
constexpr bool is_closing(outcome_kind kind) {
  return static_cast<int>(kind) >= 10;
}

struct outcome {
  attempt_id attempt;
  campaign_id campaign;
  contact_id contact;
  outcome_kind kind = outcome_kind::accepted;
  utc_time at;
  std::string call_ref;
  std::optional<disposition> ended_as;  ///< of the attempt, when closing and it counts as one
  reason why = reason::none;            ///< when not_sent
  std::string carrier_code;
  std::string detail;  ///< carrier's words, cut to 512 bytes
  std::uint32_t duration_s = 0;
  bool answered = false;
  bool contact_done = false;  ///< closing: the contact is done; else a contact_wait row comes along
};

/// One commit of outcomes. Fenced by epoch (not by generation).
struct outcome_batch {
  std::uint64_t number = 0;
  ownership owner;
  std::vector<outcome> outcomes;
  std::vector<contact_wait> waits;               ///< contacts that go on after a closing outcome
  std::vector<callerid::health_record> numbers;  ///< whose state changed; the newest of each
};

inline bool is_empty(const outcome_batch& batch) {
  return batch.outcomes.empty() && batch.numbers.empty();
}

enum class commit_result : std::uint8_t {
  committed,         ///< durable
  stale_generation,  ///< nothing written: apply the changes first
  not_owner,         ///< nothing written: the organisation belongs to another epoch
  failed,            ///< certainly nothing written
  unknown,           ///< the commit's answer was lost; resolved by reading back before anything else
};

/// Contacts of one lane, in the order they are to be dialed.
struct contact_request {
  ownership owner;
  campaign_id campaign;
  campaigns::lane_number lane = 0;
  contact_id after;       ///< fresh contacts with a greater id
  utc_time wait_after{};  ///< waiting contacts with (due_at, id) greater than (wait_after, wait_after_id)
  contact_id wait_after_id;
  utc_time now{};           ///< ... and due_at <= now
  std::uint32_t count = 0;  ///< at most so many in all; waiting ones first
};

struct contact_page {
  campaign_id campaign;
  campaigns::lane_number lane = 0;
  std::vector<campaigns::contact> contacts;  ///< waiting (fresh = false) first, by due_at; then fresh by id
  bool fresh_exhausted = false;              ///< no fresh contact beyond these, as of now
  std::optional<utc_time> next_due;          ///< earliest due_at of a waiting contact that is not due yet
};

/// A lane of a campaign.
struct lane_record {
  campaign_id campaign;
  campaigns::lane_number lane = 0;
  compliance::place where;
  contact_id through;   ///< durable cursor
  bool urgent = false;  ///< its contacts go before those of the campaign's other lanes
};

struct agent_record {
  agent_id id;
  workspace_id workspace;
  std::string name;
  bool published = false;
  std::string answer_url;
  std::uint32_t concurrent_calls_max = 0;  ///< 0 = unlimited
  bool frozen = false;                     ///< as all that is called so: no call starts through it
  friend bool operator==(const agent_record&, const agent_record&) = default;
};

struct workspace_record {
  workspace_id id;
  std::string name;
  std::uint16_t weight = 1;  ///< fair share among the organisation's workspaces
  bool frozen = false;
  friend bool operator==(const workspace_record&, const workspace_record&) = default;
};

/// Everything about an organisation that people change, as of one generation, and the rules its calls are judged by.
/// Small: replaced whole.
struct organisation_snapshot {
  organisation_id id;
  std::uint64_t generation = 0;
  std::uint64_t settings_version = 0;  ///< rises with generations that changed more than opt-outs; from 1
  bool frozen = false;
  callerid::sharing_policy sharing = callerid::sharing_policy::workspace;
  std::vector<std::string> allowed_countries;  ///< ISO 3166-1 alpha-2; empty: as compliance::countries_called says
  std::vector<workspace_record> workspaces;
  std::vector<agent_record> agents;
  std::vector<carriers::account> accounts;
  std::vector<callerid::phone_number> numbers;
  std::vector<callerid::assignment> assignments;  ///< the earliest first
  std::vector<callerid::number_restriction> restrictions;
  std::vector<callerid::health_record> number_health;  ///< of numbers that something was decided about; newest each
  std::vector<campaigns::settings> campaigns;  ///< drafts, running and paused ones; stopped and finished are left out
  std::vector<lane_record> lanes;              ///< of those campaigns
  compliance::rules_snapshot rules;
};

struct opt_out_change {
  e164 number;
  bool opted_out = true;  ///< false: the opt-out was withdrawn
};

/// Asks for what changed above a generation.
struct change_request {
  std::uint64_t above = 0;
  std::uint64_t settings_version = 0;  ///< that is known; 0: none, they are read in any case
};

struct change_set {
  std::uint64_t generation = 0;                     ///< as of which
  std::unique_ptr<organisation_snapshot> snapshot;  ///< none: nothing but opt-outs
  std::vector<opt_out_change> opt_outs;             ///< since the generation asked for
};

/// An attempt that was open when the last owner stopped.
struct open_attempt {
  intent what;
  std::optional<outcome_kind> last_kind;  ///< newest non-closing outcome, if any
  std::string call_ref;
};

/// A callback stored before it was answered with 200.
struct stored_event {
  attempt_id attempt;
  std::string event_key;
  std::string payload;  ///< serialised carriers::call_report
};

struct past_attempt {
  e164 to;
  e164 from;
  utc_time at;
  bool open = false;
  std::optional<disposition> ended_as;  ///< when it counted as an attempt
  std::uint32_t duration_s = 0;
  campaign_id campaign;
  utc_time ended_at{};
};

/// A call that belongs to an attempt already closed: a look-up must not give it to another.
struct known_call {
  e164 to;
  std::string call_ref;
};

/// A request that may have reached the carrier, at its decision at the earliest.
struct past_start {
  integration_id integration;
  utc_time decided_at;
};

/// An attempt that the carrier declared absent and no call has turned up for: one still may.
struct absent_attempt {
  attempt_id attempt;
  campaign_id campaign;
  contact_id contact;
  integration_id integration;
  e164 to;
  utc_time closed_at;
};

/// Read at take-over, after the epoch was raised.
struct recovery {
  ownership owner;
  organisation_snapshot snapshot;
  std::vector<opt_out_change> opt_outs;
  std::vector<open_attempt> open;
  std::vector<past_attempt> history;    ///< seven days, those never sent left out
  std::vector<past_start> starts;       ///< decided in the last 15 s; those certainly never written are left out
  std::vector<known_call> known_calls;  ///< of closed attempts to numbers of `open`, decided up to an hour before those
  std::vector<absent_attempt> absent;   ///< closed in the last 24 hours, decided in the last 48; oldest first
  std::uint64_t last_attempt = 0;       ///< greatest attempt id used
};

}  // namespace dialer::engine
