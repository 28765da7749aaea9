#pragma once
// Callbacks of the carriers: verified, then stored, and only then acknowledged.
//
// Order of the checks (the account's name is all that is read before the signature holds): size, the account it claims
// to come from, the carrier's signature over the raw body and our public URL, the attempt's token, the token's
// organisation against the account's. What passes goes to the inbox; the carrier gets its 2xx when the inbox has
// committed, and 503 when it could not. Phone numbers and bodies never reach a log.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_server.hpp"
#include "carriers/account.hpp"
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

/// An account and whose it is. An account belongs to one organisation.
struct owned_account {
  organisation_id organisation;
  carriers::account account;
};

/// Port: the accounts of all organisations as an immutable snapshot, replaced whole when one is edited. The function is
/// called once per callback, on the listener's thread.
using account_snapshot = std::shared_ptr<const std::vector<owned_account>>;
using account_source = std::function<account_snapshot()>;

/// Why a callback was refused; also the `reason` label of the metric.
enum class callback_refusal : std::uint8_t {
  too_large,        ///< 413
  no_account,       ///< 400: names no account
  unknown_account,  ///< 403
  bad_signature,    ///< 403
  bad_token,        ///< 403: not ours, altered, or older than token_age_max
  foreign_account,  ///< 403: genuine token of another organisation
  not_stored,       ///< 503: the inbox did not commit; the carrier sends it again or the call is polled
};
inline constexpr std::size_t callback_refusal_slots = 7;
std::string_view to_string(callback_refusal value) noexcept;

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
  std::array<std::uint64_t, callback_refusal_slots> refused{};  ///< by callback_refusal
};

class carrier_callbacks {
 public:
  /// `warn` gets at most one line a minute per kind of refusal. `inbox` and `time` must outlive
  /// the server that has the routes.
  carrier_callbacks(callback_settings settings, account_source accounts, callback_inbox& inbox, const clock& time,
                    std::function<void(std::string)> warn);
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
