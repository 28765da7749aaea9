#include "engine/attempt.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <utility>

namespace dialer::engine {
namespace {

constexpr std::array all_states{attempt_state::deciding, attempt_state::ready, attempt_state::accepted,
                                attempt_state::in_doubt, attempt_state::held,  attempt_state::closed};
constexpr std::array all_events{attempt_event::committed, attempt_event::rolled_back, attempt_event::not_sent,
                                attempt_event::rejected,  attempt_event::accepted,    attempt_event::unanswered,
                                attempt_event::reported,  attempt_event::ended,       attempt_event::unreachable,
                                attempt_event::absent};

using edge = std::pair<attempt_state, attempt_event>;
using target = std::pair<attempt_state, std::optional<outcome_kind>>;

// SAFETY's table: every edge, and by its absence every pair that must change nothing.
const std::map<edge, target>& edges() {
  using enum attempt_state;
  using e = attempt_event;
  using o = outcome_kind;
  static const std::map<edge, target> all{
      {{deciding, e::committed}, {ready, std::nullopt}},
      {{deciding, e::rolled_back}, {closed, std::nullopt}},
      {{ready, e::not_sent}, {closed, o::not_sent}},
      {{ready, e::rejected}, {closed, o::rejected}},
      {{ready, e::accepted}, {attempt_state::accepted, o::accepted}},
      {{ready, e::unanswered}, {in_doubt, o::in_doubt}},
      {{ready, e::reported}, {attempt_state::accepted, o::accepted}},
      {{ready, e::ended}, {closed, o::ended}},
      {{attempt_state::accepted, e::reported}, {attempt_state::accepted, std::nullopt}},
      {{attempt_state::accepted, e::ended}, {closed, o::ended}},
      {{in_doubt, e::accepted}, {attempt_state::accepted, o::adopted}},
      {{in_doubt, e::reported}, {attempt_state::accepted, o::adopted}},
      {{in_doubt, e::ended}, {closed, o::ended}},
      {{in_doubt, e::absent}, {closed, o::absent}},
      {{in_doubt, e::unreachable}, {held, o::held}},
      {{held, e::accepted}, {attempt_state::accepted, o::adopted}},
      {{held, e::reported}, {attempt_state::accepted, o::adopted}},
      {{held, e::ended}, {closed, o::ended}},
      {{held, e::absent}, {closed, o::absent}},
  };
  return all;
}

TEST(attempt, every_state_and_event_follows_the_table) {
  for (const attempt_state state : all_states) {
    for (const attempt_event event : all_events) {
      SCOPED_TRACE(std::string{to_string(state)} + " and event " + std::to_string(static_cast<int>(event)));
      const auto step = transition(state, event);
      const auto expected = edges().find({state, event});
      ASSERT_EQ(step.has_value(), expected != edges().end());
      if (!step) continue;
      EXPECT_EQ(step->next, expected->second.first);
      EXPECT_EQ(step->write, expected->second.second);
    }
  }
}

TEST(attempt, an_edge_into_closed_writes_a_closing_outcome_and_no_other_does) {
  for (const auto& [from, to] : edges()) {
    if (from.second == attempt_event::rolled_back) continue;  // nothing of it was ever written
    EXPECT_EQ(to.first == attempt_state::closed, to.second && is_closing(*to.second));
  }
}

TEST(attempt, doubt_ends_by_nothing_but_the_carriers_word) {
  for (const attempt_event event : {attempt_event::not_sent, attempt_event::rejected, attempt_event::unanswered}) {
    EXPECT_FALSE(transition(attempt_state::in_doubt, event));
    EXPECT_FALSE(transition(attempt_state::held, event));
  }
}

}  // namespace
}  // namespace dialer::engine
