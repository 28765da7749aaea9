#pragma once
// What an organisation is told and what it asks for: the two sides of step(state, event, now) -> effects.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "carriers/call.hpp"
#include "engine/ledger.hpp"
#include "model/dial_permit.hpp"

namespace dialer::engine {

// --- events ---------------------------------------------------------------------------------------------------------

/// Time passed.
struct tick {};

/// Answer to effects::decisions. `unknown` never comes here: the ledger resolves it by reading back first.
struct decisions_committed {
  std::uint64_t number = 0;
  commit_result result = commit_result::failed;
};

/// Answer to effects::outcomes.
struct outcomes_committed {
  std::uint64_t number = 0;
  commit_result result = commit_result::failed;
};

/// Answer to effects::loads. `ok` false: the database did not answer; ask again.
struct contacts_loaded {
  bool ok = true;
  contact_page page;
};

/// Answer to effects::load_changes. `ok` false: the database did not answer; ask again.
struct changes_loaded {
  bool ok = true;
  change_set changes;
};

/// Somebody changed something: ask for it.
struct changes_announced {
  bool settings = false;  ///< read them even if no generation changed them: what they name did
};

/// A sender took `count` more attempts of an account to write them out.
struct sends_taken {
  integration_id integration;
  std::uint32_t count = 0;
};

/// The carrier's answer to a create, or the sender's veto (what == not_sent with a reason).
struct create_answered {
  attempt_id attempt;
  carriers::create_answer answer;
  reason vetoed = reason::none;
};

/// A callback; already durable in the inbox.
struct call_reported {
  attempt_id attempt;
  carriers::call_report report;
};

/// What the carrier lists, less what has another attempt's token. A call has no token but this attempt's, verified.
struct looked_up {
  attempt_id attempt;
  carriers::call_page page;
};

/// nullopt: the carrier gave no clean answer.
struct call_fetched {
  attempt_id attempt;
  std::optional<carriers::call_report> report;
};

struct call_canceled {
  attempt_id attempt;
  std::string call_ref;
  carriers::cancel_result result = carriers::cancel_result::failed;
};

struct account_probed {
  integration_id integration;
  bool usable = false;
};

/// Stop deciding; let what is out come to an end.
struct drain_requested {};

using event = std::variant<tick, decisions_committed, outcomes_committed, contacts_loaded, changes_loaded,
                           changes_announced, sends_taken, create_answered, call_reported, looked_up, call_fetched,
                           call_canceled, account_probed, drain_requested>;

// --- effects --------------------------------------------------------------------------------------------------------

/// Place this call as soon as the account's budget has a start for it. The permit makes it sendable exactly once.
struct send_call {
  integration_id integration;
  attempt_id attempt;
  campaign_id campaign;
  contact_id contact;
  dial_permit permit;
  std::shared_ptr<const std::string> answer_url;
  std::chrono::seconds ring_timeout{0};
  std::chrono::seconds call_time_limit{0};
  bool machine_detection = false;
};

/// Take back a send_call that may not have been written yet. Exactly one create_answered follows in any case.
struct veto_send {
  integration_id integration;
  attempt_id attempt;
  reason why = reason::changed_since_decided;
};

/// Ask the carrier for calls that could be this attempt's; one page.
struct look_up {
  integration_id integration;
  attempt_id attempt;
  e164 to;
  e164 from;
  utc_time sent_not_before;
  std::string next;
};

struct fetch_call {
  integration_id integration;
  attempt_id attempt;
  std::string call_ref;
};

struct cancel_call {
  integration_id integration;
  attempt_id attempt;
  std::string call_ref;
  bool ringing_only = false;  ///< one that was answered meanwhile is left alone; only of carriers that queue calls
};

struct probe_account {
  integration_id integration;
};

using carrier_question = std::variant<look_up, fetch_call, cancel_call, probe_account>;

/// Slow an account down: the budget lives with the senders.
struct slow_account {
  integration_id integration;
  std::optional<std::chrono::milliseconds> hold;  ///< no starts at all for so long; else halve and climb back
};

struct effects {
  std::vector<decision_batch> decisions;
  std::vector<outcome_batch> outcomes;
  std::vector<contact_request> loads;
  std::vector<send_call> sends;
  std::vector<veto_send> vetoes;
  std::vector<carrier_question> questions;
  std::vector<slow_account> slowdowns;
  std::optional<change_request> load_changes;
  std::optional<std::uint64_t> confirm_applied;  ///< no dial that this generation forbids can start any more
  std::optional<attempt_id> oldest_open;         ///< all attempts below are closed, durably: the mark may move there
  bool ownership_lost = false;                   ///< another epoch owns the organisation: drop it

  bool empty() const {
    return decisions.empty() && outcomes.empty() && loads.empty() && sends.empty() && vetoes.empty() &&
           questions.empty() && slowdowns.empty() && !load_changes && !confirm_applied && !oldest_open &&
           !ownership_lost;
  }
  void clear() { *this = effects{}; }
};

}  // namespace dialer::engine
