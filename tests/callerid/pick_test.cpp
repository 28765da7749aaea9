// What each policy shows, and what it falls back to.

#include "tests/callerid/pick_stage.hpp"

namespace dialer::callerid {
namespace {

using namespace house;

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

}  // namespace
}  // namespace dialer::callerid
