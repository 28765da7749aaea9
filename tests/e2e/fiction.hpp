#pragma once
// Phone numbers that ring nowhere, wherever the law's window is open.

#include <cstddef>
#include <string>
#include <vector>

#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::e2e {

struct fictitious {
  e164 number;
  std::string place;  ///< lane: text form of compliance::place
};

/// Every number reserved for fiction that may be called at `now` and for two hours after it: +1 NPA 555 01xx of all
/// area codes and Ofcom's drama numbers. Some 50,000, in an order that mixes area codes.
std::vector<fictitious> open_numbers(utc_time now);

}  // namespace dialer::e2e
