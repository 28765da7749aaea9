#include "engine/doubt.hpp"

#include <gtest/gtest.h>

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using kind = doubt_step::kind;

carriers::listed_call call(const char* ref, std::chrono::seconds created,
                           carriers::call_phase phase = carriers::call_phase::ringing) {
  carriers::listed_call listed;
  listed.report.call_ref = ref;
  listed.report.phase = phase;
  listed.created_at = utc_time{created};
  return listed;
}

carriers::call_page clean(std::vector<carriers::listed_call> calls = {}, std::string next = {}) {
  return {true, std::move(calls), std::move(next), {}};
}

class resolving : public testing::Test {
 protected:
  resolving() { state.since.steady = steady_time{1000s}; }
  doubt_step look(const carriers::call_page& page, std::chrono::seconds after) {
    return digest(state, page, timing, state.since.steady + after, [](const auto&) { return true; });
  }
  doubt state;
  doubt_timing timing;
};

TEST_F(resolving, looks_follow_the_list_and_then_a_steady_pace) {
  for (const auto after : timing.looks) {
    EXPECT_EQ(next_look_at(state, timing), state.since.steady + after);
    ++state.looks;
  }
  EXPECT_EQ(next_look_at(state, timing), state.since.steady + timing.looks.back() + timing.look_again);
  ++state.looks;
  EXPECT_EQ(next_look_at(state, timing), state.since.steady + timing.looks.back() + 2 * timing.look_again);
}

TEST_F(resolving, two_clean_answers_are_not_enough_before_the_time_is_up) {
  EXPECT_EQ(look(clean(), 2s).what, kind::look_again);
  EXPECT_EQ(look(clean(), 299s).what, kind::look_again);
  EXPECT_EQ(look(clean(), 300s).what, kind::absent);
}

TEST_F(resolving, one_clean_answer_is_not_enough_however_late) {
  EXPECT_EQ(look(clean(), 3000s).what, kind::look_again);
  EXPECT_EQ(look(clean(), 3001s).what, kind::absent);
}

TEST_F(resolving, an_unclean_answer_concludes_nothing_but_that_the_carrier_cannot_be_asked) {
  const carriers::call_page broken;
  EXPECT_EQ(look(broken, 299s).what, kind::look_again);
  EXPECT_EQ(look(broken, 300s).what, kind::unreachable);
  EXPECT_EQ(look(clean(), 301s).what, kind::look_again);
  EXPECT_EQ(look(clean(), 302s).what, kind::absent);
}

TEST_F(resolving, a_match_is_adopted_at_any_look) {
  const doubt_step step = look(clean({call("CA1", 10s)}), 2s);
  EXPECT_EQ(step.what, kind::adopt);
  EXPECT_EQ(step.adopted.report.call_ref, "CA1");
  EXPECT_TRUE(step.hang_up.empty());
}

TEST_F(resolving, of_several_the_earliest_is_adopted_and_the_live_others_are_ended) {
  const auto ended = carriers::call_phase::ended;
  const doubt_step step = look(clean({call("CA3", 12s), call("CA2", 11s, ended), call("CA1", 10s)}), 2s);
  EXPECT_EQ(step.adopted.report.call_ref, "CA1");
  EXPECT_EQ(step.hang_up, std::vector<std::string>{"CA3"});
}

TEST_F(resolving, a_call_with_the_attempts_token_goes_before_an_earlier_one_without) {
  carriers::listed_call ours = call("CA2", 0s);
  ours.token = "verified";
  for (const bool ours_first : {true, false}) {
    const auto other = call("CA1", 10s);
    look(clean({ours_first ? ours : other}, "page 2"), 2s);
    // Listed a second time, without its token.
    const doubt_step step = look(clean({ours_first ? other : call("CA2", 11s), ours}), 2s);
    EXPECT_EQ(step.adopted.report.call_ref, "CA2");
    EXPECT_EQ(step.hang_up, std::vector<std::string>{"CA1"});
  }
}

TEST_F(resolving, all_pages_are_read_before_anything_is_concluded) {
  EXPECT_EQ(look(clean({call("CA2", 11s)}, "page 2"), 2s).what, kind::next_page);
  EXPECT_EQ(state.looks, 0U);
  const doubt_step step = look(clean({call("CA1", 10s)}), 2s);
  EXPECT_EQ(step.adopted.report.call_ref, "CA1");
  EXPECT_EQ(step.hang_up, std::vector<std::string>{"CA2"});
}

