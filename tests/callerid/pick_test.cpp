#include "callerid/pick.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using namespace house;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const e164 callee = tel("+12125550199");
const e164 a = tel("+12125550101");
const e164 b = tel("+12125550102");
const e164 c = tel("+13105550103");

/// A few area codes, as the port would know them.
std::string_view some_regions(e164 number) {
  if (!number.is_nanp()) return {};
  switch (number.npa()) {
    case 212:
    case 646:
    case 716: return "US-NY";
    case 310: return "US-CA";
    case 416: return "CA-ON";
    default: return {};
  }
}

struct answer {
  std::string shown = "none";
  std::string why;
  std::optional<utc_time> until;
};

class pick_test : public testing::Test {
 protected:
  /// All numbers for agent 1.
  void build(const std::vector<phone_number>& numbers) {
    std::vector<assignment> assignments;
    for (const phone_number& each : numbers) assignments.push_back({each.id, agent(1), workspace(1)});
    book.rebuild(sharing_policy::workspace, numbers, assignments);
  }

  answer ask(policy how, e164 to = callee, e164 last = {}, utc_time now = morning, std::uint64_t who = 1,
             std::uint64_t on = 1) {
    reason why_not = reason::none;
    answer result;
    if (const auto found = book.pick(agent(who), account(on), how, to, last, now, why_not, result.until)) {
      result.shown = book.number(found->number).text();
      result.why = to_string(found->why);
      EXPECT_EQ(why_not, reason::none);
    } else {
      result.why = to_string(why_not);
    }
    return result;
  }

  number_index index(e164 number) { return book.find(number).value(); }
  void use(e164 number, int times, utc_time at = morning) {
    for (int i = 0; i < times; ++i) {
      book.take(index(number), at);
      book.release(index(number));
    }
  }

  pool_book book{some_regions};
};

TEST_F(pick_test, sticky_shows_what_the_contact_saw_before) {
  build({number(1, a), number(2, b)});
  use(b, 5);
  const answer found = ask(policy::sticky, callee, b);
  EXPECT_EQ(found.shown, b.text());
  EXPECT_EQ(found.why, "sticky");
}

TEST_F(pick_test, sticky_falls_back_to_least_used_when_the_last_is_unknown_foreign_or_capped) {
  phone_number capped = number(1, a);
  capped.calls_per_day_max = 1;
  build({capped, number(2, b), number(3, c)});
  use(a, 1);
  use(b, 1);
  for (const e164 last : {e164{}, tel("+14155550177"), a}) {
    const answer found = ask(policy::sticky, callee, last);
    EXPECT_EQ(found.shown, c.text()) << last.text();
    EXPECT_EQ(found.why, "least_used");
  }
}

TEST_F(pick_test, sticky_does_not_show_another_agent_s_number) {
  book.rebuild(sharing_policy::workspace, {number(1, a), number(2, b)}, {assign(1, 1), assign(2, 2)});
  EXPECT_EQ(ask(policy::sticky, callee, b).shown, a.text());
}

TEST_F(pick_test, least_used_prefers_fewest_calls_then_the_smaller_number) {
  build({number(3, c), number(2, b), number(1, a)});
  EXPECT_EQ(ask(policy::least_used_today).shown, a.text());
  use(a, 2);
  use(b, 1);
  EXPECT_EQ(ask(policy::least_used_today).shown, c.text());
  use(c, 1);
  EXPECT_EQ(ask(policy::least_used_today).shown, b.text());
  EXPECT_EQ(ask(policy::least_used_today).why, "least_used");
}

TEST_F(pick_test, local_presence_falls_back_from_exchange_to_area_code_state_country_and_any) {
  struct step {
    e164 number;
    const char* why;
  };
  const std::vector<step> nearest_first{
      {tel("+12125550188"), "same_area_code"},  // area code and exchange
      {tel("+12125560101"), "same_area_code"},  // two digits of the exchange
      {tel("+12125160101"), "same_area_code"},  // one
      {tel("+12123330101"), "same_area_code"},  // area code only
      {tel("+17165550101"), "same_state"},      // New York too
      {tel("+13105550101"), "same_country"},    // California
      {tel("+14165550101"), "least_used"},      // Canada: another country with the same calling code
      {tel("+447700900101"), "least_used"},
  };
  for (std::size_t skip = 0; skip < nearest_first.size(); ++skip) {
    std::vector<phone_number> numbers;
    for (std::size_t i = nearest_first.size(); i-- > skip;) numbers.push_back(number(i + 1, nearest_first[i].number));
    build(numbers);
    const answer found = ask(policy::local_presence);
    EXPECT_EQ(found.shown, nearest_first[skip].number.text());
    EXPECT_EQ(found.why, nearest_first[skip].why);
  }
}

