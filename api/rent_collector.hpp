#pragma once
// Charges the monthly rent of the platform's numbers when it is due.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "api/metrics.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::api {

struct rent_stats {
  std::uint64_t charged = 0;  ///< months, by this engine
  std::uint64_t unpaid = 0;   ///< numbers whose wallet doesn't cover their rent, at the last look
};
void write_metrics(const rent_stats& stats, metric_writer& out);

/// Everything that is due is charged, a transaction each; a look after a long pause catches up. Two engines on one
/// database look both, and charge once.
class rent_collector {
 public:
  static constexpr std::chrono::seconds look_every{60};
  static constexpr int due_max = 1'000;  ///< numbers of an organisation in one look

  /// `time` must outlive it. `warn` gets a line when a rent can't be covered, and when a number's rent can't be charged
  /// for another reason; any thread.
  rent_collector(const clock& time, std::function<id128()> make_id, std::function<void(const std::string&)> warn);
  ~rent_collector() { stop(); }
  rent_collector(const rent_collector&) = delete;
  rent_collector& operator=(const rent_collector&) = delete;

  /// Looks every `look_every` from a thread of its own. `connection` sees every organisation (not the tenant's role).
  void start(const sql::connect_options& connection);
  /// Ends the thread, when there is one.
  void stop();
  /// One look. Throws sql_error when the database does not answer; what was charged by then stays charged.
  void look(sql::session& on);
  /// Any thread.
  rent_stats stats() const;

 private:
  void charge(sql::session& on, organisation_id organisation, phone_number_id number, utc_time now);
  void run(sql::session session);

  const clock& time_;
  const std::function<id128()> make_id_;
  const std::function<void(const std::string&)> warn_;
  std::atomic<std::uint64_t> charged_{0};
  std::atomic<std::uint64_t> unpaid_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dialer::api
