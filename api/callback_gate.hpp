#pragma once
// What every callback of a carrier has to pass before a word of it is believed: size, the account it claims to come
// from, and the carrier's signature over the raw body and our public URL. Whoever fails is told the status and nothing
// else.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_server.hpp"
#include "carriers/account.hpp"
#include "carriers/codec.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::api {

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
  not_stored,       ///< 503: could not be stored or judged; the carrier sends it again or the call is polled
};
inline constexpr std::size_t callback_refusal_slots = 7;
using refusal_counts = std::array<std::uint64_t, callback_refusal_slots>;  ///< by callback_refusal
std::string_view to_string(callback_refusal value) noexcept;

class callback_gate {
 public:
  /// `public_url`: our listener as the carriers reach it. Signatures are checked against it and never against what the
  /// request's Host header says. `warn` gets at most one line a minute per kind of refusal.
  callback_gate(std::string public_url, std::size_t body_bytes_max, account_source accounts, const clock& time,
                std::function<void(std::string)> warn);

  /// A callback as it came. Views the request.
  struct received {
    std::string url;
    carriers::callback_request what;  // views `url`: no copies
    received() = default;
    received(const received&) = delete;
    received& operator=(const received&) = delete;
  };
  void receive(const http_request& request, received& into) const;

  /// Whose it is; none: refuse it for `why`.
  std::shared_ptr<const owned_account> admit(carriers::carrier_kind kind, const received& callback,
                                             callback_refusal& why) const;

  /// Counts, warns and answers. Any thread.
  void refuse(carriers::carrier_kind kind, callback_refusal why, const respond_function& respond);
  refusal_counts refused() const;

 private:
  void warn_seldom(carriers::carrier_kind kind, callback_refusal why);

  // Constant after construction.
  std::string public_url_;
  std::size_t body_bytes_max_;
  account_source accounts_;
  const clock& time_;
  std::function<void(std::string)> warn_;
  // Any thread.
  std::array<std::atomic<std::uint64_t>, callback_refusal_slots> refused_{};
  std::array<std::atomic<std::int64_t>, callback_refusal_slots> warn_after_us_{};
};

}  // namespace dialer::api
