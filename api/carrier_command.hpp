#pragma once

#include "carriers/account.hpp"
#include "carriers/telnyx_command.hpp"

namespace dialer::api {

/// Sends a command over the account, once, on a connection of its own, and waits: eight seconds at most. Throws
/// std::invalid_argument when the account can't stand in a request.
carriers::command_answer command_over(const carriers::account& account, const carriers::telnyx_command& command);

}  // namespace dialer::api