TEST_F(pick_test, local_presence_goes_one_step_further_when_the_nearer_are_capped) {
  const e164 near = tel("+12125550188");
  const e164 state = tel("+17165550101");
  phone_number capped = number(1, near);
  capped.calls_per_hour_max = 1;
  build({capped, number(2, state), number(3, c)});
  EXPECT_EQ(ask(policy::local_presence).why, "same_area_code");
  use(near, 1);
  EXPECT_EQ(ask(policy::local_presence).why, "same_state");
  EXPECT_EQ(ask(policy::local_presence).shown, state.text());
}

TEST_F(pick_test, local_presence_takes_the_least_used_of_equally_near_ones) {
  build({number(1, a), number(2, b), number(3, c)});
  EXPECT_EQ(ask(policy::local_presence).shown, a.text());
  use(a, 1);
  EXPECT_EQ(ask(policy::local_presence).shown, b.text());
}

TEST_F(pick_test, local_presence_puts_the_longer_prefix_before_the_lesser_use) {
  const e164 near = tel("+12125550188");
  build({number(1, near), number(2, tel("+12123330101"))});
  use(near, 9);
  EXPECT_EQ(ask(policy::local_presence).shown, near.text());
}

TEST_F(pick_test, local_presence_of_numbers_whose_stated_regions_split_an_area_code_finds_them_all) {
  std::vector<phone_number> numbers{number(1, tel("+12125550110")), number(2, tel("+12125550111")),
                                    number(3, tel("+12125550112")), number(4, tel("+12125550113"))};
  numbers[1].region = "US-NJ";
  numbers[3].region = "US-CT";
  build(numbers);
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) {
    const answer found = ask(policy::local_presence);
    EXPECT_EQ(found.why, "same_area_code");
    order.push_back(found.shown);
    use(tel(found.shown.c_str()), 1);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"+12125550110", "+12125550111", "+12125550112", "+12125550113"}));
}

TEST_F(pick_test, local_presence_by_the_inventory_s_region_before_the_area_code_s) {
  phone_number stated = number(1, tel("+13105550101"));
  stated.region = "US-NY";
  build({stated, number(2, tel("+13105550100"))});
  const answer found = ask(policy::local_presence, tel("+16465550199"));
  EXPECT_EQ(found.shown, stated.number.text());
  EXPECT_EQ(found.why, "same_state");
}

TEST_F(pick_test, local_presence_with_unknown_regions_goes_by_calling_code) {
  build({number(1, tel("+447700900101")), number(2, tel("+14155550101"))});  // 415: region not known to the port
  EXPECT_EQ(ask(policy::local_presence).why, "same_country");
  EXPECT_EQ(ask(policy::local_presence).shown, "+14155550101");
  EXPECT_EQ(ask(policy::local_presence, tel("+447700900155")).why, "same_area_code");
  EXPECT_EQ(ask(policy::local_presence, tel("+442079460155")).why, "same_country");
  EXPECT_EQ(ask(policy::local_presence, tel("+442079460155")).shown, "+447700900101");
}

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

struct cap {
  const char* name;
  std::uint32_t phone_number::*field;
  minutes window;
};

class rolling_cap : public pick_test, public testing::WithParamInterface<cap> {
 protected:
  void build_with(std::uint32_t calls) {
    phone_number capped = number(1, a);
    capped.*GetParam().field = calls;
    build({capped});
  }
};

TEST_P(rolling_cap, allows_as_many_as_it_says_and_not_one_more) {
  build_with(3);
  use(a, 2);
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
  use(a, 1);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  use(a, 1);  // restored from a ledger that knows of more
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
}

