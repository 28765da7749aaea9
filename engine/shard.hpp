#pragma once
// A shard: one thread, one io_context, the organisations that live on it, and its share of the connections to carriers.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/organisation.hpp"
#include "engine/ports.hpp"
#include "engine/send_queue.hpp"
#include "engine/sender.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"

namespace dialer::engine {

/// Thread-safety: its members may be called from any thread but the shard's own, which the constructor starts and
/// stop() joins; what they ask for happens there.
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
  void answer(const ownership& asked_by, event&& what);  ///< see event_sink

  /// Joins in sending for an account; when it does already, over new connections to where the account is now. Throws
  /// std::invalid_argument or std::runtime_error, and leaves everything as it is, when the account can't be used.
  void add_account(const std::shared_ptr<send_queue>& queue, const sender_options& options,
                   std::size_t warm_connections);
  /// Takes nothing more from the queue; what is in flight comes to its answer.
  void remove_account(std::shared_ptr<send_queue> queue);

  /// Starts dialing for an organisation just taken over, with what its open attempts' callbacks have said. `queues`: of
  /// all its accounts. Returns when it lives here: events posted from then on reach it.
  void adopt(organisation_options options, recovery found, std::vector<call_reported> reports,
             std::vector<std::shared_ptr<send_queue>> queues);
  /// A queue for an account that was added while the organisation is dialing.
  void add_queue(const organisation_id& to, std::shared_ptr<send_queue> queue);

  /// Whether the shard's thread has come round since the last asking; the first answer is yes. For one thread to ask.
  bool turns();

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
