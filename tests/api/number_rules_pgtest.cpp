// The rules of numbers (S1-S10) as users of the API meet them: every cell of the sharing tables under each policy, and
// each refusal with its rule, what stands in the way, and what to do about it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <thread>

#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

using test::rest_reply;
using testing::HasSubstr;

std::string text(const rest_reply& reply, const char* name) {
  const auto* value = reply.body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

/// Ann and Ben are agents of the first workspace, Cid is of the second.
enum who : std::size_t { ann, ben, cid };

struct use {
  std::size_t number;  ///< 0 and 1 are the first workspace's, 2 is the second's; all on one account
  who agent;
  const char* as;
};

/// Of one of the products: the last use is asked for when those before it stand. `rules`: what refuses it under each
/// policy in turn; empty: allowed.
struct cell {
  const char* name;
  std::vector<use> uses;
  std::array<const char*, 3> rules;  // workspace, organisation, exclusive
};

const cell cells[] = {
    {"Orova_SameNumberSeveralAgents_Outbound", {{0, ann, "outbound"}, {0, ben, "outbound"}}, {"", "", "S4"}},
    {"Orova_SameNumberSeveralAgents_Inbound", {{0, ann, "inbound"}, {0, ben, "inbound"}}, {"S3", "S3", "S3"}},
    {"Orova_SameNumberSeveralWorkspaces_Outbound", {{0, ann, "outbound"}, {0, cid, "outbound"}}, {"S4", "", "S4"}},
    {"Orova_SameNumberSeveralWorkspaces_Inbound", {{0, ann, "inbound"}, {0, cid, "inbound"}}, {"S4", "S3", "S4"}},
    {"Orova_SameAccountSeveralWorkspaces_Outbound", {{0, ann, "outbound"}, {2, cid, "outbound"}}, {"", "", ""}},
    {"Orova_SameAccountSeveralWorkspaces_Inbound", {{0, ann, "inbound"}, {2, cid, "inbound"}}, {"", "", ""}},
    {"Orova_SeveralInboundAgents_HaveANumberEach", {{0, ann, "inbound"}, {1, ben, "inbound"}}, {"", "", ""}},
    {"Thoughtly_ThreeNumbersOfAnAgent", {{0, ann, "inbound"}, {1, ann, "outbound"}, {0, ann, "sms"}}, {"", "", ""}},
    {"Thoughtly_OneNumber_InboundOfTwo", {{1, ann, "inbound"}, {1, ben, "inbound"}}, {"S3", "S3", "S3"}},
    {"Thoughtly_OneNumber_OutboundOfTwo", {{1, ann, "outbound"}, {1, ben, "outbound"}}, {"", "", "S4"}},
    {"Thoughtly_OneNumber_SmsOfTwo", {{1, ann, "sms"}, {1, ben, "sms"}}, {"", "", "S4"}},
    {"Thoughtly_SecondInboundNumber", {{0, ann, "inbound"}, {1, ann, "inbound"}}, {"", "", "S4"}},
    {"Thoughtly_SecondOutboundNumber", {{0, ann, "outbound"}, {1, ann, "outbound"}}, {"", "", "S4"}},
    {"Thoughtly_SecondSmsNumber", {{0, ann, "sms"}, {1, ann, "sms"}}, {"", "", "S4"}},
    {"VoiceHub_AnotherWorkspacesNumber_Outbound", {{0, cid, "outbound"}}, {"S4", "", "S4"}},
    {"VoiceHub_AnotherWorkspacesNumber_Inbound", {{0, cid, "inbound"}}, {"S4", "", "S4"}},
    {"VoiceHub_AnotherWorkspacesNumber_Sms", {{0, cid, "sms"}}, {"S4", "", "S4"}},
    {"VoiceHub_OwnNumberInEachWorkspace", {{0, ann, "sms"}, {2, cid, "sms"}}, {"", "", ""}},
};

class NumberRules : public test::rest_fixture {
 protected:
  NumberRules() { us_.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL"); }

  std::string made(const rest_reply& reply) {
    EXPECT_EQ(reply.status, 201) << reply.text;
    return text(reply, "id");
  }
  std::string agent(const std::string& name, const std::string& workspace) {
    return made(ask("POST", "/v1/agents",
                    R"({"workspace_id":")" + workspace + R"(","name":")" + name +
                        R"(","published":true,"answer_url":"https://agent.example.com/)" + name + "\"}"));
  }
  std::string number(const std::string& e164, const std::string& workspace,
                     const std::string& capabilities = R"("voice","sms")") {
    return made(ask("POST", "/v1/phone-numbers",
                    R"({"phone_number":")" + e164 + R"(","workspace_id":")" + workspace + R"(","capabilities":[)" +
                        capabilities + "]}"));
  }
  rest_reply assign(const std::string& number, const std::string& agent, const std::string& as) {
    return ask("POST", "/v1/phone-numbers/" + number + "/assignments",
               R"({"agent_id":")" + agent + R"(","profile":")" + as + "\"}");
  }
  void policy(int sharing) {
    us_.house.on.run("UPDATE organisation SET sharing = $2 WHERE org_id = $1",
                     sql::params{}.uuid(us_.house.id).int2(sharing));
  }
  std::string here() const { return id("workspace_id"); }
  std::string there() const { return us_.other_workspace.text(); }

  /// S10: the rule; what stands in the way; what to do about it.
  static void expect_refused(const rest_reply& reply, const std::string& rule, int status = 409) {
    EXPECT_EQ(reply.status, status) << reply.text;
    EXPECT_EQ(reply.code(), "rule") << reply.text;
    EXPECT_EQ(text(reply, "rule"), rule) << reply.text;
    const std::string detail = text(reply, "detail");
    const auto end = detail.find("; ");
    ASSERT_NE(end, std::string::npos) << "obstacle; remedy: " << detail;
    EXPECT_GE(end, 10U) << detail;
    EXPECT_GE(detail.size() - end, 10U) << detail;
  }
};

