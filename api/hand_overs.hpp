#pragma once
// Gives outbound calls that were answered to their agents, where the carrier has no document to ask for (Telnyx).
//
// The event that says so is passed on to the agent's application as it came, with the carrier's signature; what takes
// it with a 2xx commands the call from there on. A SIP agent is rung by a transfer. Whoever answered is not left in
// silence: a call that no agent takes is written down as abandoned and ended.
//
// Applications that are slow hold up nobody else's calls: an organisation has a few of the threads at a time.
//
// The carrier's event is acknowledged when that is settled, so that a process that dies on the way is told again. An
// event that comes twice is acted on once; after a restart perhaps twice, which Telnyx (by command_id) and applications
// of its API (by the event's id) have to stand anyway.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/carrier_callbacks.hpp"
#include "carriers/account.hpp"
#include "carriers/telnyx_command.hpp"
#include "sql/session.hpp"

namespace dialer::api {

/// A request to an agent's application: POST of a JSON body.
struct agent_post {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
struct agent_answer {
  int status = 0;     ///< 0: none came
  std::string error;  ///< why not
};

struct hand_over_settings {
  sql::connect_options database;
  std::chrono::milliseconds pause{200};  ///< before what came to nothing is tried again
  std::chrono::milliseconds wait_max{
      3'000};  ///< for a thread: whoever listened to silence for so long has the call ended
};

struct hand_over_ports {
  /// As command_over(): once, and waits. On several threads at once, like the next.
  std::function<carriers::command_answer(const carriers::account&, const carriers::telnyx_command&)> command;
  /// Once, and waits for some seconds at most.
  std::function<agent_answer(const carriers::account& over, const agent_post&)> post;
  std::function<void(std::string)> warn;
};

struct hand_over_stats {
  std::uint64_t handed_over = 0;  ///< an application took it, or the carrier rings the SIP agent
  std::uint64_t abandoned = 0;    ///< answered, and ended because no agent took it
};

class hand_overs {
 public:
  /// `inbox` must outlive this object, which must outlive the server that asks it.
  hand_overs(hand_over_settings settings, hand_over_ports ports, callback_inbox& inbox);
  /// Ends what is under way.
  ~hand_overs();
  hand_overs(const hand_overs&) = delete;
  hand_overs& operator=(const hand_overs&) = delete;

  /// What carrier_callbacks is to do. Whoever asks it once this object is gone is told to come again.
  carrier_callbacks::actor actor();
  /// Any thread.
  hand_over_stats stats() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;  // shared with what the inbox may answer late
};

}  // namespace dialer::api
