#include "engine/send_queue.hpp"

namespace dialer::engine {

void remember_starts(carriers::call_budget& budget, integration_id account, const std::vector<past_start>& starts,
                     std::chrono::milliseconds send_within, instant now) {
  for (const past_start& each : starts) {
    if (each.integration != account) continue;
    const auto age = now.utc - each.decided_at;
    budget.remember(now.steady - age + send_within, now.steady);
  }
}

}  // namespace dialer::engine
