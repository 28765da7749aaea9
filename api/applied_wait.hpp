#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "model/clock.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::api {

/// Tells when engines act by a change. One thread and one query for all who wait, so that a slow engine holds up no
/// other request.
class applied_wait {
 public:
  static constexpr std::chrono::milliseconds look_every{5};
  /// True: the organisation's owner has applied the generation, no dial against it can start any more. Called once, on
  /// the thread of this object; must not throw or wait.
  using done_function = std::function<void(bool applied)>;

  /// `connection` sees every organisation (not the tenant's role); `time` must outlive the object.
  applied_wait(sql::connect_options connection, const clock& time);
  /// Answers "no" to all who wait.
  ~applied_wait();
  applied_wait(const applied_wait&) = delete;
  applied_wait& operator=(const applied_wait&) = delete;

  /// Any thread.
  void wait(organisation_id organisation, std::uint64_t generation, std::chrono::milliseconds at_most,
            done_function done);

 private:
  struct waiting {
    organisation_id organisation;
    std::uint64_t generation = 0;
    steady_time until;
    done_function done;
  };
  void run();
  /// Takes out those that are settled, and says so.
  void settle(std::list<waiting>& all);

  sql::session session_;
  const clock& time_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<waiting> arrived_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dialer::api
