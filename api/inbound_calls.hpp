#pragma once
// Calls to our numbers. A carrier asks what to do with one; the answer is the number's agent, its fallback, a voicemail
// message, or that nobody can be reached - never silence.
//
// What is asked passes callback_gate first, so that the number is looked up in the organisation whose account was asked
// over. It is decided by one read of the database, on a thread of our own, within a second and a half; what can't be
// decided in time is answered 503 and asked again by the carrier. A repeated question gets the first one's answer.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/callback_gate.hpp"
#include "api/http_server.hpp"
#include "callerid/inbound.hpp"
#include "carriers/telnyx_command.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"
#include "sql/session.hpp"

namespace dialer::api {

struct inbound_settings {
  std::string public_url;  ///< as of callback_gate
  sql::connect_options database;
  std::size_t body_bytes_max = 64 * 1024;
  std::chrono::milliseconds command_pause{200};  ///< before a command that came to nothing is sent again
};

struct inbound_ports {
  account_source accounts;
  /// Calls that agents are on, as the engine of this process counts them; inbound ones are not among them.
  std::function<std::vector<engine::organisation_view>()> views;
  /// Sends a command over an account, once, and waits for its answer. On several threads at once.
  std::function<carriers::command_answer(const carriers::account&, const carriers::telnyx_command&)> command;
  std::function<void(std::string)> tell;  ///< a line for each call, its numbers masked
  std::function<void(std::string)> warn;
};

struct inbound_stats {
  /// By carrier (Twilio, Telnyx) and first outcome; a call counts once, however often it was asked about.
  std::array<std::array<std::uint64_t, callerid::inbound_outcome_slots>, 2> calls{};
  std::uint64_t agents_unreached = 0;  ///< SIP agents that were rung and did not answer
  std::uint64_t commands_failed = 0;   ///< Telnyx did not do what it was told
  refusal_counts refused{};
};

class inbound_calls {
 public:
  /// This object, and `time`, must outlive the server that has the routes.
  inbound_calls(inbound_settings settings, inbound_ports ports, const clock& time);
  /// Ends what is under way.
  ~inbound_calls();
  inbound_calls(const inbound_calls&) = delete;
  inbound_calls& operator=(const inbound_calls&) = delete;

  /// POST at carriers::inbound_call_path() of both carriers.
  std::vector<route> routes();
  /// Any thread.
  inbound_stats stats() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::api
