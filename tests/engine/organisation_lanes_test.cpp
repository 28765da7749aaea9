// Lanes: when their windows are judged again, and when they are asked for more contacts.

#include <gtest/gtest.h>

#include <utility>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

class lanes : public testing::Test, protected stage {};

// The window opens at eight. At one past eight by a clock that is two hours fast, it is six.
TEST_F(lanes, a_clock_that_is_set_back_closes_the_window_again) {
  config().campaigns[0].concurrent_calls_max = 1;
  now.utc = std::chrono::sys_days{std::chrono::year{2026} / 11 / 18} + 8h + 1min;
  add_contact(1);
  add_contact(2);
  start();
  ASSERT_EQ(sends.size(), 1U);
  now.utc -= 2h;
  accept(sends[0].attempt, "CA1");
  report(sends[0].attempt, "CA1", carriers::call_phase::ended, disposition::answered);
  wait(2s);
  EXPECT_EQ(sends.size(), 1U);
  EXPECT_EQ(machine->view(now).campaigns[0].lanes_closed, 1U);
  now.utc += 2h;
  wait(2s);
  EXPECT_EQ(sends.size(), 2U);
}

// Five seconds before the window closes at 21:00 a call could still ring after it.
TEST_F(lanes, no_call_is_placed_that_could_ring_after_hours) {
  const utc_time close = std::chrono::sys_days{std::chrono::year{2026} / 11 / 18} + 21h;
  for (const auto& [left, calls] : {std::pair{5s + 1us, 1U}, std::pair{std::chrono::microseconds{5s}, 0U}}) {
    stage at;
    at.now.utc = close - left;
    at.add_contact(1);
    at.start();
    EXPECT_EQ(at.sends.size(), calls);
    EXPECT_EQ(at.machine->view(at.now).campaigns[0].lanes_closed, 1U - calls);
  }
}

class no_zones : public compliance::zone_rules {
 public:
  bool knows(std::string_view) const override { return false; }
  std::optional<compliance::zone_offset> offset_at(std::string_view, utc_time) const override { return std::nullopt; }
  std::string version() const override { return "test"; }
};

// The system's data changed since the import: the contacts are none the worse for it.
TEST_F(lanes, contacts_of_a_zone_that_cannot_be_read_wait_until_it_can) {
  add_contact(1);
  const auto good = std::exchange(config().rules.zones, std::make_shared<no_zones>());
  start();
  wait(1h + 1min);
  EXPECT_TRUE(sends.empty());
  EXPECT_TRUE(ends.empty());
  EXPECT_EQ(machine->view(now).campaigns[0].lanes_closed, 1U);
  change([&](organisation_snapshot& to) { to.rules.zones = good; });
  wait(1s);
  EXPECT_EQ(sends.size(), 1U);
}

// An import that was killed announces nothing.
TEST_F(lanes, contacts_that_nobody_announced_are_found_within_ten_minutes) {
  start();
  add_contact(1);
  wait(9min);
  EXPECT_TRUE(sends.empty());
  wait(1min);
  EXPECT_EQ(sends.size(), 1U);
}

}  // namespace
}  // namespace dialer::engine