class SharingTable : public NumberRules, public testing::WithParamInterface<cell> {};

TEST_P(SharingTable, HoldsUnderEachPolicy) {
  const std::array agents{agent("Ann2", here()), agent("Ben", here()), agent("Cid", there())};
  const std::array numbers{number("+12125550120", here()), number("+12125550121", here()),
                           number("+12125550122", there())};
  const auto asks = [&](const use& one) { return assign(numbers.at(one.number), agents.at(one.agent), one.as); };
  for (int sharing = 0; sharing < 3; ++sharing) {
    SCOPED_TRACE(testing::Message() << "policy " << sharing);
    policy(sharing);
    const auto& uses = GetParam().uses;
    for (std::size_t i = 0; i + 1 < uses.size(); ++i) EXPECT_EQ(asks(uses[i]).status, 200);
    const auto count = [&] {
      return us_.house.on.run("SELECT count(*) FROM assignment WHERE org_id = $1", sql::params{}.uuid(us_.house.id))
          .integer(0, 0);
    };
    const std::int64_t before = count();
    const rest_reply last = asks(uses.back());
    const std::string rule = GetParam().rules.at(static_cast<std::size_t>(sharing));
    if (rule.empty()) {
      EXPECT_EQ(last.status, 200) << last.text;
      EXPECT_EQ(count(), before + 1);
    } else {
      expect_refused(last, rule);
      EXPECT_EQ(count(), before);
    }
    for (const std::string& one : numbers) {
      for (const std::string& each : agents) {
        ask("DELETE", "/v1/phone-numbers/" + one + "/assignments/" + each);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, SharingTable, testing::ValuesIn(cells),
                         [](const testing::TestParamInfo<cell>& one) { return std::string(one.param.name); });

TEST_F(NumberRules, SameAccountInTwoOrganisations_IsRefusedUnderEachPolicy) {
  const std::string account =
      R"({"name":"Theirs","provider":"twilio","api_key":"0123456789abcdef","metadata":{"account_sid":"AC)" +
      std::string(32, '7') + "\"}}";
  made(ask("POST", "/v1/integrations", account));
  for (int sharing = 0; sharing < 3; ++sharing) {
    policy(sharing);
    const rest_reply refused = house_.ask("POST", "/v1/integrations", house_.second.key, account);
    expect_refused(refused, "S2");
    EXPECT_THAT(refused.text, testing::Not(HasSubstr("First"))) << "whose it is, is not said";
  }
}

TEST_F(NumberRules, AnotherWorkspacesNumber_AnswersLikeOneThatIsNotThere) {
  const std::string one = number("+12125550120", here());
  const std::string nobodys = phone_number_id{sql::test::make_test_id()}.text();
  const std::string confined = us_.add_key(house_.keys, 15, us_.other_workspace);
  for (int sharing = 0; sharing < 3; ++sharing) {
    policy(sharing);
    for (const char* method : {"GET", "PATCH", "DELETE"}) {
      const std::string body = std::string(method) == "PATCH" ? R"({"friendly_name":"Mine"})" : "";
      rest_reply theirs = house_.ask(method, "/v1/phone-numbers/" + one, confined, body);
      rest_reply none = house_.ask(method, "/v1/phone-numbers/" + nobodys, confined, body);
      EXPECT_EQ(theirs.status, 404) << theirs.text;
      theirs.body.erase("request_id");
      none.body.erase("request_id");
      EXPECT_EQ(theirs.body, none.body);
    }
    EXPECT_THAT(house_.ask("GET", "/v1/phone-numbers", confined).text, testing::Not(HasSubstr(one)));
    EXPECT_THAT(house_.ask("GET", "/v1/phone-numbers", house_.second.key).text, testing::Not(HasSubstr(one)));
  }
}

TEST_F(NumberRules, CapabilityThatIsMissing_IsRefusedByTheUseItIsMissingFor) {
  const std::string who = agent("Bea", here());
  const std::string speaks = number("+12125550120", here(), R"("voice")");
  const std::string writes = number("+12125550121", here(), R"("sms","fax")");
  expect_refused(assign(speaks, who, "sms"), "S6");
  expect_refused(assign(writes, who, "outbound"), "S6");
  expect_refused(assign(writes, who, "inbound"), "S3");
  EXPECT_EQ(assign(speaks, who, "outbound").status, 200);
  EXPECT_EQ(assign(writes, who, "sms").status, 200);
  ask("DELETE", "/v1/phone-numbers/" + speaks);
  expect_refused(assign(speaks, who, "outbound"), "S6");
  expect_refused(assign(speaks, who, "inbound"), "S3");
}

TEST_F(NumberRules, Purchase_WantsPermissionPriceAndMoneyInThatOrder) {
  us_.house.on.run("UPDATE integration SET platform = true WHERE org_id IS NOT NULL");
  const auto buy = [&](const std::string& key) {
    return house_.ask("POST", "/v1/phone-numbers/purchase", key, R"({"workspace_id":")" + here() + "\"}");
  };
  expect_refused(buy(us_.add_key(house_.keys, 7)), "S7", 403);
  us_.house.on.run("UPDATE number_price SET purchase = 2001 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  const rest_reply poor = buy(us_.key);
  expect_refused(poor, "S7", 402);
  EXPECT_THAT(poor.text, HasSubstr("0.01 USD")) << "what is missing";
  us_.house.on.run("UPDATE number_price SET currency = 'EUR' WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  expect_refused(buy(us_.key), "S7", 402);
  us_.house.on.run("DELETE FROM number_price WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  expect_refused(buy(us_.key), "S7");
  EXPECT_TRUE(house_.carrier.asked.empty());
}

// Whoever is first of a thousand, all at once, over as many connections.
TEST_F(NumberRules, ThousandAtOnceForTheInboundOfANumber_ExactlyOneWins) {
  const std::string one = number("+12125550120", here());
  constexpr int tries = 1'000;
  us_.house.on.run(
      "INSERT INTO agent (org_id, id, workspace_id, name, published, answer_url, concurrent_calls_max) "
      "SELECT $1, gen_random_uuid(), $2, "
      "'Agent ' || n, true, 'https://agent.example.com/' || n, 0 FROM generate_series(1, 1000) n",
      sql::params{}.uuid(us_.house.id).uuid(us_.house.workspace));
  const sql::result rows = us_.house.on.run("SELECT id FROM agent WHERE org_id = $1 AND name LIKE 'Agent %'",
                                            sql::params{}.uuid(us_.house.id));
  std::vector<std::string> agents;
  for (int i = 0; i < rows.rows(); ++i) agents.push_back(rows.wide<agent_id>(i, 0).text());
  ASSERT_EQ(agents.size(), static_cast<std::size_t>(tries));
  std::atomic<int> next = 0;
  std::atomic<int> won = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> all;
    for (int thread = 0; thread < 16; ++thread) {
      all.emplace_back([&] {
        for (int n = next++; n < tries; n = next++) {
          rest_reply reply;
          do {
            reply = assign(one, agents[static_cast<std::size_t>(n)], "inbound");
          } while (reply.status == 429 || reply.status == 503);  // told to come again
          won += reply.status == 200 ? 1 : 0;
          refused += reply.status == 409 && text(reply, "rule") == "S3" ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, tries - 1);
  EXPECT_EQ(
      us_.house.on
          .run("SELECT count(*) FROM assignment WHERE org_id = $1 AND profile = 2", sql::params{}.uuid(us_.house.id))
          .integer(0, 0),
      1);
}

}  // namespace
}  // namespace dialer::api
