// The judge is judged: what the books count, and how sure they are.

#include "tests/e2e/books.hpp"

#include <gtest/gtest.h>

#include "carriers/simulator/log_entry.hpp"
#include "tests/scratch.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::simulator::carrier_name;
using carriers::simulator::log_entry;
using carriers::simulator::log_event;

constexpr utc_time start{1'790'089'200s};

std::vector<arrival> known(std::initializer_list<std::chrono::microseconds> times) {
  std::vector<arrival> all;
  for (const auto at : times) all.push_back({start + at, start + at});
  return all;
}

TEST(MostWithin, Nothing_IsNone) {
  EXPECT_EQ(most_within({}, 1s), 0U);
}

TEST(MostWithin, KnownArrivals_CountsTheFullestHalfOpenInterval) {
  EXPECT_EQ(most_within(known({0s, 1s, 2s}), 1s), 1U) << "a second later is another second";
  EXPECT_EQ(most_within(known({0s, 999'999us, 1s}), 1s), 2U);
  EXPECT_EQ(most_within(known({0s, 5s, 5s, 5'500ms, 5'999ms, 6s}), 1s), 4U);
}

TEST(MostWithin, ArrivalsOfUnknownTime_AreTakenAsFarApartAsTheyMayHaveBeen) {
  // Two that were read together may have arrived a second apart: no excess is proven.
  EXPECT_EQ(most_within({{start, start + 1s}, {start, start + 1s}}, 1s), 1U);
  EXPECT_EQ(most_within({{start + 1us, start + 1s}, {start + 1us, start + 1s}}, 1s), 2U);
}

class Books : public testing::Test {
 protected:
  void add(log_event event, std::chrono::microseconds at, std::chrono::microseconds behind = 0us) {
    log_entry entry;
    entry.event = event;
    entry.at = start + at;
    entry.behind_us = behind.count();
    if (event == log_event::create_received) {
      entry.carrier = carrier_name::twilio;
      entry.request = ++requests_;
      entry.to = "+12125550111";
      entry.from = "+12125550199";
    }
    append_log_line(text_, entry);
  }
  std::filesystem::path log() const { return dir_.file("carriers.log", text_); }

  scratch dir_;
  std::string text_;
  std::uint64_t requests_ = 0;
};

TEST_F(Books, CreatesOfASpell_MayHaveArrivedAtItsBegin) {
  add(log_event::create_received, 0ms);
  add(log_event::create_received, 110ms);
  add(log_event::fell_behind, 200ms, 100ms);
  add(log_event::create_received, 201ms);
  add(log_event::fell_behind, 300ms, 99ms);  // goes on
  add(log_event::create_received, 400ms);
  const auto creates = read_creates(log());
  ASSERT_EQ(creates.size(), 4U);
  EXPECT_EQ(creates[0].arrived_from, start);
  EXPECT_EQ(creates[1].arrived_from, start + 100ms);
  EXPECT_EQ(creates[2].arrived_from, start + 100ms);
  EXPECT_EQ(creates[3].arrived_from, start + 400ms);
  EXPECT_EQ(creates[3].from, "+12125550199");
}

TEST_F(Books, UnsureTime_IsTheSumOfSpellsAndTheLongestOfThem) {
  add(log_event::simulator_started, 0ms);
  add(log_event::fell_behind, 200ms, 100ms);
  add(log_event::fell_behind, 300ms, 99ms);
  add(log_event::fell_behind, 1s, 50ms);
  add(log_event::simulator_stopped, 2'500ms);
  const unsure_time found = read_unsure(log());
  EXPECT_EQ(found.longest, 200ms);
  EXPECT_EQ(found.sum, 250ms);
  EXPECT_DOUBLE_EQ(found.share(), 0.1);
}

TEST_F(Books, UnsureAfterAnInstant_LastsUntilNoMoreIsTakenForEarlier) {
  add(log_event::simulator_started, 0ms);
  add(log_event::fell_behind, 200ms, 100ms);
  add(log_event::create_received, 202ms);
  add(log_event::create_received, 203ms);
  add(log_event::fell_behind, 1s, 50ms);
  const unsure_time found = read_unsure(log());
  EXPECT_EQ(found.after(start + 99ms), 0us) << "whatever is read in the spell counts as later";
  EXPECT_EQ(found.after(start + 100ms), 102ms);
  EXPECT_EQ(found.after(start + 201ms), 1ms);
  EXPECT_EQ(found.after(start + 202ms), 0us);
  EXPECT_EQ(found.after(start + 951ms), 51ms);
  EXPECT_EQ(found.after(start + 2s), 0us);
  const auto creates = read_creates(log());
  EXPECT_LE(creates[0].arrived_from, start + 100ms);
  EXPECT_GT(creates[1].arrived_from, start + 100ms);
}

TEST_F(Books, UnsureTimeOfAnEmptyLog_IsAllOfIt) {
  EXPECT_EQ(read_unsure(log()).share(), 1);
}

}  // namespace
}  // namespace dialer::e2e
