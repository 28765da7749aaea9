#pragma once
// Ports of the running engine: the ledger as the shards use it, and the way back.

#include <functional>
#include <string>
#include <vector>

#include "carriers/attempt_token.hpp"
#include "carriers/call.hpp"
#include "engine/events.hpp"
#include "engine/ledger.hpp"

namespace dialer::engine {

/// Takes events for organisations from any thread; each goes to the shard that owns the organisation, in order per
/// sending thread. Events for an organisation that is not here are dropped: its new owner recovers from the ledger.
class event_sink {
 public:
  virtual ~event_sink() = default;
  virtual void post(const organisation_id& to, event&& what) = 0;
};

/// The ledger off the shards' threads. Every call returns at once; its answer is an event posted to the organisation:
/// decisions_committed, outcomes_committed, contacts_loaded, changes_loaded. Any thread.
class ledger {
 public:
  virtual ~ledger() = default;
  virtual void commit(decision_batch&& batch) = 0;
  virtual void commit(outcome_batch&& batch) = 0;
  virtual void load(contact_request&& request) = 0;
  virtual void load_changes(const organisation_id& organisation, std::uint64_t above_generation) = 0;
  virtual void confirm_applied(const organisation_id& organisation, std::uint64_t generation) = 0;
};

/// The inbox of carrier callbacks. Facts: not fenced, idempotent.
class callback_inbox {
 public:
  virtual ~callback_inbox() = default;
  /// Makes the callback durable, then posts it to the organisation's owner and calls `stored(true)`; `stored(false)` when
  /// the database refused it: the carrier is to try again. `stored` runs on another thread, exactly once.
  virtual void store(const carriers::attempt_token& token, carriers::callback&& what,
                     std::function<void(bool)> stored) = 0;
};

}  // namespace dialer::engine
