#pragma once

#include "api/carrier_exchange.hpp"
#include "api/hand_overs.hpp"

namespace dialer::api {

/// Posts to an agent's application, which is at an address that a customer chose: as post_webhooks() does it, within
/// three and a half seconds. Over an account on loopback, a simulated carrier, the agent is simulated as well: no
/// application hears of calls that never were. The carrier's address is then asked for "/agent/" and the URL without
/// its scheme.
agent_answer post_to_agent(carrier_exchange& exchange, const carriers::account& over, const agent_post& what);

}  // namespace dialer::api
