// Caps and rests: how often a number may be shown, and when it may again.

#include "tests/callerid/pick_stage.hpp"

namespace dialer::callerid {
namespace {

using namespace house;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

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

// The clock was two hours fast and is right again: what is used now is more than an hour before what was used then.
TEST_F(pick_test, a_wall_clock_set_back_by_hours_resets_no_cap) {
  phone_number hourly = number(1, a);
  hourly.calls_per_hour_max = 2;
  phone_number daily = number(2, b);
  daily.calls_per_day_max = 2;
  for (const phone_number& capped : {hourly, daily}) {
    build({capped});
    use(capped.number, 1, morning + hours{capped.number == a ? 2 : 25});
    EXPECT_EQ(ask(policy::sticky).shown, capped.number.text());
    use(capped.number, 1, morning);
    EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  }
}

TEST_F(pick_test, retract_by_a_clock_that_was_set_back_gives_the_use_back) {
  phone_number capped = number(1, a);
  capped.calls_per_hour_max = 1;
  build({capped});
  EXPECT_EQ(ask(policy::sticky, callee, {}, morning + hours{2}).shown, a.text());
  book.take(index(a), morning);
  EXPECT_EQ(ask(policy::sticky).why, "caller_id_caps");
  book.retract(index(a), morning);
  EXPECT_EQ(ask(policy::sticky).shown, a.text());
  EXPECT_EQ(book.in_flight(index(a)), 0U);
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