TEST_P(rolling_cap, frees_at_the_end_of_the_minute_in_which_the_use_left_the_window) {
  build_with(2);
  const utc_time first = morning + seconds{30};
  use(a, 1, first);
  use(a, 1, first + minutes{5});
  const utc_time frees = morning + GetParam().window + minutes{1};
  for (const utc_time now : {first + minutes{6}, first + GetParam().window, frees - microseconds{1}}) {
    const answer refused = ask(policy::sticky, callee, {}, now);
    EXPECT_EQ(refused.why, "caller_id_caps");
    EXPECT_EQ(refused.until, frees);
  }
  EXPECT_EQ(ask(policy::sticky, callee, {}, frees).shown, a.text());
  use(a, 1, frees);
  EXPECT_EQ(ask(policy::sticky, callee, {}, frees).until, frees + minutes{5});
}

TEST_P(rolling_cap, of_a_use_at_a_minute_s_very_end_is_never_short) {
  build_with(1);
  const utc_time used = morning + minutes{1} - microseconds{1};
  use(a, 1, used);
  EXPECT_EQ(ask(policy::sticky, callee, {}, used + GetParam().window - microseconds{1}).why, "caller_id_caps");
  EXPECT_EQ(ask(policy::sticky, callee, {}, used + GetParam().window + microseconds{1}).shown, a.text());
}

TEST_P(rolling_cap, zero_is_unlimited) {
  build_with(0);
  use(a, 2'000);
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
}

TEST_P(rolling_cap, of_a_lowered_cap_names_the_instant_at_which_enough_have_left) {
  build_with(0);
  for (int i = 0; i < 5; ++i) use(a, 1, morning + minutes{i});
  build_with(2);
  // Uses of minutes 0..3 have to leave for one to remain.
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + minutes{5}).until, morning + minutes{3 + 1} + GetParam().window);
}

INSTANTIATE_TEST_SUITE_P(caps, rolling_cap,
                         testing::Values(cap{"hour", &phone_number::calls_per_hour_max, minutes{60}},
                                         cap{"day", &phone_number::calls_per_day_max, minutes{24 * 60}}),
                         [](const auto& of) { return std::string{of.param.name}; });

TEST_F(pick_test, until_is_the_earliest_over_the_pool_and_waits_for_both_caps_of_a_number) {
  phone_number both = number(1, a);
  both.calls_per_hour_max = 1;
  both.calls_per_day_max = 1;
  phone_number hourly = number(2, b);
  hourly.calls_per_hour_max = 1;
  build({both, hourly});
  use(a, 1, morning);
  EXPECT_EQ(ask(policy::sticky).shown, b.text());
  use(b, 1, morning + minutes{10});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + minutes{10}).until, morning + minutes{71});
  build({both});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + minutes{10}).until, morning + hours{24} + minutes{1});
}

TEST_F(pick_test, concurrent_cap_holds_until_a_call_ends) {
  phone_number capped = number(1, a);
  capped.concurrent_calls_max = 2;
  build({capped});
  book.take(index(a), morning);
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
  book.take(index(a), morning);
  EXPECT_EQ(book.in_flight(index(a)), 2u);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  EXPECT_FALSE(ask(policy::sticky).until) << "time alone frees nothing";
  book.release(index(a));
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
}

TEST_F(pick_test, retract_gives_back_the_call_and_its_place_in_hour_and_day) {
  phone_number capped = number(1, a);
  capped.calls_per_hour_max = 1;
  capped.calls_per_day_max = 1;
  capped.concurrent_calls_max = 1;
  build({capped});
  book.take(index(a), morning);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  book.retract(index(a), morning);
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
  EXPECT_EQ(book.calls_in_last_day(index(a), morning), 0u);
  EXPECT_EQ(book.in_flight(index(a)), 0u);
  book.take(index(a), morning + seconds{1});  // the same minute again: counted once, leaves once
  EXPECT_EQ(book.calls_in_last_day(index(a), morning), 1u);
  EXPECT_EQ(book.calls_in_last_day(index(a), morning + hours{24} + minutes{1}), 0u);
}

TEST_F(pick_test, retract_after_the_hour_gives_back_the_day_only) {
  build({number(1, a)});
  book.take(index(a), morning);
  book.take(index(a), morning + minutes{90});
  book.retract(index(a), morning);
  EXPECT_EQ(book.calls_in_last_day(index(a), morning + minutes{90}), 1u);
  phone_number hourly = number(1, a);
  hourly.calls_per_hour_max = 1;
  build({hourly});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + minutes{90}).why, "caller_id_caps");
}

