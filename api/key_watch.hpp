#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "api/key_ring.hpp"
#include "sql/session.hpp"

namespace dialer::api {

/// Keeps a key ring as the database has it, from a thread of its own: one small read every `look_every`, and the keys
/// of an organisation only when they changed.
class key_watch {
 public:
  static constexpr std::chrono::milliseconds look_every{200};

  /// Looks once before it returns; throws sql_error when it can't. `ring` and `time` must outlive the watch.
  key_watch(sql::connect_options connection, key_ring& ring, const clock& time,
            std::function<void(const std::string&)> warn);
  ~key_watch();
  key_watch(const key_watch&) = delete;
  key_watch& operator=(const key_watch&) = delete;

 private:
  void look();
  void run();

  sql::session session_;
  key_ring& ring_;
  const clock& time_;
  std::function<void(const std::string&)> warn_;
  std::map<organisation_id, std::uint64_t> versions_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dialer::api
