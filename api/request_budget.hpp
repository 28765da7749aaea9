#pragma once
// How many requests each API key may make, and what its client is told about that.

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "api/http_server.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::api {

struct request_rate {
  double per_second = 0;    ///< 0: no limit; else at most 10,000
  std::uint32_t burst = 1;  ///< requests at once after a silence; at least 1
};

/// A token bucket for each key: full it holds `burst` requests, and it fills by `per_second`. Time is passed in. One
/// thread.
class request_budget {
 public:
  explicit request_budget(const request_rate& rate);

  struct verdict {
    bool taken = true;
    std::int64_t left = 0;              ///< requests that may follow at once
    std::chrono::seconds more_after{};  ///< then there is one more; rounded up, at least 1
  };
  /// Takes one request, or nothing and says after what time there is one.
  verdict take(api_key_id key, steady_time now);

  /// RateLimit-Policy, RateLimit and, of a refusal, Retry-After, after draft-ietf-httpapi-ratelimit-headers-11. Nothing
  /// where there is no limit.
  http_headers headers_of(const verdict& given) const;

  /// Keys that are remembered: those whose bucket is not full, and some more.
  std::size_t keys() const { return full_at_.size(); }

 private:
  void forget_full_ones(steady_time now);

  const std::int64_t burst_;
  const std::chrono::microseconds interval_;  // in which one request is earned; 0: no limit
  const std::string policy_;
  std::unordered_map<api_key_id, steady_time> full_at_;  // when the bucket is full again, if nothing more is taken
  std::size_t forget_at_ = 1'024;                        // keys
};

}  // namespace dialer::api
