#include "campaigns/contact_lane.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "model/random.hpp"

namespace dialer::campaigns {
namespace {

using namespace std::chrono_literals;

constexpr utc_time start{std::chrono::seconds{1'795'000'000}};

contact fresh(std::uint64_t id) {
  contact made;
  made.id = contact_id{id};
  made.number = e164::from_digits(12125550100 + id % 100);
  return made;
}

contact waiting(std::uint64_t id, utc_time due_at) {
  contact made = fresh(id);
  made.fresh = false;
  made.due_at = due_at;
  return made;
}

TEST(ContactLane, WaitingContacts_ComeBeforeFreshOnes) {
  contact_lane lane{3, contact_id{10}, 8};
  EXPECT_TRUE(lane.wants_page(start));
  EXPECT_EQ(lane.room(), 8U);
  lane.asked(8);
  EXPECT_FALSE(lane.wants_page(start)) << "one page at a time";
  lane.loaded(std::vector{waiting(2, start), fresh(11), fresh(12)}, false, std::nullopt);
  lane.asked(5);
  lane.loaded(std::vector{waiting(5, start + 1s)}, true, start + 1h);
  EXPECT_EQ(lane.take().id.value, 2U);
  EXPECT_EQ(lane.take().id.value, 5U);
  EXPECT_EQ(lane.take().id.value, 11U);
  EXPECT_EQ(lane.fresh_cursor().value, 12U);
  EXPECT_EQ(lane.wait_cursor(), start + 1s);
  EXPECT_EQ(lane.wait_cursor_id().value, 5U);
}

TEST(ContactLane, Through_StopsBeforeTheFirstContactThatIsNotDurable) {
  contact_lane lane{0, contact_id{}, 8};
  lane.asked(8);
  lane.loaded(std::vector{fresh(5), fresh(7), fresh(9), fresh(20)}, true, std::nullopt);
  const contact first = lane.take();
  lane.take();
  lane.take();
  lane.durable(contact_id{7});
  lane.durable(contact_id{9});
  EXPECT_EQ(lane.through().value, 0U);
  lane.put_back(first);
  EXPECT_EQ(lane.front().id.value, 5U) << "what was put back comes next";
  lane.durable(contact_id{6});  // never loaded
  EXPECT_EQ(lane.through().value, 0U);
  lane.durable(lane.take().id);
  EXPECT_EQ(lane.through().value, 9U);
  lane.durable(lane.take().id);
  EXPECT_EQ(lane.through().value, 20U);
  EXPECT_TRUE(lane.empty());
}

TEST(ContactLane, WaitingContact_DoesNotMoveTheFreshCursor) {
  contact_lane lane{0, contact_id{50}, 8};
  lane.asked(8);
  lane.loaded(std::vector{waiting(60, start)}, true, std::nullopt);
  lane.durable(lane.take().id);
  EXPECT_EQ(lane.through().value, 50U);
  EXPECT_EQ(lane.fresh_cursor().value, 50U);
}

TEST(ContactLane, ExhaustedLane_AsksAgainWhenAContactIsDue) {
  contact_lane lane{0, {}, 4};
  lane.asked(4);
  lane.loaded({}, true, start + 10min);
  EXPECT_FALSE(lane.wants_page(start + 10min - 1us));
  EXPECT_TRUE(lane.wants_page(start + 10min));
  lane.waits_until(start + 5min);
  EXPECT_TRUE(lane.wants_page(start + 5min));
  lane.asked(4);
  lane.waits_until(start + 7min);  // written while the page was being read
  lane.more_fresh();
  lane.loaded({}, true, start + 10min);
  EXPECT_FALSE(lane.fresh_exhausted()) << "the import may have come after the page was read";
  EXPECT_EQ(lane.next_due(), start + 7min);
}

TEST(ContactLane, FullPage_MayHideMoreDueContacts) {
  contact_lane lane{0, {}, 2};
  lane.asked(2);
  lane.loaded(std::vector{waiting(1, start), waiting(2, start)}, true, std::nullopt);
  EXPECT_FALSE(lane.wants_page(start)) << "no room";
  lane.take();
  EXPECT_TRUE(lane.wants_page(start));
}

TEST(ContactLane, FailedPage_IsAskedForAgain) {
  contact_lane lane{0, {}, 2};
  lane.asked(2);
  EXPECT_EQ(lane.room(), 0U);
  lane.failed();
  EXPECT_TRUE(lane.wants_page(start));
}

TEST(ContactLane, StuckContact_BoundsWhatIsLoadedBeyondIt) {
  contact_lane lane{0, {}, 4};
  std::uint64_t next = 1;
  for (int page = 0; page < 100; ++page) {
    std::vector<contact> contacts;
    const std::uint32_t room = lane.room();
    for (std::uint32_t i = 0; i < room; ++i) contacts.push_back(fresh(next++));
    lane.asked(room);
    lane.loaded(contacts, false, std::nullopt);
    while (!lane.empty()) {
      const contact taken = lane.take();
      if (taken.id.value != 1) lane.durable(taken.id);
    }
  }
  EXPECT_EQ(next - 1, 4U * contact_lane::outstanding_factor);
  EXPECT_EQ(lane.through().value, 0U);
  lane.durable(contact_id{1});
  EXPECT_EQ(lane.through().value, next - 1);
  EXPECT_EQ(lane.room(), 4U);
}

/// Against a model that keeps every id: random loads, takes, put-backs and commits.
TEST(ContactLane, RandomSchedules_ThroughIsAlwaysTheModels) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    random_source random{seed};
    contact_lane lane{0, contact_id{100}, 16};
    std::vector<std::uint64_t> loaded;
    std::set<std::uint64_t> touched;
    std::vector<contact> in_hand;
    std::uint64_t next = 100;
    for (int step = 0; step < 2000; ++step) {
      const auto choice = random.below(4);
      if (choice == 0 && lane.room() > 0) {
        const std::uint32_t count = static_cast<std::uint32_t>(random.below(lane.room()) + 1);
        std::vector<contact> contacts;
        for (std::uint32_t i = 0; i < count; ++i) contacts.push_back(fresh(next += 1 + random.below(5)));
        for (const contact& each : contacts) loaded.push_back(each.id.value);
        lane.asked(count);
        lane.loaded(contacts, false, std::nullopt);
      } else if (choice == 1 && !lane.empty()) {
        in_hand.push_back(lane.take());
      } else if (choice == 2 && !in_hand.empty() && random.chance(0.3)) {
        lane.put_back(in_hand.back());
        in_hand.pop_back();
      } else if (choice == 3 && !in_hand.empty()) {
        const std::size_t which = random.below(in_hand.size());
        touched.insert(in_hand[which].id.value);
        lane.durable(in_hand[which].id);
        in_hand.erase(in_hand.begin() + static_cast<std::ptrdiff_t>(which));
      }
      std::uint64_t expected = 100;
      for (const std::uint64_t id : loaded) {
        if (!touched.contains(id)) break;
        expected = id;
      }
      ASSERT_EQ(lane.through().value, expected) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace dialer::campaigns