TEST_F(resolving, a_call_listed_twice_is_one_call_and_its_later_phase_holds) {
  look(clean({call("CA1", 10s)}, "page 2"), 2s);
  const doubt_step step = look(clean({call("CA1", 10s, carriers::call_phase::ended)}), 2s);
  EXPECT_EQ(step.what, kind::adopt);
  EXPECT_EQ(step.adopted.report.phase, carriers::call_phase::ended);
  EXPECT_TRUE(step.hang_up.empty());
}

TEST_F(resolving, that_it_was_answered_may_be_listed_on_another_page_than_its_end) {
  carriers::listed_call over = call("CA1", 10s, carriers::call_phase::ended);
  over.report.maybe_answered = true;
  const carriers::listed_call taken = call("CA1", 10s, carriers::call_phase::answered);
  for (const bool end_first : {true, false}) {
    look(clean({end_first ? over : taken}, "page 2"), 2s);
    const carriers::call_report told = look(clean({end_first ? taken : over}), 2s).adopted.report;
    EXPECT_EQ(told.phase, carriers::call_phase::ended);
    EXPECT_EQ(told.if_unanswered, disposition::answered) << end_first;
    EXPECT_FALSE(told.maybe_answered);
  }
}

TEST_F(resolving, a_match_that_names_no_call_keeps_the_look_from_being_clean) {
  look(clean({call("", 10s)}, "page 2"), 299s);
  EXPECT_EQ(look(clean(), 299s).what, kind::look_again);
  EXPECT_EQ(look(clean({call("", 10s)}), 300s).what, kind::unreachable);
  EXPECT_EQ(state.clean_empty, 0U);
  EXPECT_EQ(look(clean({call("", 10s), call("CA1", 10s)}), 301s).adopted.report.call_ref, "CA1");
}

TEST_F(resolving, a_call_that_does_not_say_when_it_was_created_is_not_the_earliest) {
  EXPECT_EQ(look(clean({call("CA2", 0s), call("CA1", 10s)}), 2s).adopted.report.call_ref, "CA1");
  EXPECT_EQ(look(clean({call("CA2", 0s), call("CA1", 10s), call("CA2", 5s)}), 2s).adopted.report.call_ref, "CA2");
}

TEST_F(resolving, a_call_may_be_created_half_a_minute_before_the_decision_by_the_carriers_clock) {
  state.intent_at = utc_time{1000s};
  state.since = {steady_time{10s}, utc_time{1990s}};
  EXPECT_EQ(created_from(state, timing), utc_time{970s});
  const instant now{steady_time{20s}, utc_time{2000s}};
  note_clock(state, utc_time{2000s - 400s}, timing, now);
  EXPECT_EQ(created_from(state, timing), utc_time{570s});
  note_clock(state, {}, timing, now);
  EXPECT_EQ(created_from(state, timing), utc_time{570s});
  note_clock(state, utc_time{2000s} + 24h + 1us, timing, now);
  EXPECT_EQ(created_from(state, timing), utc_time{570s});
  note_clock(state, utc_time{2000s} + 24h, timing, now);
  EXPECT_EQ(created_from(state, timing), utc_time{970s} + 24h);
}

// Ours was an hour fast when the call was decided and the answer lost, and has been set right since.
TEST_F(resolving, our_clock_may_be_set_between_the_decision_and_the_look) {
  state.intent_at = utc_time{4600s};
  state.since = {steady_time{10s}, utc_time{4602s}};
  note_clock(state, utc_time{1010s}, timing, {steady_time{18s}, utc_time{1010s}});
  EXPECT_EQ(created_from(state, timing), utc_time{1000s} - timing.clock_skew);
}

TEST_F(resolving, of_two_words_on_one_end_the_surer_holds) {
  carriers::listed_call unsure = call("CA1", 10s, carriers::call_phase::ended);
  unsure.report.maybe_answered = true;
  carriers::listed_call sure = call("CA1", 10s, carriers::call_phase::ended);
  sure.report.if_unanswered = disposition::busy;
  for (const bool sure_first : {true, false}) {
    look(clean({sure_first ? sure : unsure}, "page 2"), 2s);
    EXPECT_EQ(look(clean({sure_first ? unsure : sure}), 2s).adopted.report.if_unanswered, disposition::busy);
  }
}

TEST_F(resolving, what_does_not_match_is_as_if_it_were_not_listed) {
  const auto none = [](const auto&) { return false; };
  EXPECT_EQ(digest(state, clean({call("CA1", 10s)}), timing, state.since.steady + 2s, none).what, kind::look_again);
  EXPECT_EQ(state.clean_empty, 1U);
}

}  // namespace
}  // namespace dialer::engine
