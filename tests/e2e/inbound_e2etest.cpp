// Somebody calls our numbers: the whole way from the simulated carrier's question to the agent who talks, or to what is
// said instead.

#include <gtest/gtest.h>

#include <algorithm>

#include "carriers/simulator/log_reader.hpp"
#include "cli/new_id.hpp"
#include "sql/configuration.hpp"
#include "tests/e2e/rig.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::carrier_kind;
using carriers::simulator::log_entry;
using carriers::simulator::log_event;

/// Each has a number of its own on both accounts, by its place.
enum line_number : unsigned { at_url, draft, sip, sip_missed, sip_missed_twice, nobody, unassigned, inactive, unknown };
constexpr unsigned lines = 9;

std::string number_of(carrier_kind carrier, unsigned line) {
  return (carrier == carrier_kind::twilio ? "+1212555010" : "+1312555010") + std::to_string(line);
}

std::string scenario() {
  std::string text =
      "[timing]\nring_ms = [20, 40]\nno_answer_ms = [50, 80]\n"
      "[[account]]\ncarrier = \"telnyx\"\nid = \"1494404757140276705\"\ndps = 30\n"
      "voice_url = \"@ENGINE@/callbacks/telnyx/voice\"\n"
      "[[destination]]\nto = \"sip:away@pbx.example.com\"\nfate = \"no_answer\"\n"
      "[[destination]]\nto = \"sip:busy@pbx.example.com\"\nfate = \"busy\"\n";
  for (unsigned line = 0; line < lines; ++line) {
    text += "[[number]]\ncarrier = \"twilio\"\naccount = \"AC00000000000000000000000000000001\"\nnumber = \"" +
            number_of(carrier_kind::twilio, line) +
            "\"\nvoice_url = \"@ENGINE@/callbacks/twilio/voice#rc=3&rp=all\"\n"
            "[[number]]\ncarrier = \"telnyx\"\naccount = \"1494404757140276705\"\nnumber = \"" +
            number_of(carrier_kind::telnyx, line) + "\"\n";
  }
  return text;
}

class Inbound : public testing::TestWithParam<carrier_kind> {
 protected:
  Inbound() : rig_{{.scenario = scenario(), .caller_ids = lines - 1, .wanted = {}}}, on_{rig_.open()} {
    agent("at url", "https://url.example.com/answer");
    agent("draft", "https://draft.example.com/answer", false);
    agent("sip", "sip:here@pbx.example.com");
    agent("away", "sip:away@pbx.example.com");
    agent("busy", "sip:busy@pbx.example.com");
    for (const carrier_kind carrier : {carrier_kind::twilio, carrier_kind::telnyx}) {
      assign(carrier, at_url, "at url");
      assign(carrier, draft, "draft", "at url");
      assign(carrier, sip, "sip", "at url");
      assign(carrier, sip_missed, "away", "at url");
      assign(carrier, sip_missed_twice, "away", "busy", "Leave a message.");
      assign(carrier, nobody, "draft");
      assign(carrier, inactive, "at url");
      on_.run("UPDATE phone_number SET status = 2 WHERE org_id = $1 AND number = $2",
              sql::params{}.uuid(rig_.organisation()).int8(digits(carrier, inactive)));
    }
    rig_.start_engine();
    EXPECT_TRUE(eventually(30s, [this] { return listens(); })) << rig_.engine_words();
  }

  bool listens() const { return rig_.engine_words().find("listening") != std::string::npos; }
  static std::uint64_t digits(carrier_kind carrier, unsigned line) {
    return e164::parse(number_of(carrier, line)).value().digits();
  }
  void agent(const std::string& name, const std::string& url, bool published = true) {
    on_.run(
        "INSERT INTO agent (org_id, id, workspace_id, name, published, answer_url, concurrent_calls_max) "
        "SELECT $1, $2, id, $3, $4, $5, 0 FROM workspace WHERE org_id = $1",
        sql::params{}.uuid(rig_.organisation()).uuid(agent_id{cli::new_id()}).text(name).boolean(published).text(url));
  }
  void assign(carrier_kind carrier, unsigned line, const std::string& to, const std::string& fallback = "",
              const std::string& voicemail = "") {
    on_.run(
        "INSERT INTO assignment (org_id, number_id, agent_id, profile) SELECT n.org_id, n.id, a.id, 2 "
        "FROM phone_number n JOIN agent a ON a.org_id = n.org_id WHERE n.org_id = $1 AND n.number = $2 AND a.name = $3",
        sql::params{}.uuid(rig_.organisation()).int8(digits(carrier, line)).text(to));
    on_.run(
        "UPDATE phone_number SET voicemail_message = $4, fallback_agent_id = (SELECT id FROM agent WHERE org_id = $1 "
        "AND name = $3) WHERE org_id = $1 AND number = $2",
        sql::params{}.uuid(rig_.organisation()).int8(digits(carrier, line)).text(fallback).text(voicemail));
  }

