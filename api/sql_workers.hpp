#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "sql/session.hpp"

namespace dialer::api {

/// Threads with a session each, so that no listener waits for the database. Work is done in the order of its coming.
class sql_workers {
 public:
  /// Must not throw.
  using work = std::function<void(sql::session&)>;

  sql_workers(const sql::connect_options& connection, unsigned threads, std::size_t waiting_max);
  /// Does what waits, then ends.
  ~sql_workers();
  sql_workers(const sql_workers&) = delete;
  sql_workers& operator=(const sql_workers&) = delete;

  /// False when as much waits as may: refuse it, now. Any thread.
  bool submit(work what);

 private:
  void run(sql::session session);

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<work> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dialer::api
