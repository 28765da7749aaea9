#include "carriers/http/connect_pacer.hpp"

#include <algorithm>

namespace dialer::carriers::http {

connect_pacer::connect_pacer(std::size_t handshakes_per_second, std::uint64_t seed)
    : interval_{std::chrono::nanoseconds{std::chrono::seconds{1}} / static_cast<std::int64_t>(handshakes_per_second)},
      random_{seed} {}

connect_pacer::time_point connect_pacer::next_at() const {
  // At least one set-up fits into the window, however small the budget.
  const auto window = std::max<std::chrono::nanoseconds>(burst_window - interval_, std::chrono::nanoseconds{0});
  return std::max(budget_at_ - window, paused_until_);
}

bool connect_pacer::try_take(time_point now) {
  if (now < next_at()) return false;
  budget_at_ = std::max(budget_at_, now) + interval_;
  return true;
}

void connect_pacer::on_success() {
  failures_ = 0;
  paused_until_ = {};
}

void connect_pacer::on_failure(time_point started, time_point now) {
  if (failures_ != 0 && started <= last_failure_) return;
  last_failure_ = now;
  const std::chrono::milliseconds ceiling = std::min(pause_first * (1U << std::min(failures_, 16U)), pause_max);
  ++failures_;
  // Full jitter, but never immediately: a refused connection costs nothing and would spin.
  const auto half = static_cast<std::uint64_t>(ceiling.count()) / 2;
  paused_until_ = now + std::chrono::milliseconds{half + random_.below(half + 1)};
}

}  // namespace dialer::carriers::http
