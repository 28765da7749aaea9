#include "api/applied_wait.hpp"

#include <map>
#include <vector>

#include "sql/generation.hpp"

namespace dialer::api {

applied_wait::applied_wait(sql::connect_options connection, const clock& time)
    : session_{std::move(connection)}, time_{time} {
  thread_ = std::thread{[this] { run(); }};
}

applied_wait::~applied_wait() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void applied_wait::wait(organisation_id organisation, std::uint64_t generation, std::chrono::milliseconds at_most,
                        done_function done) {
  {
    const std::lock_guard lock{mutex_};
    arrived_.push_back({organisation, generation, time_.now().steady + at_most, std::move(done)});
  }
  wake_.notify_all();
}

void applied_wait::run() {
  std::list<waiting> all;
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || !arrived_.empty() || !all.empty(); });
    all.splice(all.end(), arrived_);
    if (stopping_) break;
    lock.unlock();
    settle(all);
    lock.lock();
    if (!all.empty()) wake_.wait_for(lock, look_every, [this] { return stopping_; });
  }
  for (const waiting& each : all) each.done(false);
}

void applied_wait::settle(std::list<waiting>& all) {
  std::map<organisation_id, std::uint64_t> applied;
  for (const waiting& each : all) applied[each.organisation] = 0;
  try {
    std::vector<organisation_id> asked;
    for (const auto& [organisation, generation] : applied) asked.push_back(organisation);
    for (const auto& at : sql::read_applied(session_, asked)) applied[at.organisation] = at.generation;
  } catch (const sql::sql_error&) {
    session_.disconnect();  // asked again; who waits too long hears that it is not known
  }
  const steady_time now = time_.now().steady;
  std::erase_if(all, [&](const waiting& each) {
    const bool reached = applied[each.organisation] >= each.generation;
    if (reached || now >= each.until) each.done(reached);
    return reached || now >= each.until;
  });
}

}  // namespace dialer::api
