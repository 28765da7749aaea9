// Numbers of one's own over REST: what their users are told works, who sees and uses one, how it is given up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "api/instants.hpp"
#include "sql/generation.hpp"
#include "sql/snapshot.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;
using testing::HasSubstr;
using testing::Not;

class PhoneNumbers : public test::rest_fixture {
 protected:
  // Numbers of one's own are on an account of one's own.
  PhoneNumbers() { us_.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL"); }
  std::string agent(const std::string& name, const std::string& workspace) {
    const rest_reply made = ask("POST", "/v1/agents",
                                R"({"workspace_id":")" + workspace + R"(","name":")" + name +
                                    R"(","published":true,"answer_url":"https://agent.example.com/)" + name + "\"}");
    EXPECT_EQ(made.status, 201) << made.text;
    return std::string(made.body.at("id").as_string());
  }
  std::string agent(const std::string& name) { return agent(name, id("workspace_id")); }
  std::string number(const std::string& e164, const std::string& more = "") {
    const rest_reply made = ask("POST", "/v1/phone-numbers", body(e164, more));
    EXPECT_EQ(made.status, 201) << made.text;
    return std::string(made.body.at("id").as_string());
  }
  std::string body(const std::string& e164, const std::string& more = "") const {
    return R"({"phone_number":")" + e164 + R"(","workspace_id":")" + id("workspace_id") + '"' + more + "}";
  }
  static std::string path(const std::string& number) { return "/v1/phone-numbers/" + number; }
  static std::string text(const rest_reply& reply, const char* name) {
    const json::value* value = reply.body.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : json::serialize(reply.body);
  }
  static json::object routing(const rest_reply& reply) { return reply.body.at("inbound_routing").as_object(); }
  void policy(int sharing) {
    us_.house.on.run("UPDATE organisation SET sharing = $2 WHERE org_id = $1",
                     sql::params{}.uuid(us_.house.id).int2(sharing));
  }
  std::vector<callerid::phone_number> shown_by_engine() {
    sql::transaction tx{us_.house.on, sql::transaction::mode::snapshot};
    auto all = sql::read_snapshot(tx, us_.house.id, [](const auto&, const auto&) { return ""; });
    std::erase_if(all.numbers,
                  [](const auto& one) { return callerid::check_number(one, callerid::number_use::call).has_value(); });
    return std::move(all.numbers);
  }
  /// The house's number, until then.
  void rest(utc_time until) {
    us_.rest_number();
    us_.house.on.run("UPDATE number_health SET until = $2 WHERE org_id = $1 AND state = 3",
                     sql::params{}.uuid(us_.house.id).time(until));
  }
  std::string stored() {
    return std::string(
        us_.house.on
            .run(
                "SELECT coalesce(string_agg(n::text, ';' ORDER BY id), '') || (SELECT coalesce(string_agg(a::text, ';' "
                "ORDER BY a::text), '') FROM assignment a WHERE a.org_id = $1) FROM phone_number n WHERE org_id = $1",
                sql::params{}.uuid(us_.house.id))
            .text(0, 0));
  }
};

// ---- what users of the API are shown as commands