TEST_F(pick_test, numbers_shared_between_agents_and_accounts_are_counted_once) {
  phone_number here = number(1, a);
  here.calls_per_hour_max = 2;
  phone_number there = here;  // the same number verified on a second account, with a stricter cap for the day
  there.id = row(2);
  there.integration = account(2);
  there.calls_per_hour_max = 0;
  there.calls_per_day_max = 3;
  book.rebuild(sharing_policy::workspace, {here, there}, {assign(1, 1), assign(1, 2), assign(2, 1)});
  use(a, 2);
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 1, 1).why, "caller_id_caps");
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 2, 1).why, "caller_id_caps");
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning, 1, 2).why, "caller_id_caps");
  EXPECT_EQ(book.calls_in_last_day(index(a), morning), 2u);
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + hours{2}, 1, 2).shown, a.text());
  use(a, 1, morning + hours{2});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + hours{2}, 2, 1).why, "caller_id_caps");
}

TEST_F(pick_test, rebuild_keeps_use_even_of_a_number_that_was_gone_meanwhile) {
  phone_number capped = number(1, a);
  capped.calls_per_day_max = 1;
  build({capped, number(2, b)});
  const number_index before = index(a);
  book.take(before, morning);
  build({number(2, b)});
  EXPECT_FALSE(book.find(a));
  EXPECT_EQ(ask(policy::sticky, callee, a).shown, b.text());
  book.release(before);  // the call outlived its number
  build({capped});
  EXPECT_EQ(index(a), before);
  EXPECT_EQ(book.in_flight(before), 0u);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + minutes{24 * 60 + 1}).shown, a.text());
}

TEST_F(pick_test, restore_in_any_order_before_or_after_the_inventory) {
  phone_number capped = number(1, a);
  capped.calls_per_hour_max = 2;
  capped.calls_per_day_max = 5;
  capped.concurrent_calls_max = 2;
  book.restore(a, morning - minutes{10}, false);
  book.restore(a, morning - hours{30}, true);  // still open, long out of the window
  book.restore(a, morning - hours{3}, false);
  build({capped});
  book.restore(a, morning - hours{5}, false);
  EXPECT_EQ(book.calls_in_last_day(index(a), morning), 3u);
  EXPECT_EQ(book.in_flight(index(a)), 1u);
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
  const number_index open = book.restore(a, morning - minutes{50}, true);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  book.release(open);
  EXPECT_EQ(ask(policy::sticky).until, morning + minutes{11});  // hour: two in the last 60 minutes
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + minutes{11}).shown, a.text());
}

TEST_F(pick_test, a_wall_clock_set_back_forgets_nothing) {
  phone_number capped = number(1, a);
  capped.calls_per_hour_max = 1;
  build({capped});
  use(a, 1, morning);
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning - minutes{30}).why, "caller_id_caps");
}

TEST_F(pick_test, a_week_of_silence_frees_everything) {
  phone_number capped = number(1, a);
  capped.calls_per_day_max = 2;
  build({capped});
  use(a, 1, morning);
  use(a, 1, morning + hours{23});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + hours{24 * 7}).shown, a.text());
  EXPECT_EQ(book.calls_in_last_day(index(a), morning + hours{24 * 7}), 0u);
}

TEST_F(pick_test, weighted_spreads_calls_by_weight_and_smoothly) {
  phone_number heavy = number(1, a);
  phone_number middle = number(2, b);
  heavy.weight = 5;
  middle.weight = 2;
  build({heavy, middle, number(3, c)});
  std::map<std::string, int> shown;
  for (int round = 1; round <= 10; ++round) {
    for (int n = 0; n < 8; ++n) {
      const answer found = ask(policy::weighted);
      EXPECT_EQ(found.why, "weighted");
      ++shown[found.shown];
      use(tel(found.shown.c_str()), 1);
    }
    EXPECT_EQ(shown[a.text()], 5 * round);
    EXPECT_EQ(shown[b.text()], 2 * round);
    EXPECT_EQ(shown[c.text()], round);
  }
}

TEST_F(pick_test, weighted_with_equal_weights_takes_the_least_used) {
  phone_number first = number(1, a);
  phone_number second = number(2, b);
  first.weight = second.weight = 7;
  build({first, second});
  use(a, 1);
  EXPECT_EQ(ask(policy::weighted).shown, b.text());
  use(b, 1);
  EXPECT_EQ(ask(policy::weighted).shown, a.text()) << "a tie: the smaller number";
}

