#pragma once

namespace dialer::compliance {

/// Starts reading the cache line at `address`, which may be any address. GCC 12 takes a function that does nothing but
/// prefetch for one without effect and removes the calls to it; the empty assembly is an effect in its eyes.
inline void prefetch_line(const void* address) noexcept {
  __builtin_prefetch(address);
  asm volatile("" : : "r"(address));
}

}  // namespace dialer::compliance