TEST_F(PhoneNumbers, OnesOwnAtTwilio_IsRegisteredAsTheAccountAndTheNumberAreGiven) {
  const std::string sales = agent("Sales");
  const std::string desk = agent("Desk");
  const std::string night = agent("Night");
  const rest_reply account = ask("POST", "/v1/integrations", R"({
        "name": "My Twilio Account",
        "provider": "twilio",
        "api_key": "0123456789abcdef0123456789abcdef",
        "metadata": {
          "account_sid": "AC0123456789abcdef0123456789abcdef",
          "phone_number": "+15735550124",
          "sip_trunk": "yourtrunk.pstn.twilio.com"
        }
      })");
  EXPECT_EQ(account.status, 201) << account.text;
  EXPECT_THAT(text(account, "id"), testing::StartsWith("crd_"));
  EXPECT_EQ(text(account, "provider"), "twilio");

  const rest_reply made = ask("POST", "/v1/phone-numbers", R"({
        "phone_number": "+15735550124",
        "friendly_name": "Sales Line",
        "provider": "twilio",
        "agent_id": ")" + sales + R"(",
        "provider_config": {
          "trunk_address": "yourtrunk.pstn.twilio.com",
          "auth_username": "dialer",
          "auth_password": "canary-of-the-trunk"
        },
        "inbound_routing": {
          "agent_id": ")" + desk + R"(",
          "fallback": { "agent_id": ")" + night + R"(" },
          "voicemail_message": "Sorry, nobody is here."
        }
      })");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_THAT(text(made, "id"), testing::StartsWith("phn_"));
  EXPECT_EQ(text(made, "phone_number"), "+15735550124");
  EXPECT_EQ(text(made, "agent_id"), sales);
  EXPECT_EQ(text(made, "status"), "active");
  EXPECT_EQ(text(made, "integration_id"), text(account, "id")) << "the account that was set up for this number";
  EXPECT_EQ(routing(made).at("agent_id").as_string(), desk);
  EXPECT_EQ(routing(made).at("fallback").at("agent_id").as_string(), night);
  EXPECT_EQ(text(made, "area_code"), "573");
  EXPECT_EQ(text(made, "country"), "US");
  EXPECT_THAT(made.text, Not(HasSubstr("canary")));
  EXPECT_THAT(stored(), Not(HasSubstr("canary"))) << "sealed";
  EXPECT_THAT(stored(), HasSubstr("sealed:"));

  const std::string one = path(text(made, "id"));
  const std::string other = agent("Other");
  EXPECT_EQ(text(ask("PATCH", one, R"({ "agent_id": ")" + other + R"(" })"), "agent_id"), other);
  const rest_reply routed = ask("PATCH", one,
                                R"({
        "inbound_routing": { "agent_id": ")" +
                                    other + R"(", "voicemail_message": "Updated voicemail message." }
      })");
  EXPECT_EQ(routed.status, 200) << routed.text;
  EXPECT_EQ(routing(routed).at("agent_id").as_string(), other);
  EXPECT_EQ(routing(routed).at("voicemail_message").as_string(), "Updated voicemail message.");
  EXPECT_EQ(routing(routed).at("fallback").at("agent_id").as_string(), night) << "what is not said stays";
  EXPECT_EQ(text(ask("GET", one), "friendly_name"), "Sales Line");
  EXPECT_EQ(text(ask("DELETE", one), "status"), "released");
  EXPECT_THAT(ask("GET", "/v1/phone-numbers").text, Not(HasSubstr("+15735550124")));
}

TEST_F(PhoneNumbers, OnesOwnAtTelnyx_IsRegisteredOnAnAccountWithoutAnApplication) {
  const std::string sales = agent("Sales");
  const rest_reply account = ask("POST", "/v1/integrations", R"({
        "name": "My Telnyx Account",
        "provider": "telnyx",
        "api_key": "KEY0123456789abcdef",
        "metadata": {
          "account_sid": "0c0ffee0-1111-2222-3333-444455556666",
          "phone_number": "+15735550125",
          "sip_trunk": "yourconnection.sip.telnyx.com"
        }
      })");
  EXPECT_EQ(account.status, 201) << account.text;
  EXPECT_EQ(text(account, "provider"), "telnyx");
  const rest_reply made = ask("POST", "/v1/phone-numbers", R"({
        "phone_number": "+15735550125",
        "friendly_name": "Sales Line",
        "provider": "telnyx",
        "agent_id": ")" + sales + R"(",
        "provider_config": {
          "trunk_address": "yourconnection.sip.telnyx.com",
          "auth_username": "somebody",
          "auth_password": "0123456789"
        },
        "inbound_routing": {
          "agent_id": ")" + sales + R"(",
          "fallback": { "agent_id": ")" + sales + R"(" },
          "voicemail_message": "Sorry, nobody is here."
        }
      })");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "provider"), "telnyx");
  EXPECT_EQ(text(made, "status"), "active");
  EXPECT_EQ(text(made, "integration_id"), text(account, "id"));
}

