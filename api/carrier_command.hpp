#pragma once

#include "api/carrier_exchange.hpp"
#include "carriers/account.hpp"
#include "carriers/telnyx_command.hpp"

namespace dialer::api {

/// Sends a command over the account, once, and waits for what became of it. Throws std::invalid_argument when the
/// account can't stand in a request.
carriers::command_answer command_over(carrier_exchange& exchange, const carriers::account& account,
                                      const carriers::telnyx_command& command);

}  // namespace dialer::api
