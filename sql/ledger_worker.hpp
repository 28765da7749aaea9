#pragma once
// The ledger off the shards' threads: queues in, events out. Implements engine::ledger over postgres_ledger.

#include <cstdint>
#include <functional>
#include <memory>

#include "carriers/call.hpp"
#include "engine/ports.hpp"
#include "sql/ledger.hpp"

namespace dialer::sql {

/// Four threads, one session each: decisions, in the order they come; outcomes, likewise; contact loads and changes;
/// the inbox of callbacks. Every member function is callable from any thread and returns at once.
///
/// A batch whose commit is unknown is resolved here before its answer goes out: for as long as that takes nothing else
/// of its queue moves, so nothing is sent on an unproven intent.
class ledger_worker final : public engine::ledger {
 public:
  /// `answers` must outlive the worker.
  ledger_worker(ledger_options options, engine::event_sink& answers);
  /// Drops what is queued, ends the threads.
  ~ledger_worker() override;
  ledger_worker(const ledger_worker&) = delete;
  ledger_worker& operator=(const ledger_worker&) = delete;

  void commit(engine::decision_batch&& batch) override;
  void commit(engine::outcome_batch&& batch) override;
  void load(engine::contact_request&& request) override;
  void load_changes(const engine::ownership& owner, const engine::change_request& what) override;
  void confirm_applied(const engine::ownership& owner, std::uint64_t generation) override;
  void note_oldest_open(const engine::ownership& owner, attempt_id oldest) override;

  /// Makes a callback durable, many in one commit; then posts it to its organisation, a repeated one again, and calls
  /// `stored(true)`. `stored(false)`: the database refused or did not answer, the carrier is to send it again. Runs on
  /// the inbox's thread.
  void store(const organisation_id& organisation, attempt_id attempt, carriers::callback&& what,
             std::function<void(bool)> stored);

  /// False while the last commit or load failed.
  bool healthy() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::sql
