#pragma once

#include <memory>

#include "carriers/number_codec.hpp"

namespace dialer::carriers {

/// Throws std::invalid_argument, naming the field, for an account that cannot be spoken for.
std::unique_ptr<number_codec> make_telnyx_numbers(const account& value);

}  // namespace dialer::carriers
