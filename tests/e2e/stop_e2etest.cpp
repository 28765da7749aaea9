// SIGTERM under load: what is out comes home, nothing is left in doubt, and the next engine goes on.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "cli/audit.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

TEST(GracefulStop, ToldToStopUnderLoad_DrainsLeavesNoDoubtAndTheNextGoesOn) {
  rig_options options = quick_rig({300, 100});
  options.wanted.ring_timeout = 5s;
  options.wanted.call_time_limit = 30s;
  rig installation{options};
  installation.import(installation.campaigns().front(), 3'000);
  installation.start_campaign(installation.campaigns().front());
  log_tail carriers{installation.log()};
  sql::session session = installation.open();

  for (int round = 1; round <= 3; ++round) {
    process& engine = installation.start_engine();
    std::size_t dialed = 0;
    ASSERT_TRUE(eventually(15s, [&] { return (dialed += carriers.more().size()) >= 300; }))
        << installation.engine_words();
    const utc_time told = installation.time().now().utc;
    engine.signal(SIGTERM);
    EXPECT_EQ(engine.wait(20s), 0) << installation.engine_words();
    const auto took = installation.time().now().utc - told;
    const contact_sums sums = sum_contacts(session, installation.organisation());
    std::cout << "round " << round << ": stopped after " << took.count() / 1000 << " ms; open " << sums.open
              << ", of which the carrier took " << sums.open_undoubted << '\n';
    EXPECT_LE(took, 15s) << "the engine drains for 10 s at most";
    EXPECT_EQ(sums.open, sums.open_undoubted) << "attempts were left in doubt";
    EXPECT_EQ(sums.misplaced, 0U);
  }

  installation.start_engine();
  contact_sums sums;
  EXPECT_TRUE(eventually(90s,
                         [&] {
                           sums = sum_contacts(session, installation.organisation());
                           return sums.done == sums.contacts;
                         }))
      << "done " << sums.done << ", open " << sums.open << ", waiting " << sums.waiting << ", fresh " << sums.fresh;
  installation.engine().signal(SIGTERM);
  EXPECT_EQ(installation.engine().wait(15s), 0);
  installation.stop_carriers();
  const token_findings tokens = compare(installation, read_creates(installation.log()));
  EXPECT_EQ(tokens, token_findings{});
  EXPECT_TRUE(cli::audit(session, installation.organisation(), installation.log().string()).agrees());
}

TEST(SecondEngine, SameStateDirectory_IsRefused) {
  const scratch directory;
  const auto serve = [&](std::uint16_t port) {
    return std::vector<std::string>{dialer_binary(), "serve",
                                    "--state-dir",   (directory.path() / "state").string(),
                                    "--listen",      "127.0.0.1:" + std::to_string(port)};
  };
  launch first;
  first.argv = serve(free_port());
  first.output = first.errors = directory.path() / "first.log";
  process one{first};
  ASSERT_TRUE(eventually(20s, [&] { return read_file(first.errors).find("listening") != std::string::npos; }))
      << read_file(first.errors);
  const finished two = run(serve(free_port()), directory.path(), {}, 10s);
  EXPECT_EQ(two.code, 78) << two.output << two.errors;
  EXPECT_NE(two.errors.find((directory.path() / "state").string()), std::string::npos) << two.errors;
  EXPECT_TRUE(one.running()) << "the first engine must not be disturbed";
  one.signal(SIGTERM);
  EXPECT_EQ(one.wait(15s), 0) << read_file(first.errors);
}

// The kernel gives root the files below /proc of a process whose memory is closed to its own user.
TEST(EngineMemory, OfAnOrdinaryUser_IsClosedToOtherProcessesOfThatUser) {
  constexpr uid_t nobody = 65'534;
  const scratch directory;
  launch engine;
  if (geteuid() == 0) {
    engine.argv = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    ASSERT_EQ(chown(directory.path().c_str(), nobody, nobody), 0);
  }
  for (const auto& word :
       {dialer_binary(), std::string{"serve"}, std::string{"--state-dir"}, (directory.path() / "state").string(),
        std::string{"--listen"}, "127.0.0.1:" + std::to_string(free_port())}) {
    engine.argv.push_back(word);
  }
  engine.output = engine.errors = directory.path() / "engine.log";
  process one{engine};
  ASSERT_TRUE(eventually(30s, [&] { return read_file(engine.errors).find("listening") != std::string::npos; }))
      << read_file(engine.errors);
  struct stat memory {};
  ASSERT_EQ(stat(("/proc/" + std::to_string(one.pid()) + "/mem").c_str(), &memory), 0);
  EXPECT_EQ(memory.st_uid, 0U);
  one.signal(SIGTERM);
  EXPECT_EQ(one.wait(15s), 0) << read_file(engine.errors);
}

}  // namespace
}  // namespace dialer::e2e
