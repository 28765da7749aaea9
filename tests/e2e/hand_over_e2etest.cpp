// Whoever answers talks to the campaign's agent, at both carriers; and when no agent takes the call, it ends at once
// and is written down as our failure.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "carriers/simulator/log_reader.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::simulator::carrier_name;
using carriers::simulator::log_entry;
using carriers::simulator::log_event;

constexpr std::size_t contacts = 60;

/// Everybody answers, and talks for so long.
std::string everybody_answers(const std::string& talk_ms) {
  return "[outcomes]\nhuman = 1\n[timing]\npost_dial_ms = [20, 40]\nring_ms = [50, 100]\nno_answer_ms = [200, 300]\n"
         "verdict_ms = [20, 50]\ntalk_ms = " +
         talk_ms + "\n";
}

class HandOver : public testing::Test {
 protected:
  /// Dials everybody once, to the end.
  void dial(const std::string& scenario, const std::string& agent = "", bool twilio = false) {
    rig_options options;
    options.scenario = "[twilio]\ncps = 100\n[telnyx]\ndps = 100\n" + scenario;
    options.accounts = {.twilio_calls_per_second = twilio ? 100.0 : 0.0, .telnyx_calls_per_second = 100};
    options.wanted = unhindered();
    rig_.emplace(options);
    sql::session on = rig_->open();
    if (!agent.empty()) {
      on.run("UPDATE agent SET answer_url = $2 WHERE org_id = $1",
             sql::params{}.uuid(rig_->organisation()).text(agent));
    }
    rig_->import(rig_->campaigns()[0], contacts);
    rig_->start_campaign(rig_->campaigns()[0]);
    rig_->start_engine();
    ASSERT_TRUE(eventually(60s, [&] { return count(on, "contact_done") >= contacts; })) << rig_->engine_words();
    answered_as_failed_ = count(on, "disposition = 5");
    answered_ = count(on, "disposition = 1");
    rig_->engine().signal(SIGTERM);
    ASSERT_TRUE(rig_->engine().wait(60s));
    rig_->stop_carriers();
    carriers::simulator::log_reader reader{rig_->log().string()};
    for (log_entry entry; reader.next(entry);) log_.push_back(entry);
  }
  std::size_t count(sql::session& on, const std::string& what) const {
    return on
        .run("SELECT count(*) FROM outcome WHERE org_id = $1 AND " + what, sql::params{}.uuid(rig_->organisation()))
        .number(0, 0);
  }
  std::vector<log_entry> of(log_event event) const {
    std::vector<log_entry> found;
    std::ranges::copy_if(log_, std::back_inserter(found), [&](const log_entry& one) { return one.event == event; });
    return found;
  }
  std::size_t silent() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(of(log_event::ended), [](const log_entry& one) { return one.reason == "silence"; }));
  }

  std::optional<rig> rig_;
  std::vector<log_entry> log_;
  std::size_t answered_ = 0;
  std::size_t answered_as_failed_ = 0;
};

TEST_F(HandOver, AnsweredCall_GoesToTheAgentsApplication) {
  dial(everybody_answers("[1000, 1500]"), "", true);
  ASSERT_EQ(of(log_event::answered).size(), contacts);
  EXPECT_EQ(answered_, contacts);
  EXPECT_EQ(silent(), 0U) << rig_->engine_words();
  std::set<std::string> tokens;
  std::set<carrier_name> at;
  for (const log_entry& one : of(log_event::handed_over)) {
    EXPECT_TRUE(one.reason.starts_with("https://agent.example.com/answer?t=")) << one.reason;
    tokens.insert(one.reason.substr(one.reason.find("?t=")));
    at.insert(one.carrier);
  }
  EXPECT_EQ(tokens.size(), contacts) << "each call comes with its own attempt's token";
  EXPECT_EQ(at, (std::set{carrier_name::twilio, carrier_name::telnyx}));
}

// Each event twice, some overtaken: each call is handed over once.
TEST_F(HandOver, EventsThatComeTwiceAndInAnyOrder_HandOverOnce) {
  dial(everybody_answers("[1000, 1500]") +
       "[[fault]]\nkind = \"callback_twice\"\n[[fault]]\nkind = \"callback_reordered\"\nprobability = 0.5\n");
  EXPECT_EQ(of(log_event::handed_over).size(), contacts);
  EXPECT_EQ(answered_, contacts);
}

TEST_F(HandOver, ApplicationThatIsDown_EndsTheCallAsOurFailure) {
  dial(everybody_answers("[600000, 600000]") +
       "[agents]\nstatus = 503\n");  // without us they would talk for ten minutes
  EXPECT_EQ(of(log_event::handed_over).size(), 0U);
  EXPECT_EQ(silent(), contacts);
  EXPECT_EQ(answered_as_failed_, contacts);
  EXPECT_NE(rig_->engine_words().find("was not handed to its agent"), std::string::npos);
}

TEST_F(HandOver, SipAgent_IsRungForWhoAnswered) {
  dial(everybody_answers("[1000, 1500]"), "sip:ann@pbx.example.com", true);
  EXPECT_EQ(silent(), 0U) << rig_->engine_words();
  EXPECT_EQ(answered_, contacts);
  ASSERT_EQ(of(log_event::handed_over).size(), contacts);
  for (const log_entry& one : of(log_event::handed_over)) {
    EXPECT_TRUE(one.reason.starts_with("sip:ann@pbx.example.com")) << one.reason;
  }
}

TEST_F(HandOver, SipAgentThatDoesNotPickUp_EndsTheCallAsOurFailure) {
  for (const std::string fate : {"no_answer", "busy", "failed"}) {
    dial(everybody_answers("[600000, 600000]") + "[[destination]]\nto = \"sip:ann@pbx.example.com\"\nfate = \"" + fate +
             "\"\n",
         "sip:ann@pbx.example.com");
    EXPECT_EQ(silent(), contacts) << fate;
    EXPECT_EQ(answered_as_failed_, contacts) << fate;
    log_.clear();
  }
}

}  // namespace
}  // namespace dialer::e2e
