#pragma once

#include <string>

#include "api/instants.hpp"

namespace dialer::cli {

using api::parse_instant;
using api::to_text;

/// What --at names; without it, now. Throws usage_error.
utc_time read_at(const std::string& at);

}  // namespace dialer::cli
