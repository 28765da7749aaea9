// The kill switch: what it takes back, and what it leaves alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::call_phase;
using testing::ElementsAre;

struct kill_switch {
  const char* name;
  bool& (*of)(organisation_snapshot& config);
  reason taken_back;
  reason blocked;
};
std::ostream& operator<<(std::ostream& out, const kill_switch& one) {
  return out << one.name;
}

class freezing : public testing::TestWithParam<kill_switch>, protected stage {};

INSTANTIATE_TEST_SUITE_P(
    each, freezing,
    testing::Values(kill_switch{"organisation", [](auto& config) -> bool& { return config.frozen; },
                                reason::organisation_frozen, reason::organisation_frozen},
                    kill_switch{"workspace", [](auto& config) -> bool& { return config.workspaces[0].frozen; },
                                reason::workspace_frozen, reason::workspace_frozen},
                    kill_switch{"campaign", [](auto& config) -> bool& { return config.campaigns[0].frozen; },
                                reason::campaign_frozen, reason::campaign_frozen},
                    kill_switch{"agent", [](auto& config) -> bool& { return config.agents[0].frozen; },
                                reason::agent_frozen, reason::agent_frozen},
                    kill_switch{"account", [](auto& config) -> bool& { return config.accounts[0].frozen; },
                                reason::account_frozen, reason::account_frozen},
                    kill_switch{"number", [](auto& config) -> bool& { return config.numbers[0].frozen; },
                                reason::caller_id_withdrawn, reason::no_caller_id}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(freezing, takes_back_a_request_not_yet_written_and_dials_again_when_lifted) {
  add_contact(1);
  start();
  ASSERT_EQ(sends.size(), 1U);
  confirmed.clear();
  change([](auto& config) { GetParam().of(config) = true; });
  ASSERT_EQ(vetoes.size(), 1U);
  EXPECT_EQ(vetoes[0].why, GetParam().taken_back);
  EXPECT_TRUE(confirmed.empty());
  veto_answered(last().attempt, GetParam().taken_back);
  EXPECT_THAT(confirmed, ElementsAre(2));
  wait(30s);
  EXPECT_EQ(sends.size(), 1U);
  EXPECT_EQ(machine->view(now).campaigns[0].blocked, GetParam().blocked);
  change([](auto& config) { GetParam().of(config) = false; });
  wait(61s);
  EXPECT_EQ(sends.size(), 2U);
}

TEST_P(freezing, lets_a_call_that_rings_come_to_its_end) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::ringing);
  change([](auto& config) { GetParam().of(config) = true; });
  EXPECT_TRUE(asked<cancel_call>().empty());
  report(last().attempt, "CA1", call_phase::ended, disposition::answered);
  EXPECT_EQ(outcomes.back().kind, outcome_kind::ended);
}

TEST_P(freezing, leaves_no_call_alone_whose_number_opts_out) {
  add_contact(1);
  start();
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::ringing);
  change([](auto& config) { GetParam().of(config) = true; });
  ASSERT_TRUE(asked<cancel_call>().empty());
  confirmed.clear();
  opt_out({{number(1), true}});
  EXPECT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(confirmed.empty());
}

}  // namespace
}  // namespace dialer::engine
