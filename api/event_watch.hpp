#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "api/event_board.hpp"
#include "api/rest_operation.hpp"
#include "sql/session.hpp"
#include "sql/standings.hpp"

namespace dialer::api {

/// What is told about one organisation.
std::vector<board_fact> facts_of(organisation_id organisation, const std::vector<sql::campaign_standing>& campaigns,
                                 const std::vector<sql::import_standing>& imports,
                                 const std::vector<engine::organisation_view>& views);

/// Keeps the boards that somebody reads as the database and the engine have it, from a thread of its own: so many looks
/// a second and no more, whatever happens and whoever reads. Without readers it looks at nothing.
class event_watch {
 public:
  static constexpr std::chrono::milliseconds look_every{500};
  /// Added for each reader, so that no more than 2,000 of them are written to in a second, however many there are.
  static constexpr std::chrono::microseconds look_later_by{500};

  /// `connection` sees every organisation (not the tenant's role); `board` must outlive the watch.
  event_watch(sql::connect_options connection, event_board& board, engine_views views);
  ~event_watch();
  event_watch(const event_watch&) = delete;
  event_watch& operator=(const event_watch&) = delete;

 private:
  /// Answers how long to wait for the next look.
  std::chrono::microseconds look();
  void run();

  sql::session session_;
  event_board& board_;
  const engine_views views_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dialer::api
