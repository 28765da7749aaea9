#pragma once
// GET /v1/events: an organisation's board as server-sent events, for one connection.

#include <chrono>
#include <memory>
#include <string_view>

#include "api/event_board.hpp"
#include "api/http_server.hpp"
#include "api/key_ring.hpp"
#include "model/clock.hpp"

namespace dialer::api {

/// All that is kept for a client is the number of what it was told last. One thread.
class event_stream final : public answer_stream {
 public:
  /// A comment when there is nothing else, so that whoever is in between keeps the connection.
  static constexpr std::chrono::seconds beat_every{15};
  /// For a client whose connection broke.
  static constexpr std::chrono::milliseconds retry_after{2'000};
  static constexpr std::size_t piece_bytes = 16 * 1024;

  /// Goes on after `last_event_id`, or tells how everything stands. `keys` and `time` must outlive the stream.
  event_stream(std::shared_ptr<organisation_board> board, caller who, std::string_view last_event_id,
               const key_ring& keys, const clock& time);
  ~event_stream() override;
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  /// Ends when the key is in force no more. While that can't be told, it says nothing about the organisation.
  std::optional<std::string> next() override;

 private:
  const std::shared_ptr<organisation_board> board_;
  const caller who_;
  const key_ring& keys_;
  const clock& time_;
  std::uint64_t told_;  // version
  bool begun_ = false;
  steady_time beat_at_;
};

}  // namespace dialer::api
