// Settings that are narrowed take back what nobody's phone rings for yet: an acknowledged change is in force.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::call_phase;
using testing::ElementsAre;

struct narrowing {
  const char* name;
  void (*edit)(organisation_snapshot& config);
  reason taken_back;
};
std::ostream& operator<<(std::ostream& out, const narrowing& one) {
  return out << one.name;
}

class narrowed_settings : public testing::TestWithParam<narrowing>, protected stage {
 protected:
  // The number was called twice today already, over another campaign; this is the contact's second attempt.
  void call_once_more() {
    for (const auto ago : {3h, 2h}) {
      found.history.push_back({number(1), e164::from_digits(caller_id_digits), now.utc - ago, false});
    }
    add_contact(1).attempts = 1;
    start();
    confirmed.clear();
  }
};

INSTANTIATE_TEST_SUITE_P(
    each, narrowed_settings,
    testing::Values(
        narrowing{"window",
                  [](auto& config) {
                    config.campaigns[0].window.fill({1, 2});
                  },
                  reason::window_closed},
        narrowing{"attempts_of_the_contact", [](auto& config) { config.campaigns[0].attempts_per_contact_max = 1; },
                  reason::attempts_exhausted},
        narrowing{"attempts_of_the_number_24h", [](auto& config) { config.campaigns[0].attempts_per_number_24h = 2; },
                  reason::attempt_cap_24h},
        narrowing{"attempts_of_the_number_7d", [](auto& config) { config.campaigns[0].attempts_per_number_7d = 2; },
                  reason::attempt_cap_7d},
        narrowing{"agent",
                  [](auto& config) {
                    config.agents.push_back(config.agents[0]);
                    config.agents[1].id = agent_id{id128{3, 2}};
                    config.assignments.push_back(config.assignments[0]);
                    config.assignments[1].agent = config.agents[1].id;
                    config.campaigns[0].agent = config.agents[1].id;
                  },
                  reason::changed_since_decided},
        narrowing{"the_one_number_to_show",
                  [](auto& config) {
                    config.campaigns[0].caller_id = campaigns::caller_id_policy::fixed;
                    config.campaigns[0].caller_id_number = e164::from_digits(stage::caller_id_digits + 1);
                  },
                  reason::changed_since_decided}),
    [](const testing::TestParamInfo<narrowing>& one) { return one.param.name; });

TEST_P(narrowed_settings, take_back_a_request_not_yet_written_before_they_are_confirmed) {
  call_once_more();
  ASSERT_EQ(sends.size(), 1U);
  change([](auto& config) { config.campaigns[0].weight = 7; });
  EXPECT_TRUE(vetoes.empty()) << "nothing was narrowed";
  confirmed.clear();
  change(GetParam().edit);
  ASSERT_EQ(vetoes.size(), 1U);
  EXPECT_EQ(vetoes[0].why, GetParam().taken_back);
  EXPECT_TRUE(confirmed.empty());
  veto_answered(last().attempt, GetParam().taken_back);
  EXPECT_THAT(confirmed, ElementsAre(3));
}

TEST_P(narrowed_settings, let_a_call_that_rings_come_to_its_end) {
  call_once_more();
  accept(last().attempt, "CA1");
  report(last().attempt, "CA1", call_phase::ringing);
  change(GetParam().edit);
  EXPECT_TRUE(vetoes.empty());
  EXPECT_TRUE(asked<cancel_call>().empty());
  EXPECT_THAT(confirmed, ElementsAre(2));
}

TEST_P(narrowed_settings, take_back_a_call_in_doubt_that_turns_out_to_be_held_by_the_carrier) {
  config().accounts[0].kind = carriers::carrier_kind::twilio;
  call_once_more();
  answer(last().attempt, carriers::answer_class::unknown, carriers::reaction::none, 0);
  change(GetParam().edit);
  EXPECT_TRUE(asked<cancel_call>().empty());
  report(last().attempt, "CA1", call_phase::queued);
  ASSERT_EQ(asked<cancel_call>().size(), 1U);
  EXPECT_TRUE(asked<cancel_call>()[0].ringing_only);
}

TEST_P(narrowed_settings, take_back_a_call_that_the_carrier_still_holds) {
  config().accounts[0].kind = carriers::carrier_kind::twilio;
  call_once_more();
  accept(last().attempt, "CA1");
  change(GetParam().edit);
  EXPECT_EQ(asked<cancel_call>().size(), 1U);
}

}  // namespace
}  // namespace dialer::engine
