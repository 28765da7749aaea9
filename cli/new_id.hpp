#pragma once

#include "model/ids.hpp"

namespace dialer::cli {

/// A fresh 128-bit identifier: wall clock and the kernel's randomness. Any thread.
id128 new_id();

}  // namespace dialer::cli
