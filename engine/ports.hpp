#pragma once
// Ports of the running engine: the ledger as the shards use it, and the way back.

#include "engine/events.hpp"
#include "engine/ledger.hpp"

namespace dialer::engine {

/// Takes events for organisations from any thread; each goes to the shard that owns the organisation, in order per
/// sending thread. Events for an organisation that is not here are dropped: its new owner recovers from the ledger.
class event_sink {
 public:
  virtual ~event_sink() = default;
  virtual void post(const organisation_id& to, event&& what) = 0;
  /// The ledger's answer to what an owner asked. Dropped when the organisation is owned under another epoch by now:
  /// this process may have lost it and taken it over again since, and numbers its batches and cursors anew.
  virtual void answer(const ownership& asked_by, event&& what) = 0;
};

/// The ledger off the shards' threads. Every call returns at once; its answer is an event for the owner that asked:
/// decisions_committed, outcomes_committed, contacts_loaded, changes_loaded. Any thread.
class ledger {
 public:
  virtual ~ledger() = default;
  virtual void commit(decision_batch&& batch) = 0;
  virtual void commit(outcome_batch&& batch) = 0;
  virtual void load(contact_request&& request) = 0;
  virtual void load_changes(const ownership& owner, const change_request& what) = 0;
  virtual void confirm_applied(const ownership& owner, std::uint64_t generation) = 0;
  /// Bounds what the next take-over searches. May be lost: the next note says more.
  virtual void note_oldest_open(const ownership& owner, attempt_id oldest) = 0;
};

}  // namespace dialer::engine