TEST_F(pick_test, weighted_passes_over_a_capped_number_and_says_when_all_are) {
  phone_number heavy = number(1, a);
  phone_number light = number(2, b);
  heavy.weight = 1000;
  heavy.calls_per_hour_max = 1;
  light.calls_per_hour_max = 2;
  build({heavy, light});
  use(a, 1);
  EXPECT_EQ(ask(policy::weighted).shown, b.text());
  use(b, 2, morning + std::chrono::minutes{5});
  const answer none = ask(policy::weighted, callee, {}, morning + std::chrono::minutes{5});
  EXPECT_EQ(none.why, "caller_id_caps");
  EXPECT_EQ(none.until, morning + std::chrono::minutes{61});
}

TEST_F(pick_test, fixed_shows_the_named_number_or_none) {
  phone_number named = number(1, a);
  named.calls_per_hour_max = 2;
  book.rebuild(sharing_policy::workspace, {named, number(2, b), number(3, c)},
               {assign(1, 1), assign(2, 1), assign(3, 2)});
  use(a, 1);
  EXPECT_EQ(ask(policy::fixed, callee, a).shown, a.text()) << "although another was used less";
  EXPECT_EQ(ask(policy::fixed, callee, a).why, "fixed");
  use(a, 1);
  const answer capped = ask(policy::fixed, callee, a);
  EXPECT_EQ(capped.shown, "none") << "it falls back to no other";
  EXPECT_EQ(capped.why, "caller_id_caps");
  EXPECT_EQ(capped.until, morning + std::chrono::minutes{61});
  for (const e164 other : {c, tel("+14155550177"), e164{}}) {
    const answer none = ask(policy::fixed, callee, other);
    EXPECT_EQ(none.why, "no_caller_id") << other.text();
    EXPECT_EQ(none.until, std::nullopt);
  }
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

TEST_F(pick_test, a_number_that_rests_is_passed_over_and_rebuilding_does_not_wake_it) {
  build({number(1, a), number(2, b)});
  book.limit(index(a), {.shown = false, .rests_until = morning + hours{50}});
  EXPECT_EQ(ask(policy::sticky, callee, a).shown, b.text());
  build({number(1, a), number(2, b)});
  EXPECT_EQ(ask(policy::least_used_today).shown, b.text());
  EXPECT_EQ(ask(policy::fixed, callee, a).why, "caller_id_resting");
  book.limit(index(a), {});
  EXPECT_EQ(ask(policy::fixed, callee, a).shown, a.text());
}

TEST_F(pick_test, all_numbers_rest_until_the_first_is_back) {
  build({number(1, a), number(2, b)});
  book.limit(index(a), {.shown = false, .rests_until = morning + hours{50}});
  book.limit(index(b), {.shown = false, .rests_until = morning + hours{60}});
  const answer none = ask(policy::sticky);
  EXPECT_EQ(none.why, "caller_id_resting");
  EXPECT_EQ(none.until, morning + hours{50});
  book.limit(index(a), {.shown = false});  // retired
  EXPECT_EQ(ask(policy::sticky).until, morning + hours{60});
}

TEST_F(pick_test, one_rests_and_the_other_is_at_its_cap_is_no_matter_of_health) {
  phone_number capped = number(2, b);
  capped.calls_per_day_max = 1;
  build({number(1, a), capped});
  book.limit(index(b), {.shown = false});
  book.limit(index(b), {});
  book.limit(index(a), {.shown = false, .rests_until = morning + hours{50}});
  use(b, 1);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
}

TEST_F(pick_test, a_share_of_the_caps_and_a_limit_hold_beside_them) {
  phone_number capped = number(1, a);
  capped.calls_per_day_max = 9;
  capped.calls_per_hour_max = 5;
  build({capped});
  const auto calls_possible = [&](const number_limits& limits) {
    book.limit(index(a), limits);
    int calls = 0;
    for (; calls < 20 && ask(policy::sticky).shown == a.text(); ++calls) use(a, 1);
    for (int i = 0; i < calls; ++i) book.retract(index(a), morning);
    return calls;
  };
  EXPECT_EQ(calls_possible({}), 5);
  EXPECT_EQ(calls_possible({.share_of_caps = 2}), 2);
  EXPECT_EQ(calls_possible({.calls_per_day_max = 3}), 3);
  EXPECT_EQ(calls_possible({.share_of_caps = 20}), 1) << "never none at all";
}

}  // namespace
}  // namespace dialer::callerid
