// Two saturated accounts, judged by the carriers' own log: never above their limits, and hardly ever below.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::simulator::carrier_name;

constexpr unsigned twilio_cps = 50;
constexpr unsigned telnyx_dps = 30;

struct pace {
  std::vector<arrival> at;
  std::size_t refused = 0;

  // Share of `per_second` that was used between the first and the last create.
  double used(double per_second) const {
    const double seconds = std::chrono::duration<double>(at.back().at - at.front().at).count();
    return static_cast<double>(at.size() - 1) / (per_second * seconds);
  }
};

pace pace_of(const std::vector<create>& creates, carrier_name carrier) {
  const auto refused =
      std::ranges::count_if(creates, [&](const create& each) { return each.carrier == carrier && each.refused != 0; });
  return {arrivals(creates, carrier), static_cast<std::size_t>(refused)};
}

TEST(Pacing, SaturatedAccounts_LimitsKeptAndUsed) {
  rig installation{quick_rig({twilio_cps, telnyx_dps})};
  const std::size_t contacts = (twilio_cps + telnyx_dps) * (wanted.pacing_seconds + 10) + 200;
  installation.import(installation.campaigns().front(), contacts);
  installation.start_campaign(installation.campaigns().front());
  log_tail carriers{installation.log()};
  process& engine = installation.start_engine();
  ASSERT_TRUE(eventually(10s, [&] { return !carriers.more().empty(); })) << installation.engine_words();
  engine.wait(std::chrono::seconds{wanted.pacing_seconds});
  ASSERT_TRUE(engine.running()) << installation.engine_words();
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();
  installation.stop_carriers();

  const auto creates = read_creates(installation.log());
  ASSERT_LT(creates.size(), contacts) << "the list was too short to saturate the accounts";
  const pace twilio = pace_of(creates, carrier_name::twilio);
  const pace telnyx = pace_of(creates, carrier_name::telnyx);
  ASSERT_GT(twilio.at.size(), 100U);
  ASSERT_GT(telnyx.at.size(), 100U);
  std::cout << "twilio at 50 CPS: " << twilio.at.size() << " creates, at most " << most_within(twilio.at, 1s)
            << " in any second, " << 100 * twilio.used(twilio_cps) << " % used, " << twilio.refused << " refused\n"
            << "telnyx at 30 dials/s: " << telnyx.at.size() << " creates, at most " << most_within(telnyx.at, 5s)
            << " in any five seconds, " << 100 * telnyx.used(telnyx_dps) << " % used, " << telnyx.refused
            << " refused\n";
  const unsure_time unsure = read_unsure(installation.log());
  std::cout << unsure << '\n';
  EXPECT_LT(unsure.share(), unsure_share_max) << "the limits can't be judged";
  EXPECT_LE(most_within(twilio.at, 1s), twilio_cps);
  EXPECT_LE(most_within(telnyx.at, 5s), telnyx_dps * 5);
  EXPECT_GE(twilio.used(twilio_cps), 0.99);
  EXPECT_GE(telnyx.used(telnyx_dps), 0.99);
  EXPECT_EQ(twilio.refused + telnyx.refused, 0U);
}

}  // namespace
}  // namespace dialer::e2e