// ---- registering

TEST_F(PhoneNumbers, Registered_SaysWhichAccountWhenThereAreSeveral) {
  const auto account = [&](const std::string& name, char last, const std::string& more = "") {
    const rest_reply made = ask(
        "POST", "/v1/integrations",
        R"({"name":")" + name + R"(","provider":"twilio","api_key":"0123456789abcdef","metadata":{"account_sid":"AC)" +
            std::string(31, '0') + last + '"' + more + "}}");
    EXPECT_EQ(made.status, 201) << made.text;
    return text(made, "id");
  };
  EXPECT_EQ(text(ask("GET", path(number("+12125550120"))), "integration_id"), id("integration_id")) << "the only one";
  const std::string second = account("Second", '2');
  const rest_reply either = ask("POST", "/v1/phone-numbers", body("+12125550121"));
  EXPECT_EQ(either.status, 422);
  EXPECT_EQ(text(either, "param"), "integration_id");
  EXPECT_EQ(text(ask("GET", path(number("+12125550121", R"(,"integration_id":")" + second + '"'))), "integration_id"),
            second);
  const std::string third = account("Third", '3', R"(,"phone_number":"+12125550122")");
  EXPECT_EQ(text(ask("GET", path(number("+12125550122"))), "integration_id"), third);
  const rest_reply none = ask("POST", "/v1/phone-numbers", body("+12125550123", R"(,"provider":"telnyx")"));
  EXPECT_EQ(text(none, "param"), "integration_id");
  EXPECT_THAT(none.text, HasSubstr("POST /v1/integrations"));
}

TEST_F(PhoneNumbers, HeldAlready_IsRefusedUntilItIsReleased) {
  const std::string first = number("+12125550120");
  const rest_reply again = ask("POST", "/v1/phone-numbers", body("+12125550120"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(text(again, "param"), "phone_number");
  EXPECT_EQ(ask("DELETE", path(first)).status, 200);
  EXPECT_EQ(ask("DELETE", path(first)).status, 200) << "what is so already is no mistake";
  EXPECT_EQ(ask("PATCH", path(first), R"({"status":"active"})").status, 409);
  EXPECT_NE(number("+12125550120"), first);
  EXPECT_THAT(ask("GET", "/v1/phone-numbers?status=released").text, HasSubstr(first));
  EXPECT_EQ(ask("GET", "/v1/phone-numbers?phone_number=+12125550120").body.at("data").as_array().size(), 1U);
}

TEST_F(PhoneNumbers, Withdrawn_IsKnownToTheEngineByItsGeneration) {
  const std::string one = path(number("+12125550120"));
  ASSERT_EQ(shown_by_engine().size(), 2U);  // the house has one
  for (const char* change : {R"({"status":"inactive"})", R"({"outbound_enabled":false})"}) {
    const std::uint64_t before = generation();
    const rest_reply changed = ask("PATCH", one, change);
    EXPECT_EQ(text(changed, "engine"), "acknowledged") << changed.text;
    EXPECT_GT(generation(), before);
    EXPECT_EQ(shown_by_engine().size(), 1U) << change;
    ask("PATCH", one, R"({"status":"active","outbound_enabled":true})");
    EXPECT_EQ(shown_by_engine().size(), 2U);
  }
  const std::uint64_t before = generation();
  ask("DELETE", one);
  EXPECT_GT(generation(), before);
  EXPECT_EQ(shown_by_engine().size(), 1U);
}

// ---- its health

TEST_F(PhoneNumbers, Registered_WarmsUpUnlessItWasInUse) {
  const rest_reply made = ask("POST", "/v1/phone-numbers", body("+12125550120"));
  const json::object& health = made.body.at("health").as_object();
  EXPECT_EQ(health.at("state").as_string(), "fresh") << made.text;
  EXPECT_EQ(health.at("since").as_string(), to_text(house_.time.now().utc));
  const rest_reply used = ask("POST", "/v1/phone-numbers", body("+12125550121", R"(,"in_use":true)"));
  EXPECT_EQ(used.body.at("health").at("state").as_string(), "healthy") << used.text;
  EXPECT_TRUE(used.body.at("health").at("since").is_null());
  sql::transaction tx{us_.house.on, sql::transaction::mode::snapshot};
  const auto seen = sql::read_snapshot(tx, us_.house.id, [](const auto&, const auto&) { return ""; });
  const auto record =
      std::ranges::find(seen.number_health, e164::from_digits(12125550120), &callerid::health_record::number);
  ASSERT_NE(record, seen.number_health.end()) << "so the engine hears of it with the number";
  EXPECT_EQ(record->warm_up_from, house_.time.now().utc);
}

TEST_F(PhoneNumbers, RegisteredWhileItRests_RestsOn) {
  rest(house_.time.now().utc + std::chrono::hours{1});
  const auto anew = [&] {
    EXPECT_EQ(ask("DELETE", path(id("number_id"))).status, 200);
    us_.house.on.run("UPDATE phone_number SET status = 3, released_at = $2 WHERE org_id = $1",
                     sql::params{}.uuid(us_.house.id).time(house_.time.now().utc));
    const rest_reply made = ask("POST", "/v1/phone-numbers", body("+12125550199"));
    return std::string(made.body.at("health").at("state").as_string());
  };
  EXPECT_EQ(anew(), "resting");
  us_.house.on.run("UPDATE number_health SET until = $2 WHERE org_id = $1 AND state = 3",
                   sql::params{}.uuid(us_.house.id).time(house_.time.now().utc));
  EXPECT_EQ(anew(), "fresh") << "the rest is over";
  us_.house.on.run("UPDATE number_health SET state = 4, until = NULL WHERE org_id = $1",
                   sql::params{}.uuid(us_.house.id));
  EXPECT_EQ(anew(), "retired");
}

TEST_F(PhoneNumbers, RestEndedByAPerson_IsKnownToTheEngineWithItsReason) {
  us_.rest_number();
  const std::string one = path(id("number_id"));
  EXPECT_EQ(ask("GET", one).body.at("health").at("state").as_string(), "resting");
  EXPECT_EQ(ask("GET", one).body.at("health").at("why").as_string(), "the test says so");
  const std::uint64_t before = generation();
  const rest_reply ended = ask("POST", one + "/end-rest", R"({"reason":"the label is gone"})");
  EXPECT_EQ(ended.status, 200) << ended.text;
  EXPECT_EQ(text(ended, "engine"), "acknowledged");
  EXPECT_GT(generation(), before);
  EXPECT_EQ(ended.body.at("health").at("state").as_string(), "healthy");
  const rest_reply again = ask("POST", one + "/end-rest", R"({"reason":"the label is gone"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.text, HasSubstr("does not rest, it is healthy"));
  const json::array history = ask("GET", one + "/health").body.at("data").as_array();
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].at("why").as_string(), "the label is gone") << "the newest first";
  EXPECT_EQ(history[1].at("state").as_string(), "resting");
  EXPECT_EQ(history[2].at("state").as_string(), "fresh");
}

TEST_F(PhoneNumbers, GivenUp_HasTheHealthItHadAndNoRestToEnd) {
  us_.rest_number();
  const std::string one = path(id("number_id"));
  const rest_reply released = ask("DELETE", one);
  EXPECT_TRUE(released.body.at("health").is_null()) << released.text;
  EXPECT_EQ(ask("POST", one + "/end-rest", R"({"reason":"again"})").status, 409);
  us_.house.on.run(
      "INSERT INTO number_health (org_id, number, state, since, counted_from, why) "
      "VALUES ($1, 12125550199, 1, now() + interval '1 day', now(), 'of the next one')",
      sql::params{}.uuid(us_.house.id));
  EXPECT_EQ(ask("GET", one + "/health").body.at("data").as_array().size(), 2U);
}

TEST_F(PhoneNumbers, Weight_IsShownAndChangedWithinItsBounds) {
  const std::string one = path(number("+12125550120", R"(,"weight":7)"));
  EXPECT_EQ(ask("GET", one).body.at("weight").as_int64(), 7);
  EXPECT_EQ(ask("PATCH", one, R"({"weight":1000})").body.at("weight").as_int64(), 1000);
  EXPECT_EQ(ask("PATCH", one, R"({"friendly_name":"Line"})").body.at("weight").as_int64(), 1000);
  for (const char* wrong : {R"({"weight":0})", R"({"weight":1001})"}) {
    const rest_reply refused = ask("PATCH", one, wrong);
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(text(refused, "param"), "weight");
  }
  EXPECT_EQ(shown_by_engine().back().weight, 1000);
}

// ---- who uses it

TEST_F(PhoneNumbers, Assignments_AreByProfileAndNameTheRuleThatRefusesThem) {
  const std::string one = number("+12125550120");
  const std::string ann = agent("Bea");
  const std::string bob = agent("Bob");
  const auto assign = [&](const std::string& who, const char* as) {
    return ask("POST", path(one) + "/assignments", R"({"agent_id":")" + who + R"(","profile":")" + as + "\"}");
  };
  EXPECT_EQ(assign(ann, "outbound").status, 200);
  EXPECT_EQ(assign(bob, "outbound").status, 200) << "agents of a workspace share what they show";
  EXPECT_EQ(assign(ann, "inbound").status, 200);
  const rest_reply second = assign(bob, "inbound");
  EXPECT_EQ(second.status, 409) << second.text;
  EXPECT_EQ(second.code(), "rule");
  EXPECT_EQ(text(second, "rule"), "S3");
  EXPECT_THAT(text(second, "detail"), HasSubstr(ann)) << "the one that stands in the way";
  const rest_reply silent = assign(ann, "sms");
  EXPECT_EQ(text(silent, "rule"), "S6") << silent.text;

  const rest_reply moved = ask("PATCH", path(one), R"({"agent_id":null})");
  EXPECT_TRUE(moved.body.at("agent_id").is_null()) << moved.text;
  EXPECT_EQ(assign(bob, "outbound").status, 200);
  EXPECT_EQ(assign(ann, "outbound").status, 200);
  EXPECT_EQ(text(ask("GET", path(one)), "agent_id"), bob) << "the earliest";
  const std::string cid = agent("Cid");
  EXPECT_EQ(text(ask("PATCH", path(one), R"({"agent_id":")" + cid + "\"}"), "agent_id"), cid)
      << "in the place of the one before";
  const rest_reply left = ask("DELETE", path(one) + "/assignments/" + ann + "?profile=inbound");
  EXPECT_TRUE(left.body.at("inbound_routing").is_null()) << left.text;
  EXPECT_EQ(left.body.at("assignments").as_array().size(), 2U);
  EXPECT_EQ(ask("DELETE", path(one) + "/assignments/" + ann).body.at("assignments").as_array().size(), 1U);
}

TEST_F(PhoneNumbers, AnotherWorkspacesAgent_IsByTheSharingPolicy) {
  const std::string one = number("+12125550120");
  const std::string there = us_.other_workspace.text();
  const std::string other = agent("Oda", there);
  const std::string confined = us_.add_key(house_.keys, 15, us_.other_workspace);
  const std::string assignment = R"({"agent_id":")" + other + "\"}";
  const rest_reply refused = ask("POST", path(one) + "/assignments", assignment);
  EXPECT_EQ(text(refused, "rule"), "S4") << refused.text;
  EXPECT_EQ(house_.ask("GET", path(one), confined).status, 404);
  const std::string before = stored();
  EXPECT_EQ(house_.ask("PATCH", path(one), confined, R"({"friendly_name":"Mine"})").status, 404);
  EXPECT_EQ(stored(), before);

  policy(1);
  EXPECT_EQ(ask("POST", path(one) + "/assignments", assignment).status, 200);
  const rest_reply shared = house_.ask("GET", path(one), confined);
  EXPECT_EQ(shared.status, 200) << shared.text;
  EXPECT_EQ(text(shared, "agent_id"), other);
  const rest_reply foreign = house_.ask("DELETE", path(one), confined);
  EXPECT_EQ(foreign.status, 409);
  EXPECT_EQ(text(foreign, "rule"), "S5");
  EXPECT_THAT(foreign.text, Not(HasSubstr(id("workspace_id"))));
}

