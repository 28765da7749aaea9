#include "api/event_stream.hpp"

#include "api/key_watch.hpp"

namespace dialer::api {

static_assert(key_watch::look_every + stream_turn_every < std::chrono::seconds{1},
              "a revocation is promised in under a second");

event_stream::event_stream(std::shared_ptr<organisation_board> board, caller who, std::string_view last_event_id,
                           const key_ring& keys, const clock& time)
    : board_{std::move(board)},
      who_{std::move(who)},
      keys_{keys},
      time_{time},
      told_{board_->resume_at(last_event_id)},
      beat_at_{time.now().steady + beat_every} {
  ++board_->readers;
}

event_stream::~event_stream() {
  --board_->readers;
}

std::optional<std::string> event_stream::next() {
  const key_verdict standing = keys_.standing(who_.key);
  if (standing == key_verdict::unknown || standing == key_verdict::expired) return std::nullopt;
  std::string text;
  if (!begun_) text = "retry: " + std::to_string(retry_after.count()) + "\n\n";
  begun_ = true;
  if (standing == key_verdict::good && board_->version() != told_) {
    organisation_board::piece piece = board_->after(told_, who_.workspace, piece_bytes);
    told_ = piece.through;
    text += piece.text;
  }
  const steady_time now = time_.now().steady;
  if (text.empty() && now >= beat_at_) text = ":\n\n";
  if (!text.empty()) beat_at_ = now + beat_every;
  return text;
}

}  // namespace dialer::api
