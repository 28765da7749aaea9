#pragma once

#include <optional>

#include "api/http_server.hpp"

namespace dialer::api {

/// Makes a body that came packed plain. What it returns refuses the request: no gzip, or too large. A small body may be
/// a large one packed, and costs a thousand times of what it cost to send: never on the listener's thread, and not
/// before it is known who sends.
std::optional<http_response> unpack_body(http_request& request);

}  // namespace dialer::api
