#include "api/webhook_workers.hpp"

#include <set>

namespace dialer::api {

namespace {

constexpr std::chrono::milliseconds pause{250};

}  // namespace

webhook_workers::webhook_workers(const sql::connect_options& connection, unsigned threads, webhook_deliverer& deliverer,
                                 const clock& time)
    : deliverer_{deliverer}, time_{time} {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, connection] { run(sql::session{connection}); });
  }
}

webhook_workers::~webhook_workers() {
  {
    const std::lock_guard lock{mutex_};
    stop_.request_stop();
  }
  wake_.notify_all();
  for (std::thread& each : threads_) each.join();
}

// Whose turn it has been for longest. Called with the lock held.
webhook_workers::turn_of* webhook_workers::next(steady_time now) {
  turn_of* longest = nullptr;
  for (auto& [id, turn] : turns_) {
    if (turn.under_way || turn.next_at > now) continue;
    if (longest == nullptr || turn.next_at < longest->next_at) longest = &turn;
  }
  return longest;
}

void webhook_workers::look(sql::session& on) {
  const auto enabled = sql::read_enabled_webhooks(on);
  std::set<webhook_id> there;
  for (const sql::enabled_webhook& one : enabled) there.insert(one.id);
  const std::lock_guard lock{mutex_};
  std::erase_if(turns_, [&](const auto& each) { return !each.second.under_way && !there.contains(each.first); });
  for (const sql::enabled_webhook& one : enabled) turns_.try_emplace(one.id, turn_of{.what = one});
}

void webhook_workers::run(sql::session session) {
  std::unique_lock lock{mutex_};
  while (!stop_.stop_requested()) {
    const steady_time now = time_.now().steady;
    const bool looks = now >= look_at_;
    if (looks) look_at_ = now + look_every;
    turn_of* mine = looks ? nullptr : next(now);
    if (!looks && mine == nullptr) {
      wake_.wait_for(lock, pause, [this] { return stop_.stop_requested(); });
      continue;
    }
    if (mine != nullptr) mine->under_way = true;
    lock.unlock();
    auto wait = look_every;
    bool failed = false;
    try {
      if (mine == nullptr) {
        look(session);
      } else {
        wait = deliverer_.turn(session, mine->what, mine->state, stop_.get_token());
      }
    } catch (const sql::sql_error&) {
      session.disconnect();  // /readyz says that the database is gone
      failed = true;
    }
    lock.lock();
    if (mine != nullptr) {
      mine->under_way = false;
      mine->next_at = time_.now().steady + wait;
    }
    if (failed) wake_.wait_for(lock, look_every, [this] { return stop_.stop_requested(); });
  }
}

}  // namespace dialer::api
