// PostgreSQL is killed under load. Without a durable ledger nothing is dialed; when it is back, dialing goes on.

#include <gtest/gtest.h>

#include <iostream>

#include "cli/audit.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

TEST(DatabaseCrash, ServerKilledUnderLoad_DialingStopsAndResumesByItself) {
  rig_options options = quick_rig({200, 100});
  options.wanted.ring_timeout = 5s;
  options.wanted.call_time_limit = 30s;
  rig installation{options};
  installation.import(installation.campaigns().front(), 4'000);
  installation.start_campaign(installation.campaigns().front());
  log_tail carriers{installation.log()};
  process& engine = installation.start_engine();

  for (int crash = 1; crash <= 3; ++crash) {
    std::size_t dialed = 0;
    ASSERT_TRUE(eventually(15s, [&] { return (dialed += carriers.more().size()) >= 400; }))
        << "after crash " << crash - 1 << ": " << dialed << " creates\n"
        << installation.engine_words();
    installation.kill_database();
    const utc_time killed = installation.time().now().utc;
    // What was durable before may still leave: never more than a second's worth.
    utc_time last = killed;
    engine.wait(3s);
    ASSERT_TRUE(engine.running()) << installation.engine_words();
    for (const create& each : carriers.more()) last = std::max(last, each.arrived_from);
    EXPECT_LT(last - killed, 1500ms) << "crash " << crash;
    installation.restart_database();
    const utc_time back = installation.time().now().utc;
    std::vector<create> first;
    ASSERT_TRUE(eventually(30s, [&] { return !(first = carriers.more()).empty(); })) << installation.engine_words();
    std::cout << "crash " << crash << ": last request " << (last - killed).count() / 1000 << " ms after it, dialing "
              << (first.front().at - back).count() / 1000 << " ms after the database was back\n";
    EXPECT_LT(first.front().at - back, 10s);
  }

  sql::session session = installation.open();
  contact_sums sums;
  eventually(60s, [&] {
    sums = sum_contacts(session, installation.organisation());
    return sums.fresh == 0 && sums.waiting == 0 && sums.open_undoubted == 0;
  });
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();
  installation.stop_carriers();

  const auto creates = read_creates(installation.log());
  const token_findings tokens = compare(installation, creates);
  const cli::audit_result audit = cli::audit(session, installation.organisation(), installation.log().string());
  sums = sum_contacts(session, installation.organisation());
  std::cout << "done " << sums.done << ", open " << sums.open << ", fresh " << sums.fresh << "; creates "
            << creates.size() << ", lost " << audit.lost << ", unexpected " << audit.unexpected << ", duplicated "
            << audit.duplicated << ", recovered " << audit.recovered << "\nby token: " << tokens << '\n';
  for (const std::string& each : audit.examples) std::cout << "  " << each << '\n';
  EXPECT_EQ(sums.fresh, 0U);
  EXPECT_EQ(sums.open_undoubted, 0U) << "outcomes that the crashes interrupted were not written again";
  EXPECT_EQ(sums.misplaced, 0U);
  EXPECT_EQ(tokens, token_findings{});
  EXPECT_TRUE(audit.agrees());
}

}  // namespace
}  // namespace dialer::e2e
