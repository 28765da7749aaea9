#pragma once
// Commands of Telnyx's Call Control: what a call that is up is told to do. Pure.

#include <cstdint>
#include <string>

#include "carriers/account.hpp"
#include "carriers/http/http_answer.hpp"

namespace dialer::carriers {

/// "POST /v2/calls/{call_ref}/actions/{action}". Telnyx ignores a command whose command_id it has seen on the call: one
/// that is sent again is done once.
struct telnyx_command {
  std::string call_ref;
  std::string action;
  std::string body;
};

/// One complete HTTP/1.1 request. Throws std::invalid_argument, as make_codec does.
std::string encode_command(const account& over, const telnyx_command& command);

enum class command_result : std::uint8_t {
  done,
  call_over,  ///< the caller has gone
  refused,    ///< certainly not done, and will not be
  again,      ///< not done, or nobody can tell: the same command (command_id) may be sent again
};
struct command_answer {
  command_result result = command_result::again;
  std::string why;  ///< the carrier's words, or what happened to the request; foreign input. Empty when done
};
command_answer decode_command(const http::http_answer& answer);

}  // namespace dialer::carriers
