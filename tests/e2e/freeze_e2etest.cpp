// The kill switch under load: after its acknowledgement no request leaves through what was frozen, and the others go
// on.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "cli/new_id.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"
#include "sql/opt_outs.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using sql::freezable;

// A late create shows itself within a second; the carriers' clock must be sure again long before.
constexpr auto late_within = 1s;
constexpr auto unsure_max = 200ms;

struct frozen_time {
  utc_time asked{};
  utc_time acknowledged{};
  utc_time lifted = utc_time::max();
};

class Freeze : public testing::Test {
 protected:
  static rig_options options() {
    rig_options made = quick_rig(wanted.calls_per_second);
    made.caller_ids = 4;  // so that each is seen all the time
    return made;
  }
  Freeze() : installation_{options()}, on_{installation_.open()}, carriers_{installation_.log()} {
    // So many are dialed between one switch and the next, and while the engine gets under way.
    installation_.import(installation_.campaigns().front(), std::max(3'000U, 6 * wanted.calls_per_second));
    installation_.start_campaign(installation_.campaigns().front());
    installation_.start_engine();
  }
  utc_time now() const { return installation_.time().now().utc; }
  bool dials_on(std::size_t calls = std::max(40U, wanted.calls_per_second / 2)) {
    std::size_t seen = 0;
    (void)carriers_.more();
    return eventually(20s, [&] { return (seen += carriers_.more().size()) >= calls; });
  }
  utc_time set(freezable kind, const id128& id, bool frozen) {
    sql::transaction tx{on_};
    sql::configuration{tx, cli::new_id}.freeze(installation_.organisation(), kind, id, frozen);
    const std::uint64_t generation = sql::read_generation(tx, installation_.organisation());
    tx.commit();
    EXPECT_TRUE(sql::wait_applied(on_, installation_.organisation(), generation, 5s)) << installation_.engine_words();
    return now();
  }
  frozen_time freeze(freezable kind, const id128& id) {
    frozen_time one;
    one.asked = now();
    one.acknowledged = set(kind, id, true);
    return one;
  }
  void stop() {
    installation_.engine().signal(SIGTERM);
    EXPECT_EQ(installation_.engine().wait(15s), 0) << installation_.engine_words();
    installation_.stop_carriers();
  }

  rig installation_;
  sql::session on_;
  log_tail carriers_;
};

TEST_F(Freeze, OfEachThingUnderLoad_LastCreateIsBeforeTheAcknowledgement) {
  const organisation_id organisation = installation_.organisation();
  const campaign_id campaign = installation_.campaigns().front();
  const std::vector<std::pair<freezable, id128>> switches{
      {freezable::organisation, organisation},
      {freezable::workspace, sql::read_workspaces(on_, organisation).front().id},
      {freezable::agent, sql::read_agents(on_, organisation).front().id},
      {freezable::campaign, campaign}};
  std::vector<frozen_time> times;
  for (const auto& [kind, id] : switches) {
    ASSERT_TRUE(dials_on()) << installation_.engine_words();
    times.push_back(freeze(kind, id));
    const utc_time until = now() + 2 * late_within;
    ASSERT_TRUE(eventually(10s, [&] { return now() >= until; }));
    times.back().lifted = now();
    set(kind, id, false);
  }
  EXPECT_TRUE(dials_on()) << "everything was unfrozen again";
  stop();
  const std::vector<create> creates = read_creates(installation_.log());
  const unsure_time unsure = read_unsure(installation_.log());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const frozen_time& frozen = times[i];
    utc_time last{};
    std::size_t late = 0;
    for (const create& each : creates) {
      if (each.at < frozen.acknowledged) last = std::max(last, each.at);
      if (each.arrived_from > frozen.acknowledged && each.at < frozen.lifted) ++late;
    }
    std::cout << "switch " << i << " at " << rate_before(creates, {frozen.asked}) << " calls/s: acknowledged after "
              << (frozen.acknowledged - frozen.asked).count() / 1000 << " ms, last create "
              << (last - frozen.asked).count() / 1000 << " ms after it was thrown, " << late
              << " after the acknowledgement; unsure for " << unsure.after(frozen.acknowledged).count() / 1000
              << " ms\n";
    EXPECT_LT(unsure.after(frozen.acknowledged), unsure_max) << "lateness can't be judged: " << unsure;
    EXPECT_EQ(late, 0U);
    EXPECT_GT(last, frozen.asked - 1s) << "nothing was dialed when the switch was thrown";
  }
}

TEST_F(Freeze, OfOneAccountAndOneNumber_LetsTheOthersGoOn) {
  const organisation_id organisation = installation_.organisation();
  const auto integrations = sql::read_integrations(on_, organisation);
  const auto twilio =
      std::ranges::find(integrations, std::string("twilio"), [](const auto& one) { return one.account.name; });
  ASSERT_NE(twilio, integrations.end());
  ASSERT_TRUE(dials_on());
  const frozen_time account = freeze(freezable::integration, twilio->account.id);
  EXPECT_TRUE(dials_on(30)) << "the other account's calls";
  const utc_time lifted = now();
  set(freezable::integration, twilio->account.id, false);
  const callerid::phone_number number = sql::read_number_records(on_, organisation).front();
  const auto shows_number = [&](const create& each) { return e164::parse(each.from) == number.number; };
  std::ptrdiff_t shows = 0;
  EXPECT_TRUE(eventually(20s, [&] { return (shows += std::ranges::count_if(carriers_.more(), shows_number)) >= 3; }));
  const frozen_time shown = freeze(freezable::number, number.id);
  EXPECT_TRUE(dials_on());
  stop();
  std::size_t over_account = 0;
  std::size_t from_number = 0;
  std::size_t from_number_later = 0;
  for (const create& each : read_creates(installation_.log())) {
    const bool over_twilio = each.carrier == carriers::simulator::carrier_name::twilio;
    over_account += over_twilio && each.at < account.acknowledged ? 1 : 0;
    EXPECT_FALSE(over_twilio && each.arrived_from > account.acknowledged && each.at < lifted)
        << "over the frozen account";
    if (!shows_number(each)) continue;
    from_number += each.at < shown.acknowledged ? 1 : 0;
    from_number_later += each.arrived_from > shown.acknowledged ? 1 : 0;
  }
  std::cout << over_account << " creates over the account before it was frozen, " << from_number
            << " from the number before, " << from_number_later << " after\n";
  const unsure_time unsure = read_unsure(installation_.log());
  for (const frozen_time& each : {account, shown}) {
    EXPECT_LT(unsure.after(each.acknowledged), unsure_max) << "lateness can't be judged: " << unsure;
  }
  EXPECT_GT(over_account, 0U);
  EXPECT_GT(from_number, 0U) << "the number was not shown before it was frozen";
  EXPECT_EQ(from_number_later, 0U);
  const sql::result late =
      on_.run("SELECT count(*) FROM intent i WHERE i.org_id = $1 AND i.from_number = $2 AND i.decided_at > $3",
              sql::params{}.uuid(organisation).int8(number.number.digits()).time(shown.acknowledged));
  EXPECT_EQ(late.integer(0, 0), 0);
}

}  // namespace
}  // namespace dialer::e2e
