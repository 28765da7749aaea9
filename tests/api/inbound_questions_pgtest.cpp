// What carriers ask about a call more than once, forge, or ask when nobody can tell.
#include <future>
#include <latch>

#include "tests/api/inbound_calls_stage.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(InboundCalls, RepeatedQuestion_GetsTheFirstAnswerAndCountsOnce) {
  start();
  EXPECT_THAT(twilio(ringing()).body, HasSubstr(ann));
  set_number("status = 3");
  EXPECT_THAT(twilio(ringing()).body, HasSubstr(ann));
  EXPECT_EQ(looks_, 1) << "from memory";
  EXPECT_EQ(counted(callerid::inbound_outcome::agent), 1U);
  EXPECT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(twilio(ringing(our_number, 2)).body, HasSubstr(not_in_service)) << "another call";
}

// Twilio gave up waiting for the first answer and asks again while it is being worked on.
TEST_F(InboundCalls, QuestionRepeatedBeforeItsAnswer_CountsOnce) {
  std::latch both{2};
  while_looking_ = [&] { both.arrive_and_wait(); };
  start();
  auto first = std::async(std::launch::async, [this] { return twilio(ringing()).body; });
  EXPECT_THAT(twilio(ringing()).body, HasSubstr(ann));
  EXPECT_THAT(first.get(), HasSubstr(ann));
  EXPECT_EQ(looks_, 2);
  EXPECT_EQ(counted(callerid::inbound_outcome::agent), 1U);
  EXPECT_THAT(lines(), SizeIs(1));
}

TEST_F(InboundCalls, RecordedMessage_EndsTheCallAndIsNoCallOfItsOwn) {
  start();
  fields sent = ringing();
  sent["CallStatus"] = "in-progress";
  sent["RecordingUrl"] = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1";
  EXPECT_THAT(twilio(sent).body, HasSubstr("<Response><Hangup/></Response>"));
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(InboundCalls, ForgedQuestions_AreRefusedAndNothingIsTold) {
  start();
  fields altered = ringing();
  altered["To"] = unknown_number;
  EXPECT_EQ(twilio(altered, "ours", ringing()).status, 403);
  EXPECT_EQ(twilio(ringing(), "theirs").status, 403);
  fields unknown = ringing();
  unknown["AccountSid"] = "AC" + std::string(32, 'd');
  EXPECT_EQ(twilio(unknown).status, 403);
  EXPECT_EQ(post("/callbacks/twilio/voice", "", "CallSid=CA1").status, 400);
  EXPECT_EQ(
      post("/callbacks/telnyx/voice", "", R"({"data":{"payload":{"connection_id":"1494404757140276705"}}})").status,
      403);
  EXPECT_EQ(post("/callbacks/twilio/voice", "", std::string(64 * 1024 + 1, 'a')).status, 413);
  const inbound_stats stats = calls_->stats();
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::bad_signature)], 3U);
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::unknown_account)], 1U);
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::no_account)], 1U);
  EXPECT_EQ(stats.refused[static_cast<std::size_t>(callback_refusal::too_large)], 1U);
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(InboundCalls, WithoutTheDatabase_TheCarrierIsToAskAgain) {
  database_ = "host=127.0.0.1 port=1 dbname=none";
  start();
  EXPECT_EQ(twilio(ringing()).status, 503);
  EXPECT_EQ(telnyx_rings().status, 503);
  EXPECT_EQ(calls_->stats().refused[static_cast<std::size_t>(callback_refusal::not_stored)], 2U);
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(InboundCalls, BeforeTheAccountsAreKnown_TheCarrierIsToAskAgain) {
  const account_snapshot known = std::exchange(accounts_, nullptr);
  start();
  EXPECT_EQ(twilio(ringing()).status, 503);
}

}  // namespace
}  // namespace dialer::api
