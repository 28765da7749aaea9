#include "cli/audit.hpp"

#include <gtest/gtest.h>

#include <system_error>

#include "carriers/simulator/log_entry.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

namespace simulator = carriers::simulator;
using engine::outcome_kind;
using std::chrono::seconds;
using test::noon;

constexpr const char* account = "AC00000000000000000000000000000000";
const e164 alice = e164::from_digits(12125550101);
const e164 bob = e164::from_digits(12125550102);

/// Two books: a ledger in a fresh database, and the carrier's log.
class audit_of : public testing::Test {
 protected:
  audit_of() { line(simulator::log_event::simulator_started, "", noon - seconds{60}); }

  simulator::log_entry& line(simulator::log_event event, const std::string& ref, utc_time at) {
    simulator::log_entry& entry = log_.emplace_back();
    entry.event = event;
    entry.ref = ref;
    entry.at = at;
    return entry;
  }
  /// A call of `length` seconds; 0: it does not end.
  void call(const std::string& ref, e164 to, const std::string& token, utc_time at = noon, int length = 5) {
    simulator::log_entry& created = line(simulator::log_event::call_created, ref, at);
    created.carrier = simulator::carrier_name::twilio;
    created.account = account_;
    created.to = to.text();
    created.from = "+12125550199";
    created.token = token;
    if (length != 0) line(simulator::log_event::ended, ref, at + seconds{length});
  }
  /// An attempt that went well in the ledger.
  void attempt(std::int64_t id, e164 to, const std::string& ref, utc_time at = noon) {
    house_.intent(id, id, to, at);
    house_.outcome(id, outcome_kind::accepted, ref);
    house_.outcome(id, outcome_kind::ended, ref);
  }
  audit_result run() {
    std::string text;
    for (const auto& entry : log_) append_log_line(text, entry);
    return audit(house_.on, house_.campaign.organisation, dir_.file("log", text + tail_));
  }

  test::small_house house_;
  scratch dir_;
  std::vector<simulator::log_entry> log_;
  std::string account_ = account;
  std::string tail_;
};

TEST_F(audit_of, books_that_agree) {
  attempt(1, alice, "CA1");
  attempt(2, bob, "CA2");
  attempt(3, alice, "CA3", noon + seconds{60});
  house_.intent(4, 4, e164::from_digits(12125550104));
  house_.outcome(4, outcome_kind::in_doubt);
  house_.outcome(4, outcome_kind::adopted, "CA4");
  house_.outcome(4, outcome_kind::ended, "CA4");
  house_.intent(5, 5, e164::from_digits(12125550105));
  house_.outcome(5, outcome_kind::rejected);
  call("CA1", alice, "t1");
  call("CA2", bob, "t2");
  call("CA3", alice, "t3", noon + seconds{60});
  call("CA4", e164::from_digits(12125550104), "t4");

  const audit_result found = run();
  EXPECT_EQ(found.attempted, 5U);
  EXPECT_EQ(found.acknowledged, 3U);
  EXPECT_EQ(found.recovered, 1U);
  EXPECT_EQ(found.calls, 4U);
  EXPECT_EQ(found.lost + found.unexpected + found.duplicated + found.unresolved, 0U)
      << testing::PrintToString(found.examples);
  EXPECT_TRUE(found.agrees());
  EXPECT_TRUE(run().agrees()) << "a second audit on the same session";
}

TEST_F(audit_of, a_call_that_only_the_ledger_knows_is_lost) {
  attempt(1, alice, "CA1");
  const audit_result found = run();
  EXPECT_EQ(found.lost, 1U);
  EXPECT_EQ(found.unexpected + found.duplicated, 0U);
  ASSERT_EQ(found.examples.size(), 1U);
  EXPECT_NE(found.examples[0].find("CA1"), std::string::npos);
}

TEST_F(audit_of, a_call_of_an_attempt_closed_without_one_is_lost) {
  house_.intent(1, 1, alice);
  house_.outcome(1, outcome_kind::absent);
  call("CA1", alice, "t1", noon + seconds{1});
  const audit_result found = run();
  EXPECT_EQ(found.lost, 1U);
  EXPECT_EQ(found.unexpected, 0U);
}

TEST_F(audit_of, a_call_of_an_open_attempt_is_unresolved) {
  house_.intent(1, 1, alice);
  house_.outcome(1, outcome_kind::in_doubt);
  call("CA1", alice, "t1", noon + seconds{1});
  const audit_result found = run();
  EXPECT_EQ(found.unresolved, 1U);
  EXPECT_TRUE(found.agrees());
}

TEST_F(audit_of, a_call_that_no_attempt_asked_for_is_unexpected) {
  attempt(1, alice, "CA1");
  call("CA1", alice, "t1");
  call("CA2", bob, "t2");
  const audit_result found = run();
  EXPECT_EQ(found.unexpected, 1U);
  EXPECT_EQ(found.lost + found.duplicated, 0U);
}

TEST_F(audit_of, one_attempt_without_reference_excuses_one_call_only) {
  house_.intent(1, 1, alice);
  call("CA1", alice, "t1", noon + seconds{1});
  call("CA2", alice, "t2", noon + seconds{30});
  const audit_result found = run();
  EXPECT_EQ(found.unresolved, 1U);
  EXPECT_EQ(found.unexpected, 1U);
}

