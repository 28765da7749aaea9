#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "api/http_server.hpp"
#include "api/http_session.hpp"

namespace dialer::api {

/// Carries one answer from any thread to its connection, once. Shared by the copies of a respond_function; when the
/// last of them goes without a call, it answers that there was none.
class pending_answer {
 public:
  /// Counts in `unanswered` until it is delivered. `packs`: the peer takes gzip.
  pending_answer(std::weak_ptr<server_core> core, std::weak_ptr<http_session> connection, std::uint64_t serial,
                 std::shared_ptr<std::atomic<std::size_t>> unanswered, bool packs);
  ~pending_answer();
  pending_answer(const pending_answer&) = delete;
  pending_answer& operator=(const pending_answer&) = delete;

  /// True for the first call. What is to be packed is packed here, on the thread that made it, unless that is the
  /// listener's: it has others to serve, and its answers go out as they are.
  bool deliver(http_response response);

  /// Counts a fault of the handler.
  void fault();

 private:
  const std::weak_ptr<server_core> core_;
  const std::weak_ptr<http_session> connection_;
  const std::uint64_t serial_;
  const std::shared_ptr<std::atomic<std::size_t>> unanswered_;
  const bool packs_;
  std::atomic<bool> answered_{false};
};

}  // namespace dialer::api
