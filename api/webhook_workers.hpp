#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "api/webhook_deliverer.hpp"

namespace dialer::api {

/// Threads that give every endpoint its turns; one that is slow holds up a thread for as long as a post may take, and
/// then waits until its next turn.
class webhook_workers {
 public:
  static constexpr std::chrono::milliseconds look_every{1'000};  ///< for endpoints that are new

  /// `connection` sees every organisation (not the tenant's role); `deliverer` and `time` must outlive the workers.
  webhook_workers(const sql::connect_options& connection, unsigned threads, webhook_deliverer& deliverer,
                  const clock& time);
  /// Waits for no endpoint: posts that are under way are cut off, and posted again by whoever delivers next.
  ~webhook_workers();
  webhook_workers(const webhook_workers&) = delete;
  webhook_workers& operator=(const webhook_workers&) = delete;

 private:
  struct turn_of {
    sql::enabled_webhook what;
    webhook_deliverer::endpoint state{};
    steady_time next_at{};
    bool under_way = false;
  };

  void run(sql::session session);
  void look(sql::session& on);
  turn_of* next(steady_time now);

  webhook_deliverer& deliverer_;
  const clock& time_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<webhook_id, turn_of> turns_;
  steady_time look_at_{};
  std::stop_source stop_;
  std::vector<std::thread> threads_;
};

}  // namespace dialer::api