TEST_F(audit_of, a_call_long_after_its_attempt_is_unexpected) {
  house_.intent(1, 1, alice);
  call("CA1", alice, "t1", noon + std::chrono::hours{1});
  EXPECT_EQ(run().unexpected, 1U);
}

TEST_F(audit_of, a_call_to_another_number_than_the_attempt_says_is_unexpected) {
  attempt(1, alice, "CA1");
  call("CA1", bob, "t1");
  EXPECT_EQ(run().unexpected, 1U);
}

TEST_F(audit_of, two_calls_for_one_attempt_are_a_duplicate) {
  attempt(1, alice, "CA1");
  call("CA1", alice, "t1");
  call("CA2", alice, "t1", noon + seconds{60});
  const audit_result found = run();
  EXPECT_EQ(found.duplicated, 1U);
  EXPECT_EQ(found.unexpected + found.lost, 0U) << testing::PrintToString(found.examples);
}

TEST_F(audit_of, overlapping_calls_to_one_number_are_a_duplicate) {
  attempt(1, alice, "CA1");
  attempt(2, alice, "CA2", noon + seconds{4});
  call("CA1", alice, "t1", noon, 5);
  call("CA2", alice, "t2", noon + seconds{4}, 5);
  EXPECT_EQ(run().duplicated, 1U);
}

TEST_F(audit_of, a_call_that_begins_when_another_ends_is_none) {
  attempt(1, alice, "CA1");
  attempt(2, alice, "CA2", noon + seconds{5});
  call("CA1", alice, "t1", noon, 5);
  call("CA2", alice, "t2", noon + seconds{5}, 5);
  EXPECT_EQ(run().duplicated, 0U);
}

TEST_F(audit_of, a_long_call_overlaps_over_a_short_one) {
  for (int i = 1; i <= 3; ++i) attempt(i, alice, "CA" + std::to_string(i), noon + seconds{i * 10});
  call("CA1", alice, "t1", noon + seconds{10}, 100);
  call("CA2", alice, "t2", noon + seconds{20}, 1);
  call("CA3", alice, "t3", noon + seconds{30}, 1);
  EXPECT_EQ(run().duplicated, 2U);
}

TEST_F(audit_of, a_call_without_end_lasts_until_the_simulator_starts_again) {
  attempt(1, alice, "CA1");
  attempt(2, alice, "CA2", noon + seconds{30});
  call("CA1", alice, "t1", noon, 0);
  call("CA2", alice, "t2", noon + seconds{30});
  EXPECT_EQ(run().duplicated, 1U);
  line(simulator::log_event::simulator_started, "", noon + seconds{20});
  EXPECT_EQ(run().duplicated, 0U);
}

TEST_F(audit_of, one_reference_of_two_attempts_is_a_duplicate) {
  attempt(1, alice, "CA1");
  attempt(2, alice, "CA1");
  call("CA1", alice, "t1");
  EXPECT_EQ(run().duplicated, 1U);
}

TEST_F(audit_of, two_references_of_one_attempt_are_a_duplicate) {
  attempt(1, alice, "CA1");
  house_.outcome(1, outcome_kind::late, "CA2");
  call("CA1", alice, "t1");
  call("CA2", alice, "", noon + seconds{60});
  EXPECT_EQ(run().duplicated, 1U);
}

TEST_F(audit_of, calls_on_accounts_of_others_are_not_judged) {
  account_ = "AC99999999999999999999999999999999";
  call("CA1", alice, "t1");
  const audit_result found = run();
  EXPECT_EQ(found.elsewhere, 1U);
  EXPECT_EQ(found.calls, 0U);
  EXPECT_TRUE(found.agrees());
}

TEST_F(audit_of, an_unfinished_last_line_is_told) {
  tail_ = "{\"at\":1,\"ev";
  EXPECT_TRUE(run().truncated);
}

TEST_F(audit_of, a_damaged_log_is_refused_and_the_session_stays_usable) {
  tail_ = "nonsense\n";
  EXPECT_THROW(run(), std::runtime_error);
  tail_.clear();
  EXPECT_TRUE(run().agrees());
  EXPECT_THROW((void)audit(house_.on, house_.campaign.organisation, "/nowhere/log"), std::system_error);
}

TEST_F(audit_of, fifty_thousand_calls) {
  house_.on.run(
      "INSERT INTO intent SELECT $1, $2, $3, n, n, 12000000000 + n, 12125550199, $4, 0, 1, 5 "
      "FROM generate_series(1, 50000) n",
      sql::params{}
          .uuid(house_.campaign.organisation)
          .uuid(house_.campaign.campaign)
          .uuid(house_.integration)
          .time(noon));
  house_.on.run(
      "INSERT INTO outcome SELECT $1, n, $2, 0, 1, NULL, 0, false, false, 'CA' || n, '', '' "
      "FROM generate_series(1, 50000) n",
      sql::params{}.uuid(house_.campaign.organisation).time(noon));
  for (std::uint64_t n = 1; n < 50'000; ++n) {
    call("CA" + std::to_string(n), e164::from_digits(12'000'000'000 + n), "t" + std::to_string(n));
  }
  const audit_result found = run();
  EXPECT_EQ(found.attempted, 50'000U);
  EXPECT_EQ(found.calls, 49'999U);
  EXPECT_EQ(found.lost, 1U) << "the last one";
  EXPECT_EQ(found.unexpected + found.duplicated, 0U);
}

}  // namespace
}  // namespace dialer::cli
