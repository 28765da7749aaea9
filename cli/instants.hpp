#pragma once

#include "api/instants.hpp"

namespace dialer::cli {

using api::parse_instant;
using api::to_text;

}  // namespace dialer::cli
