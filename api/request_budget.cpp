#include "api/request_budget.hpp"

#include <algorithm>
#include <cmath>

namespace dialer::api {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr const char* policy_name = "\"key\"";

microseconds interval_of(const request_rate& rate) {
  return rate.per_second > 0 ? microseconds{std::llround(1e6 / rate.per_second)} : microseconds{0};
}

seconds rounded_up(microseconds wait) {
  return std::max(std::chrono::ceil<seconds>(wait), seconds{1});
}

}  // namespace

request_budget::request_budget(const request_rate& rate)
    : burst_{std::max<std::int64_t>(rate.burst, 1)},
      interval_{interval_of(rate)},
      policy_{std::string(policy_name) + ";q=" + std::to_string(burst_) +
              ";w=" + std::to_string(rounded_up(burst_ * interval_).count())} {}

request_budget::verdict request_budget::take(api_key_id key, steady_time now) {
  if (interval_.count() == 0) return {};
  if (full_at_.size() >= forget_at_) forget_full_ones(now);
  steady_time& full_at = full_at_[key];
  full_at = std::max(full_at, now);
  verdict given;
  given.taken = full_at - now <= (burst_ - 1) * interval_;
  if (given.taken) full_at += interval_;
  const std::int64_t missing = (full_at - now + interval_ - microseconds{1}) / interval_;
  given.left = burst_ - missing;
  given.more_after = rounded_up(full_at - now - (burst_ - given.left - 1) * interval_);
  return given;
}

http_headers request_budget::headers_of(const verdict& given) const {
  if (interval_.count() == 0) return {};
  const std::string after = std::to_string(given.more_after.count());
  http_headers all{{"RateLimit-Policy", policy_},
                   {"RateLimit", std::string(policy_name) + ";r=" + std::to_string(given.left) + ";t=" + after}};
  if (!given.taken) all.emplace_back("Retry-After", after);
  return all;
}

// A full bucket is as good as none.
void request_budget::forget_full_ones(steady_time now) {
  std::erase_if(full_at_, [now](const auto& each) { return each.second <= now; });
  forget_at_ = std::max<std::size_t>(1'024, 2 * full_at_.size());
}

}  // namespace dialer::api
