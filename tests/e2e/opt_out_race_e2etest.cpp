// People opt out while the engine is about to call them. After the acknowledgement no request for their number leaves.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "sql/opt_outs.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/fiction.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

// The numbers of the largest lane: one lane is dialed in order, so that who is next is known.
std::vector<fictitious> one_lane(utc_time now) {
  std::map<std::string, std::vector<fictitious>> lanes;
  for (const fictitious& each : open_numbers(now)) lanes[each.place].push_back(each);
  return std::ranges::max_element(lanes, {}, [](const auto& lane) { return lane.second.size(); })->second;
}

class frontier {
 public:
  explicit frontier(const std::vector<fictitious>& list) {
    for (const fictitious& each : list) ahead_.push_back(each.number);
  }
  void dialed(const std::vector<create>& creates) {
    for (const create& each : creates) dialed_.insert(e164::parse(each.to)->digits());
  }
  // One of the next numbers, none twice; nullopt at the end of the list.
  std::optional<e164> about_to_be_called(std::mt19937_64& random) {
    while (!ahead_.empty() && dialed_.contains(ahead_.front().digits())) ahead_.pop_front();
    if (ahead_.empty()) return std::nullopt;
    const std::size_t steps = std::min<std::size_t>(random() % 16, ahead_.size() - 1);
    const e164 picked = ahead_[steps];
    ahead_.erase(ahead_.begin() + static_cast<std::ptrdiff_t>(steps));
    return picked;
  }

 private:
  std::deque<e164> ahead_;
  std::unordered_set<std::uint64_t> dialed_;
};

TEST(OptOutRace, NumberAboutToBeCalled_NoRequestLeavesAfterTheAcknowledgement) {
  rig_options options;
  options.scenario = quick_carriers(60, 30);
  options.accounts = {60, 30};
  options.wanted = unhindered();
  rig installation{options};
  const std::vector<fictitious> list = one_lane(installation.time().now().utc);
  installation.import(installation.campaigns().front(), list);
  installation.start_campaign(installation.campaigns().front());
  frontier next{list};
  log_tail carriers{installation.log()};
  process& engine = installation.start_engine();
  ASSERT_TRUE(eventually(10s, [&] {
    const auto more = carriers.more();
    next.dialed(more);
    return !more.empty();
  })) << installation.engine_words();

  std::mt19937_64 random{wanted.seed};
  sql::session session = installation.open();
  std::unordered_map<std::string, utc_time> acknowledged;
  std::vector<std::chrono::microseconds> delays;
  std::size_t only_stored = 0;
  for (unsigned races = 0; races < wanted.races;) {
    std::vector<e164> who;
    for (std::size_t n = std::min<std::size_t>(1 + random() % 8, wanted.races - races); n > 0; --n) {
      const auto one = next.about_to_be_called(random);
      ASSERT_TRUE(one) << "the list ended after " << races << " races";
      who.push_back(*one);
    }
    const utc_time asked = installation.time().now().utc;
    const std::uint64_t generation = sql::add_opt_outs(session, installation.organisation(), who, "e2e");
    const bool applied = sql::wait_applied(session, installation.organisation(), generation, 5s);
    const utc_time told = installation.time().now().utc;
    delays.push_back(told - asked);
    if (applied) {
      for (const e164 each : who) acknowledged.emplace(each.text(), told);
    } else {
      ++only_stored;
    }
    races += static_cast<unsigned>(who.size());
    next.dialed(carriers.more());
    ASSERT_TRUE(engine.running()) << installation.engine_words();
  }
  // Whoever could still be called gets the time to be.
  const std::size_t later = 300;
  std::size_t dialed = 0;
  EXPECT_TRUE(eventually(20s, [&] { return (dialed += carriers.more().size()) >= later; }));
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();
  installation.stop_carriers();

  std::size_t before = 0;
  std::size_t after = 0;
  for (const create& each : read_creates(installation.log())) {
    const auto told = acknowledged.find(each.to);
    if (told == acknowledged.end()) continue;
    (each.at > told->second ? after : before) += 1;
  }
  std::ranges::sort(delays);
  const auto ms = [](std::chrono::microseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  std::cout << wanted.races << " races in " << delays.size() << " requests: " << before
            << " numbers called before the acknowledgement, " << after << " after it, " << acknowledged.size() - before
            << " never; acknowledged after " << ms(delays[delays.size() / 2]) << " ms (median), "
            << ms(delays[delays.size() * 99 / 100]) << " ms (99 %), " << ms(delays.back())
            << " ms (longest); stored but not confirmed within 5 s: " << only_stored << '\n';
  EXPECT_EQ(after, 0U);
  EXPECT_GT(before, 0U) << "no race was close";
  EXPECT_LT(before, acknowledged.size()) << "no race was close";
  EXPECT_EQ(only_stored, 0U);
}

}  // namespace
}  // namespace dialer::e2e
