#pragma once
// Callbacks of the carriers: verified, then stored, and only then acknowledged.
//
// Order of the checks (the account's name is all that is read before the signature holds): size, the account it claims
// to come from, the carrier's signature over the raw body and our public URL, the attempt's token, the token's
// organisation against the account's. What passes goes to the inbox; the carrier gets its 2xx when the inbox has
// committed (and what the event asks for is done), and 503 when it could not. Phone numbers and bodies never reach a
// log.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/callback_gate.hpp"
#include "api/http_server.hpp"
#include "carriers/attempt_token.hpp"
#include "carriers/call.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::api {

/// Port: where a verified callback is written down. Implemented in sql/.
class callback_inbox {
 public:
  virtual ~callback_inbox() = default;
  /// Stores the callback once per event_key; a repeat is a success. Returns at once; `done`, called from any thread,
  /// says whether it is durable. Called on the listener's thread.
  virtual void store(organisation_id organisation, attempt_id attempt, carriers::callback event,
                     std::function<void(bool stored)> done) = 0;
};

struct callback_settings {
  /// Our listener as the carriers reach it, e.g. "https://dialer.example.com". Signatures are
  /// checked against it and never against what the request's Host header says.
  std::string public_url;
  carriers::token_key token_key{};
  std::size_t body_bytes_max = 64 * 1024;
  /// Longer than any call can wait (a day in a carrier's queue), ring and last, repeats included.
  std::chrono::hours token_age_max{72};
};

struct callback_stats {
  std::uint64_t stored = 0;
  std::uint64_t ignored = 0;  ///< genuine, but no event of a call we placed, or none we use
  refusal_counts refused{};
};

/// An event of Telnyx's that was written down.
struct stored_callback {
  std::shared_ptr<const owned_account> over;
  carriers::attempt_token token;
  carriers::callback event;
  std::string body;  ///< as it came
  std::string telnyx_signature;
  std::string telnyx_timestamp;
};

class carrier_callbacks {
 public:
  /// Does what an event of Telnyx's asks for, and acknowledges it. Any thread.
  using actor = std::function<void(stored_callback what, respond_function respond)>;

  /// `warn` gets at most one line a minute per kind of refusal. Without `act` every event is acknowledged once it is
  /// stored. `inbox` and `time` must outlive the server that has the routes.
  carrier_callbacks(callback_settings settings, account_source accounts, callback_inbox& inbox, const clock& time,
                    std::function<void(std::string)> warn, actor act = {});
  ~carrier_callbacks();

  /// POST /callbacks/twilio, /callbacks/twilio/amd, /callbacks/telnyx.
  std::vector<route> routes();
  /// Any thread.
  callback_stats stats() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;  // shared: an answer of the inbox may come late
};

}  // namespace dialer::api
