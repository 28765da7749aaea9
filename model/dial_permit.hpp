#pragma once

#include <utility>

#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

namespace dialer {

namespace compliance {
class gate;
}

/// Proof that the compliance gate allowed one call. Only the gate can make one; a carrier takes one by value, so a path
/// that skips the gate does not compile. Move-only: one permit, one call. Bound to what was judged.
class dial_permit {
 public:
  dial_permit(dial_permit&& other) noexcept { *this = std::move(other); }
  dial_permit& operator=(dial_permit&& other) noexcept {
    contact_ = std::exchange(other.contact_, {});
    to_ = std::exchange(other.to_, {});
    caller_id_ = std::exchange(other.caller_id_, {});
    integration_ = std::exchange(other.integration_, {});
    send_before_ = other.send_before_;
    window_closes_ = other.window_closes_;
    return *this;
  }
  dial_permit(const dial_permit&) = delete;
  dial_permit& operator=(const dial_permit&) = delete;

  contact_id contact() const noexcept { return contact_; }
  e164 to() const noexcept { return to_; }
  e164 caller_id() const noexcept { return caller_id_; }
  integration_id integration() const noexcept { return integration_; }
  /// The request's first byte may not leave after this instant of the steady clock.
  steady_time send_before() const noexcept { return send_before_; }
  /// The first instant at which ringing is unlawful again.
  utc_time window_closes() const noexcept { return window_closes_; }

  /// False once moved from or past either bound.
  bool valid_at(instant now) const noexcept {
    return static_cast<bool>(to_) && now.steady < send_before_ && now.utc < window_closes_;
  }

 private:
  friend class compliance::gate;
  dial_permit(contact_id contact, e164 to, e164 caller_id, integration_id integration, steady_time send_before,
              utc_time window_closes) noexcept
      : contact_{contact},
        to_{to},
        caller_id_{caller_id},
        integration_{integration},
        send_before_{send_before},
        window_closes_{window_closes} {}

  contact_id contact_;
  e164 to_;
  e164 caller_id_;
  integration_id integration_;
  steady_time send_before_;
  utc_time window_closes_;
};

}  // namespace dialer
