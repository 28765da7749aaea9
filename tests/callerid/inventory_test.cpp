#include "callerid/inventory.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using namespace house;

const e164 first = tel("+12125550101");
const e164 second = tel("+12125550102");

/// One cell of the table in domain S4.
struct cell {
  const char* name;
  sharing_policy policy;
  std::vector<assignment> assignments;  // number 1 is of workspace 1, number 2 too
  std::size_t conflicts;
  const char* rule;
};

class s4 : public testing::TestWithParam<cell> {};

TEST_P(s4, decides_who_may_show_a_number) {
  const auto conflicts =
      check_assignments(GetParam().policy, {number(1, first), number(2, second)}, GetParam().assignments);
  ASSERT_EQ(conflicts.size(), GetParam().conflicts);
  for (const assignment_conflict& conflict : conflicts) {
    EXPECT_EQ(conflict.rule, GetParam().rule);
    EXPECT_FALSE(conflict.obstacle.empty());
    EXPECT_FALSE(conflict.remedy.empty());
    EXPECT_EQ(conflict.number, GetParam().assignments.back().number);
    EXPECT_EQ(conflict.agent, GetParam().assignments.back().agent) << "the earlier assignment stands";
  }
}

const cell cells[] = {
    {"workspace_several_agents_of_one", sharing_policy::workspace, {assign(1, 1), assign(1, 2)}, 0, ""},
    {"workspace_several_workspaces",
     sharing_policy::workspace,
     {assign(1, 1), assign(1, 2, 2)},
     1,
     "sharing = workspace"},
    {"workspace_foreign_agent_alone", sharing_policy::workspace, {assign(1, 2, 2)}, 1, "sharing = workspace"},
    {"workspace_several_numbers_of_one_agent", sharing_policy::workspace, {assign(1, 1), assign(2, 1)}, 0, ""},
    {"organisation_several_agents_of_one", sharing_policy::organisation, {assign(1, 1), assign(1, 2)}, 0, ""},
    {"organisation_several_workspaces", sharing_policy::organisation, {assign(1, 1), assign(1, 2, 2)}, 0, ""},
    {"organisation_several_numbers_of_one_agent", sharing_policy::organisation, {assign(1, 1), assign(2, 1)}, 0, ""},
    {"exclusive_one_each", sharing_policy::exclusive, {assign(1, 1), assign(2, 2)}, 0, ""},
    {"exclusive_several_agents_of_one",
     sharing_policy::exclusive,
     {assign(1, 1), assign(1, 2)},
     1,
     "sharing = exclusive"},
    {"exclusive_several_workspaces",
     sharing_policy::exclusive,
     {assign(1, 1), assign(1, 2, 2)},
     1,
     "sharing = exclusive"},
    {"exclusive_foreign_agent_alone", sharing_policy::exclusive, {assign(1, 2, 2)}, 1, "sharing = exclusive"},
    {"exclusive_several_numbers_of_one_agent",
     sharing_policy::exclusive,
     {assign(1, 1), assign(2, 1)},
     1,
     "sharing = exclusive"},
    {"exclusive_same_assignment_twice", sharing_policy::exclusive, {assign(1, 1), assign(1, 1)}, 0, ""},
    {"unknown_number", sharing_policy::organisation, {assign(1, 1), assign(9, 1)}, 1, "numbers of this organisation"},
};

INSTANTIATE_TEST_SUITE_P(table, s4, testing::ValuesIn(cells),
                         [](const auto& of) { return std::string{of.param.name}; });

TEST(check_assignments, names_what_stands_in_the_way) {
  const auto conflicts =
      check_assignments(sharing_policy::exclusive, {number(1, first), number(2, second)}, {assign(1, 1), assign(2, 1)});
  ASSERT_EQ(conflicts.size(), 1u);
  EXPECT_NE(conflicts[0].obstacle.find(agent(1).text()), std::string::npos);
  EXPECT_NE(conflicts[0].obstacle.find("+12125550101"), std::string::npos);
}

TEST(check_assignments, a_released_number_holds_no_place_under_exclusive) {
  phone_number released = number(1, first);
  released.status = number_status::released;
  EXPECT_TRUE(check_assignments(sharing_policy::exclusive, {released, number(2, second)}, {assign(1, 1), assign(2, 1)})
                  .empty());
  phone_number inactive = number(1, first);
  inactive.status = number_status::inactive;  // may come back
  EXPECT_EQ(
      check_assignments(sharing_policy::exclusive, {inactive, number(2, second)}, {assign(1, 1), assign(2, 1)}).size(),
      1u);
}

RC_GTEST_PROP(check_assignments_property, what_remains_without_the_conflicts_has_none, ()) {
  const auto policy =
      *rc::gen::element(sharing_policy::workspace, sharing_policy::organisation, sharing_policy::exclusive);
  std::vector<phone_number> numbers;
  for (std::uint64_t n = 1; n <= 4; ++n) {
    numbers.push_back(number(n, e164::from_digits(12'125'550'100 + n)));
    numbers.back().workspace = workspace(*rc::gen::inRange<std::uint64_t>(1, 3));
  }
  std::vector<assignment> assignments;
  const auto count = *rc::gen::inRange(0, 20);
  for (int i = 0; i < count; ++i) {
    const auto who = *rc::gen::inRange<std::uint64_t>(1, 6);
    assignments.push_back(assign(*rc::gen::inRange<std::uint64_t>(1, 6), who, who % 2 + 1));
  }
  const auto conflicts = check_assignments(policy, numbers, assignments);
  std::erase_if(assignments, [&](const assignment& each) {
    return std::any_of(conflicts.begin(), conflicts.end(), [&](const assignment_conflict& conflict) {
      return conflict.number == each.number && conflict.agent == each.agent;
    });
  });
  RC_ASSERT(check_assignments(policy, numbers, assignments).empty());
}

TEST(may_be_shown, wants_active_and_outbound_and_voice) {
  EXPECT_TRUE(may_be_shown(number(1, first)));
  for (const number_status status : {number_status::pending, number_status::inactive, number_status::released}) {
    phone_number changed = number(1, first);
    changed.status = status;
    EXPECT_FALSE(may_be_shown(changed)) << static_cast<int>(status);
  }
  phone_number changed = number(1, first);
  changed.outbound_enabled = false;
  EXPECT_FALSE(may_be_shown(changed));
  changed = number(1, first);
  changed.capabilities = sms | mms | fax;
  EXPECT_FALSE(may_be_shown(changed));
  changed.capabilities = sms | voice;
  EXPECT_TRUE(may_be_shown(changed));
}

}  // namespace
}  // namespace dialer::callerid
