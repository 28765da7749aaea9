// People opt out while the engine is about to call them. After the acknowledgement no request for their number leaves.

#include <gtest/gtest.h>

#include <algorithm>
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

constexpr std::size_t list_length = 25'000;

// The list as the engine works through it: lane by lane, each in order.
class frontier {
 public:
  explicit frontier(utc_time now) {
    std::vector<fictitious> numbers = open_numbers(now);
    numbers.resize(list_length);
    for (const fictitious& each : numbers) lanes_[each.place].push_back(each.number);
    for (const auto& [place, lane] : lanes_) names_.push_back(&place);
  }
  void dialed(const std::vector<create>& creates) {
    for (const create& each : creates) dialed_.insert(e164::parse(each.to)->digits());
  }
  // One of the next numbers of some lane, none twice.
  e164 about_to_be_called(std::mt19937_64& random) {
    for (;;) {
      auto& lane = lanes_.at(*names_[random() % names_.size()]);
      while (!lane.empty() && dialed_.contains(lane.front().digits())) lane.erase(lane.begin());
      if (lane.empty()) continue;
      const std::size_t ahead = std::min<std::size_t>(random() % 6, lane.size() - 1);
      const e164 picked = lane[ahead];
      lane.erase(lane.begin() + static_cast<std::ptrdiff_t>(ahead));
      return picked;
    }
  }

 private:
  std::map<std::string, std::vector<e164>> lanes_;
  std::vector<const std::string*> names_;
  std::unordered_set<std::uint64_t> dialed_;
};

TEST(OptOutRace, NumberAboutToBeCalled_NoRequestLeavesAfterTheAcknowledgement) {
  rig_options options;
  options.scenario = quick_carriers(100, 50);
  options.accounts = {100, 50};
  options.wanted = unhindered();
  rig installation{options};
  installation.import(installation.campaigns().front(), 0, list_length);
  installation.start_campaign(installation.campaigns().front());
  frontier next{installation.time().now().utc};
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
    std::vector<e164> who(std::min<std::size_t>(1 + random() % 8, wanted.races - races));
    std::ranges::generate(who, [&] { return next.about_to_be_called(random); });
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
  const auto ms = [](std::chrono::microseconds time) { return std::chrono::duration<double, std::milli>(time).count(); };
  std::cout << wanted.races << " races in " << delays.size() << " requests: " << before
            << " numbers called before the acknowledgement, " << after << " after it, "
            << acknowledged.size() - before << " never; acknowledged after "
            << ms(delays[delays.size() / 2]) << " ms (median), "
            << ms(delays[delays.size() * 99 / 100]) << " ms (99 %), " << ms(delays.back())
            << " ms (longest); stored but not confirmed within 5 s: " << only_stored << '\n';
  EXPECT_EQ(after, 0U);
  EXPECT_GT(before, 0U) << "no race was close";
  EXPECT_LT(before, acknowledged.size()) << "no race was close";
  EXPECT_EQ(only_stored, 0U);
}

}  // namespace
}  // namespace dialer::e2e
