#pragma once
// Writes permitted calls and questions of one carrier account over one shard's connections.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "carriers/attempt_token.hpp"
#include "carriers/http/https_pool.hpp"
#include "engine/ports.hpp"
#include "engine/send_queue.hpp"
#include "model/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace dialer::engine {

struct sender_options {
  carriers::token_key token_key{};
  std::string callback_base_url;     ///< how carriers reach our listener
  std::size_t connections_max = 64;  ///< per shard and account
  std::chrono::milliseconds request_timeout{10000};
  std::size_t questions_max = 16;  ///< in flight at once: questions never crowd out calls
};

/// Lives on its shard's thread (that of `io`), but for the constructor: any thread. Pulls from the account's queue at
/// the moment a connection is ready to write, takes the call start from the account's budget there, and has the last
/// look. Every ticket taken ends in exactly one create_answered; every question in its answer.
///
/// Its connections lead where the account's base_url said when it was made. Once the account says otherwise it writes
/// nothing more and is to be replaced.
class sender {
 public:
  /// Throws std::invalid_argument or std::runtime_error when the account can't be used as it is set up.
  sender(boost::asio::io_context& io, std::shared_ptr<send_queue> queue, sender_options options, const clock& time,
         event_sink& events);
  ~sender();
  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  /// Opens connections before the first call.
  void warm(std::size_t connections);
  /// Finishes what is in flight, leaves the rest to other senders of the queue; `stopped` runs on this thread.
  void stop(std::function<void()> stopped);
  const send_queue& queue() const;
  const carriers::http::pool_stats& stats() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace dialer::engine
