#include "callerid/inbound.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using enum agent_obstacle;

/// An agent with exactly this in its way; nothing for not_assigned.
std::optional<answering_agent> agent_with(agent_obstacle obstacle, std::uint64_t n) {
  if (obstacle == not_assigned) return std::nullopt;
  answering_agent made{.id = house::agent(n), .answer_url = "https://agent.example.com/", .published = true};
  made.frozen = obstacle == frozen;
  made.workspace_frozen = obstacle == workspace_frozen;
  made.unreached = obstacle == unreached;
  if (obstacle == draft) made.published = false;
  if (obstacle == at_limit) made.concurrent_calls_max = made.live = 3;
  return made;
}

constexpr std::array all_statuses{number_status::pending, number_status::active, number_status::inactive,
                                  number_status::released};
constexpr std::array obstacles_of_one{none, not_assigned, draft, frozen, workspace_frozen, at_limit, unreached};

// What is expected is written as the product's sentences are, from the caller's end back to the number; the code goes
// the other way round.
inbound_outcome expected(number_status status, bool organisation_is_frozen, agent_obstacle own, agent_obstacle fallback,
                         bool message) {
  if (status != number_status::active) return inbound_outcome::number_not_active;
  if (own == not_assigned) return inbound_outcome::not_assigned;
  if (!organisation_is_frozen && own == none) return inbound_outcome::agent;
  if (!organisation_is_frozen && fallback == none) return inbound_outcome::fallback;
  return message ? inbound_outcome::voicemail : inbound_outcome::nobody_available;
}

TEST(Inbound, EveryCombination_ComesToWhatTheProductPromises) {
  std::array<int, inbound_outcome_slots> met{};
  for (const number_status status : all_statuses) {
    for (const bool whole_frozen : {false, true}) {
      for (const agent_obstacle own : obstacles_of_one) {
        for (const agent_obstacle fallback : obstacles_of_one) {
          for (const bool message : {false, true}) {
            const called_number number{status, whole_frozen, agent_with(own, 1), agent_with(fallback, 2),
                                       message ? "Call back on Monday." : ""};
            const inbound_decision made = decide_inbound(&number);
            const inbound_outcome wanted = expected(status, whole_frozen, own, fallback, message);
            const std::string about = std::to_string(static_cast<int>(status)) + (whole_frozen ? " frozen " : " ") +
                                      std::string{to_string(own)} + " " + std::string{to_string(fallback)} +
                                      (message ? " message" : "");
            EXPECT_EQ(made.what, wanted) << about << ": " << to_string(made.what) << ", not " << to_string(wanted);
            ++met[static_cast<std::size_t>(made.what)];
            if (status != number_status::active || own == not_assigned) continue;
            EXPECT_EQ(made.agent, whole_frozen ? organisation_frozen : own) << about;
            if (made.agent == none) continue;
            const bool whole = whole_frozen && fallback != not_assigned;
            EXPECT_EQ(made.fallback, whole ? organisation_frozen : fallback) << about;
          }
        }
      }
    }
  }
  EXPECT_EQ(decide_inbound(nullptr).what, inbound_outcome::unknown_number);
  met[static_cast<std::size_t>(inbound_outcome::unknown_number)] = 1;
  for (std::size_t i = 0; i < met.size(); ++i) EXPECT_GT(met[i], 0) << "never met: outcome " << i;
}

TEST(Inbound, AgentAtItsLimit_IsFullAtTheLastCallAndNotOneBefore) {
  called_number number{.status = number_status::active, .agent = agent_with(none, 1)};
  struct row {
    std::uint32_t live, most;
    agent_obstacle wanted;
  };
  constexpr auto many = std::numeric_limits<std::uint32_t>::max();
  for (const row& each : {row{0, 0, none}, row{many, 0, none}, row{0, 1, none}, row{1, 1, at_limit}, row{6, 7, none},
                          row{7, 7, at_limit}, row{8, 7, at_limit}}) {
    number.agent->live = each.live;
    number.agent->concurrent_calls_max = each.most;
    EXPECT_EQ(decide_inbound(&number).agent, each.wanted) << each.live << " of " << each.most;
  }
}

TEST(Inbound, AgentWithoutAnAddress_IsADraft) {
  called_number number{.status = number_status::active, .agent = agent_with(none, 1)};
  number.agent->answer_url.clear();
  EXPECT_EQ(decide_inbound(&number).agent, draft);
  EXPECT_EQ(decide_inbound(&number).what, inbound_outcome::nobody_available);
}

}  // namespace
}  // namespace dialer::callerid
