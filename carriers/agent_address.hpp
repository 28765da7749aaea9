#pragma once

#include <cstddef>
#include <string_view>

namespace dialer::carriers {

/// A carrier's limit on a SIP URI (Twilio: under 255 characters), less what is added to it: the attempt's token.
inline constexpr std::size_t sip_address_bytes_max = 128;

/// How long an agent rings at its SIP address, until whoever is next in line is asked.
inline constexpr int sip_ring_timeout_s = 30;

/// True for "sip:" and "sips:".
bool is_sip_address(std::string_view address);

/// Why an agent can't be reached there, as the end of a sentence; empty: it can. An agent answers at an https URL (on
/// loopback http will do), or at a SIP address.
std::string_view agent_address_fault(std::string_view address);

}  // namespace dialer::carriers
