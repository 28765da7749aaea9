#pragma once
// The engine's ledger over PostgreSQL: intents before the request leaves, outcomes after, and the reading back.
//
// Thread-safety: one ledger, one session, one thread; calls block, each bounded by the session's deadlines. Two ledgers
// (one for decisions and outcomes, one for events, say) may serve one organisation.
//
// Invariants
//  1. A decision commits only under the owner's epoch, node and generation, read in the same transaction with the row
//     locked FOR SHARE: whatever forbids a dial updates that row, so either it waits for the intent or the intent sees
//     it.
//  2. `committed` means durable, on every synchronous standby too. `unknown` is resolved by resolve() before anything
//  else.
//  3. A batch resolved as failed can never commit later: its number is sealed.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "sql/copy_writer.hpp"
#include "sql/session.hpp"
#include "sql/snapshot.hpp"

namespace dialer::sql {

struct ledger_options {
  connect_options connection;
  secret_resolver resolve_secret;
  account_check check_account;  ///< null: whatever is stored will do
  rules_loader load_rules;      ///< null: snapshots come without rules, which close the gate
};

/// A callback of any organisation, as it came in.
struct received_event {
  organisation_id organisation;
  engine::stored_event event;
};

class postgres_ledger {
 public:
  explicit postgres_ledger(ledger_options options);

  /// Makes `node` the owner under a new epoch, waiting for the last owner's open batch, and reads what is needed to go
  /// on. `now` bounds the seven days of history. Epochs carry the server's timeline in their upper half, so that a lost
  /// failover never reuses one. Throws sql_error, std::invalid_argument for an unknown organisation.
  engine::recovery take_over(organisation_id organisation, std::uint64_t node, utc_time now);
  /// Gives the organisation up (after a drain). Nothing when it is no longer ours.
  void release(const engine::ownership& owner);

  /// REQUIRES: number is not 0 and differs from the previous batch of its kind under this epoch; an (attempt, kind) is
  /// written once. Contacts taken from contact_wait must still wait there, else the batch fails whole.
  /// Never throws for the database's sake: see last_error().
  engine::commit_result commit(const engine::decision_batch& batch);
  engine::commit_result commit(const engine::outcome_batch& batch);

  /// What became of a batch whose commit was `unknown`: committed or failed, for certain; unknown while the database
  /// can't say (ask again); not_owner when another epoch has taken over, which then has it in its recovery or not at
  /// all. REQUIRES: no batch of that kind was committed since.
  engine::commit_result resolve(const engine::decision_batch& batch);
  engine::commit_result resolve(const engine::outcome_batch& batch);
  const std::string& last_error() const noexcept { return last_error_; }

  engine::contact_page load(const engine::contact_request& request);
  engine::change_set changes_since(organisation_id organisation, const engine::change_request& what);
  /// As take_over() would find it now.
  engine::organisation_snapshot snapshot_of(organisation_id organisation);
  /// The owner has applied everything up to this generation in memory. False when it no longer owns the organisation.
  bool confirm_applied(const engine::ownership& owner, std::uint64_t generation);
  /// Attempts below this id are all closed: bounds the search of the next take-over. Never moves back; nothing when the
  /// organisation is no longer ours.
  void note_oldest_open(const engine::ownership& owner, attempt_id oldest);

  /// Stores callbacks in one commit, those that are stored already once. Not fenced: facts never are.
  void append_events(const std::vector<received_event>& events);
  /// Stored callbacks of these attempts, in the order they came.
  std::vector<engine::stored_event> events_of(organisation_id organisation, const std::vector<attempt_id>& attempts);

 private:
  enum class stream : std::uint8_t { decisions = 0, outcomes = 1 };
  engine::commit_result resolve(const engine::ownership& owner, stream which, std::uint64_t number);
  engine::commit_result finish(script_end end, engine::commit_result refusal, const std::string& why);
  void encode_waits(organisation_id organisation, const std::vector<engine::contact_wait>& waits);
  engine::organisation_snapshot read_whole(transaction& in, organisation_id organisation);

  session session_;
  std::string session_name_;
  secret_resolver resolve_secret_;
  account_check check_account_;
  rules_loader load_rules_;
  std::string last_error_;
  std::string script_;  // kept between batches, like the buffers
  copy_writer rows_;
  copy_writer ends_;
  copy_writer waits_;
  copy_writer numbers_;
};

}  // namespace dialer::sql
