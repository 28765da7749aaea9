#pragma once
// Standard Webhooks 1.0: how a message is signed, and with what.

#include <cstdint>
#include <string>
#include <string_view>

namespace dialer::api {

/// "whsec_" and 32 random bytes in base64. Throws std::runtime_error without randomness.
std::string make_webhook_secret();

/// The value of `webhook-signature` for one secret: "v1," and the HMAC-SHA256 of "id.timestamp.body" in base64.
/// `timestamp` in Unix seconds. Throws std::invalid_argument for what is no secret.
std::string sign_webhook(std::string_view secret, std::string_view message, std::int64_t timestamp,
                         std::string_view body);

}  // namespace dialer::api
