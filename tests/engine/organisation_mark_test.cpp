// The mark below which all attempts are closed: once a minute, and never past one that the next take-over must find.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using carriers::call_phase;
using testing::ElementsAre;
using testing::IsEmpty;

class mark : public testing::Test, protected stage {
 protected:
  // Attempts to so many contacts, all accepted.
  std::vector<attempt_id> dial(std::uint64_t contacts_count) {
    for (std::uint64_t i = 1; i <= contacts_count; ++i) add_contact(i);
    start();
    wait(1s);
    std::vector<attempt_id> attempts;
    for (const send_call& each : sends) {
      attempts.push_back(each.attempt);
      accept(each.attempt, "CA" + each.attempt.text());
    }
    EXPECT_EQ(attempts.size(), contacts_count);
    return attempts;
  }
  void end(attempt_id attempt) { report(attempt, "CA" + attempt.text(), call_phase::ended, disposition::answered); }
};

TEST_F(mark, is_the_oldest_open_attempt_and_moves_when_that_is_closed) {
  const auto attempts = dial(3);
  end(attempts[1]);
  wait(58s);
  EXPECT_THAT(oldest_open, IsEmpty());
  wait(2s);
  EXPECT_THAT(oldest_open, ElementsAre(attempts[0]));
  end(attempts[0]);
  wait(58s);
  EXPECT_EQ(oldest_open.size(), 1U);
  wait(2s);
  EXPECT_THAT(oldest_open, ElementsAre(attempts[0], attempts[2]));
  end(attempts[2]);
  wait(5min);
  EXPECT_EQ(oldest_open.size(), 2U) << "nothing is open: the newest intent, which was told already";
}

TEST_F(mark, stays_below_a_close_that_is_not_durable_whether_its_batch_is_out_or_waits) {
  const auto attempts = dial(3);
  ledger_answers = false;
  end(attempts[1]);  // out
  end(attempts[0]);  // waits for it
  end(attempts[2]);
  wait(61s);
  EXPECT_THAT(oldest_open, ElementsAre(attempts[0]));
  answer_batches();  // the second batch goes out
  wait(61s);
  EXPECT_THAT(oldest_open, ElementsAre(attempts[0]));
  answer_batches();
  wait(61s);
  EXPECT_THAT(oldest_open, ElementsAre(attempts[0], attempts[2]));
}

TEST_F(mark, stays_at_the_newest_durable_intent_while_later_ones_are_rolled_back) {
  const auto attempts = dial(1);
  end(attempts[0]);
  decisions_end = commit_result::failed;
  add_contact(2);
  change([](organisation_snapshot&) {});
  wait(61s);
  ASSERT_GT(last().attempt, attempts[0]) << "decided, and taken back";
  EXPECT_THAT(oldest_open, ElementsAre(attempts[0]));
}

TEST_F(mark, begins_with_what_the_take_over_found) {
  found.last_attempt = 1000;
  start();
  wait(61s);
  EXPECT_THAT(oldest_open, ElementsAre(attempt_id{1000}));
}

}  // namespace
}  // namespace dialer::engine
