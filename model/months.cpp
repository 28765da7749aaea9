#include "model/months.hpp"

namespace dialer {

utc_time months_after(utc_time first, int months) noexcept {
  using namespace std::chrono;
  const auto midnight = floor<days>(first);
  const year_month_day from{midnight};
  const year_month to = year_month{from.year(), from.month()} + std::chrono::months{months};
  year_month_day day{to.year(), to.month(), from.day()};
  if (!day.ok()) day = to.year() / to.month() / last;
  return sys_days{day} + (first - midnight);
}

}  // namespace dialer
