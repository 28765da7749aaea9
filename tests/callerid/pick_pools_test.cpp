// Whose numbers they are: what an agent may show, on which account.

#include "tests/callerid/pick_stage.hpp"

namespace dialer::callerid {
namespace {

using namespace house;

TEST_F(pick_test, no_number_at_all_is_no_caller_id) {
  build({number(1, a)});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 2).why, "no_caller_id");
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 1, 2).why, "no_caller_id");
  EXPECT_FALSE(ask(policy::sticky, callee, {}, morning, 1, 2).until);
}

TEST_F(pick_test, a_number_that_s6_withdraws_is_no_caller_id) {
  phone_number withdrawn = number(1, a);
  withdrawn.status = number_status::inactive;
  build({withdrawn});
  EXPECT_EQ(ask(policy::least_used_today).why, "no_caller_id");
  EXPECT_FALSE(book.find(a));
  EXPECT_FALSE(book.may_show(agent(1), account(1), a));
}

TEST_F(pick_test, a_conflicting_assignment_is_left_out) {
  book.rebuild(sharing_policy::workspace, {number(1, a)}, {assign(1, 1), assign(1, 2, 2)});
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 2).why, "no_caller_id");
  book.rebuild(sharing_policy::organisation, {number(1, a)}, {assign(1, 1), assign(1, 2, 2)});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 2).shown, a.text());
}

TEST_F(pick_test, what_a_country_restricts_is_not_shown) {
  phone_number at_an_edge = number(1, a);
  at_an_edge.region = "IE1";  // where a carrier carries its calls
  phone_number stated = number(2, b);
  stated.country = "CA";
  phone_number registered = number(3, c);
  registered.registered = true;
  const std::vector<assignment> assignments{assign(1, 1), assign(2, 1), assign(3, 1)};
  const auto rebuild = [&](const std::vector<number_restriction>& rows) {
    book.rebuild(sharing_policy::workspace, {at_an_edge, stated, registered}, assignments, rows);
  };
  rebuild({{"US", std::nullopt, number_demand::registration}});
  EXPECT_FALSE(book.may_show(agent(1), account(1), a)) << "by its area code it is of the US";
  EXPECT_TRUE(book.may_show(agent(1), account(1), b)) << "it is stated to be of Canada";
  EXPECT_TRUE(book.may_show(agent(1), account(1), c));
  rebuild({});
  EXPECT_TRUE(book.may_show(agent(1), account(1), a));
}

TEST_F(pick_test, integrations_of_one_number_are_those_that_show_it) {
  phone_number on_second = number(2, b);
  on_second.integration = account(2);
  book.rebuild(sharing_policy::workspace, {number(1, a), on_second, number(3, c)},
               {assign(1, 1), assign(2, 1), assign(3, 2)});
  EXPECT_EQ(book.integrations_of(agent(1), b), std::vector{account(2)});
  EXPECT_TRUE(book.integrations_of(agent(1), c).empty()) << "another agent's";
}

TEST_F(pick_test, integrations_of_lists_accounts_with_a_showable_number) {
  phone_number on_second = number(2, b);
  on_second.integration = account(2);
  phone_number withdrawn = number(3, c);
  withdrawn.integration = account(3);
  withdrawn.outbound_enabled = false;
  book.rebuild(sharing_policy::workspace, {on_second, number(1, a), withdrawn},
               {assign(2, 1), assign(1, 1), assign(3, 1), assign(3, 2)});
  EXPECT_EQ(book.integrations_of(agent(1)), (std::vector{account(1), account(2)}));
  EXPECT_TRUE(book.integrations_of(agent(2)).empty());
}

TEST_F(pick_test, may_show_asks_agent_and_account_but_not_caps) {
  phone_number capped = number(1, a);
  capped.calls_per_day_max = 1;
  build({capped});
  use(a, 1);
  EXPECT_TRUE(book.may_show(agent(1), account(1), a));
  EXPECT_FALSE(book.may_show(agent(1), account(2), a));
  EXPECT_FALSE(book.may_show(agent(2), account(1), a));
  EXPECT_FALSE(book.may_show(agent(1), account(1), b));
}

}  // namespace
}  // namespace dialer::callerid
