#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.hpp"

namespace dialer::carriers {

/// Stored as its number: append only.
enum class carrier_kind : std::uint8_t { twilio = 1, telnyx = 2 };

/// One carrier account (an integration). Immutable snapshot; secrets never reach a log.
struct account {
  integration_id id;
  carrier_kind kind = carrier_kind::twilio;
  std::string name;
  std::string base_url;            ///< "https://api.twilio.com"; https only, except in tests of the refusal
  std::string ca_file;             ///< PEM of an extra certification authority (a simulator's); empty = the system's
  std::string account_sid;         ///< Twilio: AC…; Telnyx: the account's id as its portal shows it, or empty
  std::string connection_id;       ///< Telnyx: Call Control application, none yet: empty; Twilio: empty
  std::string secret;              ///< Twilio: auth token; Telnyx: API key
  std::string secondary_secret;    ///< Twilio: the other auth token during rotation, or empty
  std::string webhook_public_key;  ///< Telnyx: Ed25519 key, base64
  double calls_per_second = 1;     ///< the account's limit at the carrier: Twilio CPS, Telnyx dials per second
  std::uint32_t concurrent_calls_max = 0;  ///< 0 = none known
  bool frozen = false;                     ///< no call starts over it; those under way are followed to their end
  std::string unusable;                    ///< why it can't be used as it is set up, for a person; empty: it can
  friend bool operator==(const account&, const account&) = default;
};

/// What the carrier's callbacks call the account by; empty: nothing yet.
const std::string& account_key(const account& value);

/// All that names the account at its carrier.
std::vector<std::string> account_names(const account& value);

/// What a Telnyx account lacks for calls, and what to do about it; empty: nothing. One that lacks something still holds
/// numbers.
std::string missing_for_calls(const account& value);

/// True when the carrier takes calls above its pace and starts them later (Twilio); others refuse them.
bool queues_calls(carrier_kind kind);

/// True when base_url points at 127.0.0.0/8, [::1] or "localhost": a simulator, not a carrier.
bool on_loopback(const account& value);

}  // namespace dialer::carriers