  /// What the carrier did with a call, step by step.
  std::vector<std::string> call(unsigned line) {
    const std::string ref = rig_.ring(GetParam(), number_of(GetParam(), line));
    std::vector<std::string> steps;
    const auto is_over = [&] {
      steps.clear();
      carriers::simulator::log_reader reader{rig_.log().string()};
      for (log_entry entry; reader.next(entry);) {
        if (entry.ref != ref) continue;
        if (entry.event == log_event::instructed) steps.push_back(entry.reason);
        if (entry.event == log_event::handed_over) steps.push_back("talks to " + entry.reason);
        if (entry.event == log_event::inbound_ended) steps.push_back(entry.outcome);
      }
      return !steps.empty() && (steps.back() == "completed" || steps.back() == "busy" || steps.back() == "rejected" ||
                                steps.back() == "failed");
    };
    EXPECT_TRUE(eventually(20s, is_over)) << number_of(GetParam(), line) << "\n" << rig_.engine_words();
    return steps;
  }
  static bool talked_to(const std::vector<std::string>& steps, const std::string& agent) {
    return std::ranges::find(steps, "talks to " + agent) != steps.end() && steps.back() == "completed";
  }
  static bool has(const std::vector<std::string>& steps, const std::string& what) {
    return std::ranges::any_of(steps, [&](const std::string& one) { return one.starts_with(what); });
  }
  /// The engine's own line about a call of that outcome.
  bool logged(const std::string& outcome) const {
    return rig_.engine_words().find("outcome=" + outcome) != std::string::npos;
  }

  rig rig_;
  sql::session on_;
};

INSTANTIATE_TEST_SUITE_P(Carriers, Inbound, testing::Values(carrier_kind::twilio, carrier_kind::telnyx),
                         [](const auto& one) { return one.param == carrier_kind::twilio ? "Twilio" : "Telnyx"; });

TEST_P(Inbound, Caller_ReachesTheAgentOrIsToldSomething) {
  const bool twilio = GetParam() == carrier_kind::twilio;
  const std::string url = "https://url.example.com/answer";
  EXPECT_TRUE(talked_to(call(at_url), url));
  EXPECT_TRUE(talked_to(call(draft), url)) << "the fallback's";
  EXPECT_TRUE(logged("fallback"));
  EXPECT_TRUE(talked_to(call(sip), "sip:here@pbx.example.com"));

  std::vector<std::string> steps = call(sip_missed);
  EXPECT_TRUE(talked_to(steps, url)) << "the fallback's, after the agent did not pick up";
  EXPECT_TRUE(has(steps, twilio ? "Dial sip:away@" : "transfer sip:away@"));
  EXPECT_TRUE(logged("fallback") && rig_.engine_words().find("agent_is=unreached") != std::string::npos);

  steps = call(sip_missed_twice);
  EXPECT_TRUE(has(steps, twilio ? "Dial sip:away@" : "transfer sip:away@"));
  EXPECT_TRUE(has(steps, twilio ? "Dial sip:busy@" : "transfer sip:busy@"));
  EXPECT_TRUE(has(steps, twilio ? "Say Leave a message." : "speak Leave a message."));
  EXPECT_TRUE(has(steps, twilio ? "Record" : "record_start"));
  EXPECT_EQ(steps.back(), "completed");
  EXPECT_TRUE(logged("voicemail"));
}

TEST_P(Inbound, NumberThatNobodyAnswers_IsRefusedClearly) {
  EXPECT_EQ(call(nobody).back(), "busy");
  EXPECT_TRUE(logged("nobody_available"));
  EXPECT_EQ(call(unassigned).back(), "rejected");
  EXPECT_TRUE(logged("not_assigned"));
  EXPECT_EQ(call(inactive).back(), "rejected");
  EXPECT_TRUE(logged("number_not_active"));
  EXPECT_EQ(call(unknown).back(), "rejected");
  EXPECT_TRUE(logged("unknown_number"));
}

}  // namespace
}  // namespace dialer::e2e
