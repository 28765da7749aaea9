#include "api/sql_workers.hpp"

namespace dialer::api {

sql_workers::sql_workers(const sql::connect_options& connection, unsigned threads, std::size_t waiting_max)
    : waiting_max_{waiting_max} {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, connection] { run(sql::session{connection}); });
  }
}

sql_workers::~sql_workers() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& each : threads_) each.join();
}

bool sql_workers::submit(work what) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() >= waiting_max_ || stopping_) return false;
    waiting_.push_back(std::move(what));
  }
  wake_.notify_one();
  return true;
}

void sql_workers::run(sql::session session) {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const work next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next(session);
    lock.lock();
  }
}

}  // namespace dialer::api
