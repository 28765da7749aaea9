#pragma once
// A shard: one thread, one io_context, the organisations that live on it, and its share of the connections to carriers.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compliance/gate.hpp"
#include "engine/organisation.hpp"
#include "engine/ports.hpp"
#include "engine/send_queue.hpp"
#include "engine/sender.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"

namespace dialer::engine {

/// Thread-safety: post(), adopt(), add_account(), drop(), add_queue(), use_rules(), drain(), views() and
/// stop() may be called from any thread;
/// everything else happens on the shard's own thread, which the constructor starts and stop() joins.
class shard {
 public:
  /// `time`, `records` must outlive the shard. `lost` runs on the shard's thread when an organisation turned out to
  /// belong to another epoch; it is gone from the shard by then.
  shard(const clock& time, ledger& records, event_sink& router, std::function<void(organisation_id)> lost);
  ~shard();
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  /// Lock-free hand-over; wakes the shard.
  void post(const organisation_id& to, event&& what);

  /// Joins in sending for an account.
  void add_account(std::shared_ptr<send_queue> queue, const sender_options& options, std::size_t warm_connections);

  /// Starts dialing for an organisation just taken over. `queues`: of all its accounts.
  void adopt(organisation_options options, recovery found, compliance::rules_snapshot rules,
             std::vector<std::shared_ptr<send_queue>> queues);
  /// A queue for an account that was added while the organisation is dialing.
  void add_queue(const organisation_id& to, std::shared_ptr<send_queue> queue);
  /// New national lists or zone data for all organisations.
  void use_rules(compliance::rules_snapshot rules);

  /// As of at most 100 ms ago.
  std::vector<organisation_view> views() const;

  /// No new decisions; calls what is out to its answer. `drained` runs on the shard's thread.
  void drain(std::function<void()> drained);
  /// Closes connections and joins the thread. Call after drain() for a graceful stop.
  void stop();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::engine
