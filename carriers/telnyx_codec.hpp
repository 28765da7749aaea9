#pragma once

#include <memory>

#include "carriers/codec.hpp"

namespace dialer::carriers {

/// Throws std::invalid_argument, naming the field, for an account that cannot be spoken for.
std::unique_ptr<codec> make_telnyx_codec(const account& value);

}  // namespace dialer::carriers
