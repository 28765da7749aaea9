#pragma once
// Standard Webhooks 1.0: how a message is signed, and with what.

#include <functional>
#include <string>
#include <string_view>

#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::api {

/// "whsec_" and 32 random bytes in base64. Throws std::runtime_error without randomness.
std::string make_webhook_secret();

/// The value of `webhook-signature` for one secret: "v1," and the HMAC-SHA256 of "id.timestamp.body" in base64.
/// `timestamp` in Unix seconds. Throws std::invalid_argument for what is no secret.
std::string sign_webhook(std::string_view secret, std::string_view message, std::int64_t timestamp,
                         std::string_view body);

/// Secrets as the database keeps them: unreadable, and bound to their row. Given by the wiring; both throw
/// std::runtime_error that says what is wrong and what to do about it.
struct webhook_sealing {
  std::function<std::string(std::string_view secret, organisation_id, webhook_id)> seal;
  std::function<std::string(const std::string& sealed, organisation_id, webhook_id)> open;
};

}  // namespace dialer::api
