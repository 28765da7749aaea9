// The engine is killed with SIGKILL at random moments; carriers and database live on. Nothing may be lost or called
// twice, and dialing goes on at once.

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "cli/audit.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::simulator::carrier_name;

constexpr unsigned twilio_cps = 300;
constexpr unsigned telnyx_dps = 100;
constexpr auto first_dial_limit = 5s;

// Contacts a kill cycle uses up on average: the list must last for all kills.
std::chrono::milliseconds longest_life() {
  const double share = 0.6 * static_cast<double>(wanted.contacts) / wanted.kills;
  return std::chrono::milliseconds{static_cast<std::int64_t>(2000 * share / twilio_cps)};
}

TEST(KillLoop, EngineKilledAtRandomMoments_NothingLostNothingTwiceDialsWithinSeconds) {
  rig_options options = quick_rig({twilio_cps, telnyx_dps});
  options.scenario += acting_faults();
  options.wanted.ring_timeout = 5s;
  options.wanted.call_time_limit = 30s;
  rig installation{options};
  installation.import(installation.campaigns().front(), wanted.contacts);
  installation.start_campaign(installation.campaigns().front());

  std::mt19937_64 random{wanted.seed};
  const auto random_time = [&](std::chrono::milliseconds most) {
    return std::chrono::milliseconds{std::uniform_int_distribution<std::int64_t>{0, most.count()}(random)};
  };
  log_tail carriers{installation.log()};
  std::chrono::microseconds slowest{0};
  for (unsigned kill = 0; kill <= wanted.kills; ++kill) {
    (void)carriers.more();
    const utc_time started = installation.time().now().utc;
    process& engine = installation.start_engine();
    const bool last = kill == wanted.kills;
    // Every fifth engine dies young: while it connects, takes over, or sends its first calls.
    if (kill % 5 == 4 && !last) {
      engine.wait(random_time(1500ms));
    } else {
      std::vector<create> first;
      const bool dialed = eventually(first_dial_limit, [&] {
        first = carriers.more();
        return !first.empty() || !engine.running();
      });
      ASSERT_TRUE(engine.running()) << "start " << kill << ": " << installation.engine_words();
      ASSERT_TRUE(dialed) << "start " << kill << " did not dial within 5 s\n" << installation.engine_words();
      slowest = std::max(slowest, first.front().at - started);
      if (!last) engine.wait(random_time(longest_life()));
    }
    if (!last) {
      ASSERT_TRUE(engine.running()) << "start " << kill << ": " << installation.engine_words();
      engine.kill();
    }
  }

  sql::session session = installation.open();
  contact_sums sums;
  const bool all_tried = eventually(60s + 10ms * wanted.contacts, [&] {
    sums = sum_contacts(session, installation.organisation());
    return sums.fresh == 0 && sums.waiting == 0;
  });
  EXPECT_TRUE(all_tried) << sums.fresh << " fresh and " << sums.waiting << " waiting contacts remain";
  eventually(wanted.settle ? std::chrono::milliseconds{8min} : 3s, [&] {
    sums = sum_contacts(session, installation.organisation());
    return sums.open == 0;
  });
  installation.engine().signal(SIGTERM);
  EXPECT_EQ(installation.engine().wait(15s), 0) << installation.engine_words();
  installation.stop_carriers();

  sums = sum_contacts(session, installation.organisation());
  const auto creates = read_creates(installation.log());
  const cli::audit_result audit = cli::audit(session, installation.organisation(), installation.log().string());
  const token_findings tokens = compare(installation, creates);
  std::cout << "kills " << wanted.kills << ", contacts " << sums.contacts << ": done " << sums.done << ", open "
            << sums.open << ", waiting " << sums.waiting << ", fresh " << sums.fresh << "\ncreates " << creates.size()
            << ", attempted " << audit.attempted << ", acknowledged " << audit.acknowledged << ", lost " << audit.lost
            << ", unexpected " << audit.unexpected << ", duplicated " << audit.duplicated << ", recovered "
            << audit.recovered << ", unresolved " << audit.unresolved << "\nby token: " << tokens
            << "\nslowest first dial after a start: " << slowest.count() / 1000 << " ms\n";
  for (const std::string& each : audit.examples) std::cout << "  " << each << '\n';
  EXPECT_EQ(sums.misplaced, 0U);
  EXPECT_EQ(sums.contacts, wanted.contacts);
  EXPECT_EQ(audit.lost, 0U);
  EXPECT_EQ(audit.unexpected, 0U);
  EXPECT_EQ(audit.duplicated, 0U);
  EXPECT_GT(audit.recovered, 0U);
  EXPECT_EQ(tokens, token_findings{});
  // The accounts' limits hold across the kills, too.
  const std::size_t twilio_most = most_within(arrivals(creates, carrier_name::twilio), 1s);
  const std::size_t telnyx_most = most_within(arrivals(creates, carrier_name::telnyx), 5s);
  std::cout << "at most " << twilio_most << " of " << twilio_cps << " creates in any second, " << telnyx_most << " of "
            << 5 * telnyx_dps << " in any five\n";
  const unsure_time unsure = read_unsure(installation.log());
  std::cout << unsure << '\n';
  EXPECT_LT(unsure.share(), unsure_share_max) << "the limits can't be judged";
  EXPECT_LE(twilio_most, twilio_cps);
  EXPECT_LE(telnyx_most, 5 * telnyx_dps);
  EXPECT_LT(slowest, first_dial_limit);
  if (wanted.settle) {
    EXPECT_EQ(sums.open, 0U);
  }
}

}  // namespace
}  // namespace dialer::e2e
