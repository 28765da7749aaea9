#pragma once

#include "model/ids.hpp"

namespace dialer::cli {

/// 128 bits of the kernel's randomness. Any thread.
id128 random_128();

/// A fresh 128-bit identifier: wall clock and the kernel's randomness. Any thread.
id128 new_id();

}  // namespace dialer::cli
