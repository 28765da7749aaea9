#include "api/key_watch.hpp"

#include "sql/api_keys.hpp"

namespace dialer::api {

key_watch::key_watch(sql::connect_options connection, key_ring& ring, const clock& time,
                     std::function<void(const std::string&)> warn)
    : session_{std::move(connection)}, ring_{ring}, time_{time}, warn_{std::move(warn)} {
  look();
  thread_ = std::thread{[this] { run(); }};
}

key_watch::~key_watch() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void key_watch::look() {
  const steady_time began = time_.now().steady;
  for (const sql::keys_version& at : sql::read_keys_versions(session_)) {
    std::uint64_t& known = versions_[at.organisation];
    if (known == at.version) continue;
    const std::size_t foreign = ring_.replace(at.organisation, sql::read_api_keys(session_, at.organisation));
    if (foreign != 0) {
      warn_(at.organisation.text() + ": " + std::to_string(foreign) +
            " API keys were made under another pepper and are refused; give this engine theirs with --key-pepper");
    }
    known = at.version;
  }
  ring_.confirm(began);
}

void key_watch::run() {
  std::unique_lock lock{mutex_};
  while (!wake_.wait_for(lock, look_every, [this] { return stopping_; })) {
    lock.unlock();
    try {
      look();
    } catch (const sql::sql_error&) {
      session_
          .disconnect();  // the ring refuses everybody until a look succeeds; /readyz says that the database is gone
    }
    lock.lock();
  }
}

}  // namespace dialer::api