TEST_F(PhoneNumbers, SharedNumber_AnswersForAnotherWorkspaceOnlyWhenItsOwnSaysSo) {
  policy(1);
  const std::string one = number("+12125550120");
  const std::string other = agent("Oda", us_.other_workspace.text());
  const std::string confined = us_.add_key(house_.keys, 15, us_.other_workspace);
  ASSERT_EQ(ask("POST", path(one) + "/assignments", R"({"agent_id":")" + other + "\"}").status, 200);
  const std::string inbound = R"({"profile":"inbound","agent_id":")" + other + "\"}";
  const rest_reply taken = house_.ask("POST", path(one) + "/assignments", confined, inbound);
  EXPECT_EQ(taken.status, 409) << taken.text;
  EXPECT_EQ(text(taken, "rule"), "S5");
  EXPECT_EQ(ask("POST", path(one) + "/assignments", inbound).status, 200);
}

// What S8 goes by is said by the carrier or the operator, or the restriction would ask the one whom it restricts.
TEST_F(PhoneNumbers, WhatRestrictionsGoBy_IsNotForTheirOwnersToSay) {
  const std::string one = number("+12125550120");
  for (const char* claim : {R"("attestation":"A")", R"("registered":true)"}) {
    const rest_reply changed = ask("PATCH", path(one), "{" + std::string(claim) + "}");
    EXPECT_EQ(text(changed, "rule"), "S8") << changed.text;
    EXPECT_THAT(text(changed, "detail"), HasSubstr("configuration file"));
    const rest_reply made = ask("POST", "/v1/phone-numbers", body("+12125550121", "," + std::string(claim)));
    EXPECT_EQ(text(made, "rule"), "S8") << made.text;
  }
  EXPECT_EQ(ask("PATCH", path(one), R"({"attestation":"unknown","registered":false})").status, 200) << "as it is";
  const rest_reply free = ask("POST", "/v1/phone-numbers", body("+18005550121", R"(,"type":"local")"));
  EXPECT_EQ(free.status, 422) << free.text;
  EXPECT_EQ(text(free, "param"), "type");
  EXPECT_EQ(text(ask("GET", path(number("+18005550121"))), "type"), "toll_free");
}

TEST_F(PhoneNumbers, Routing_RefusesWhatIsNotThereAndChangesNothing) {
  const std::string one = number("+12125550120");
  const std::string before = stored();
  const std::string theirs = house_.second.ids.at("agent_id");
  for (const std::string& routing :
       {R"({"agent_id":")" + theirs + "\"}",
        R"({"agent_id":")" + id("agent_id") + R"(","fallback":{"agent_id":")" + theirs + "\"}}",
        std::string(R"({"voicemail_message":"Hello"})")}) {
    const rest_reply refused = ask("PATCH", path(one), R"({"friendly_name":"x","inbound_routing":)" + routing + "}");
    EXPECT_EQ(refused.status, 422) << refused.text;
    EXPECT_THAT(text(refused, "param"), testing::StartsWith("inbound_routing."));
  }
  EXPECT_EQ(stored(), before);
}

}  // namespace
}  // namespace dialer::api
