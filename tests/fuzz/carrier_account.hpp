#pragma once
// What the fuzz targets of the carriers' answers share.

#include <cstdlib>

#include "carriers/account.hpp"

namespace dialer::carriers {

/// Fit for the codecs of either carrier.
inline account fuzzed_account(carrier_kind kind) {
  account value;
  value.kind = kind;
  value.base_url = "https://carrier.example.com";
  value.account_sid = "AC0123456789abcdef0123456789abcdef";
  value.connection_id = "1";
  value.secret = "s";
  return value;
}

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace dialer::carriers
