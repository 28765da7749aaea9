// GET /v1/events over a database: what is told, in which form, and to whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "api/event_watch.hpp"
#include "api/json_schema.hpp"
#include "api/rest_resources.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

struct event {
  std::string id;
  std::string kind;
  json::object data;
};

/// A client of GET /v1/events that is past the head.
class follower {
 public:
  follower(std::uint16_t port, const std::string& key, const std::string& last_event_id = "") : client_{port} {
    client_.send("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\n" +
                 (last_event_id.empty() ? "" : "Last-Event-ID: " + last_event_id + "\r\n") + "\r\n");
    (void)client_.receive_until("retry: 2000\n\n");
  }
  /// The next event of this kind about a thing whose data holds `part`; those before it go to `passed`.
  event next(const std::string& kind, const std::string& part = "") {
    for (;;) {
      const std::string text = client_.receive_until("\n\n");
      if (text.empty()) {
        ADD_FAILURE() << "no event " << kind << " " << part << " came; before it came: " << passed;
        return {};
      }
      passed += text;
      const event got = read(text);
      if (got.kind == kind && text.find(part) != std::string::npos) return got;
    }
  }
  bool ended() { return client_.closed_by_peer(); }

  std::string passed;

 private:
  static std::string line_of(const std::string& text, const std::string& name) {
    const auto at = text.find(name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  static event read(const std::string& text) {
    event got{line_of(text, "id"), line_of(text, "event"), json::parse(line_of(text, "data")).as_object()};
    const json_schemas schemas = gather_schemas(rest_resources());
    const json::object wrapped{{got.kind, got.data}};
    EXPECT_TRUE(schemas.check_named("Events", wrapped).empty()) << text;
    return got;
  }

  loopback_client client_;
};

using RestEvents = test::rest_fixture;

TEST_F(RestEvents, Follower_IsToldHowEverythingStandsAndThenWhatChanges) {
  engine::campaign_view dialing;
  dialing.id = us_.house.campaign;
  dialing.live = 7;
  dialing.blocked = reason::account_cps;
  dialing.counters.intents = 9;
  dialing.counters.answered = 1;
  dialing.counters.dispositions[static_cast<std::size_t>(disposition::answered)] = 1;
  engine::organisation_view view;
  view.id = us_.house.id;
  view.campaigns = {dialing};
  house_.views = {view};

  follower client{house_.port(), us_.key};
  EXPECT_EQ(client.next("campaign").data.at("state").as_string(), "running");
  const json::object attempts = client.next("attempts").data;
  EXPECT_EQ(attempts.at("attempts").to_number<int>(), 9);
  EXPECT_EQ(json::serialize(attempts.at("dispositions")), R"({"answered":1})");
  EXPECT_EQ(attempts.at("now").at("blocked").as_string(), "account_cps");
  const json::object imported = client.next("import").data;
  EXPECT_EQ(imported.at("accepted").to_number<int>(), 3);
  EXPECT_TRUE(imported.at("finished").as_bool());

  EXPECT_EQ(house_.ask("POST", campaign() + "/pause", us_.key).status, 200);
  EXPECT_EQ(client.next("campaign").data.at("state").as_string(), "paused");
  us_.house.import(200, 2);
  EXPECT_EQ(client.next("import").data.at("accepted").to_number<int>(), 2);
}

TEST_F(RestEvents, ClientThatComesBack_IsToldTheLatestOfWhatItMissed) {
  std::string last;
  {
    follower client{house_.port(), us_.key};
    (void)client.next("campaign");
    last = client.next("import").id;
  }
  EXPECT_EQ(house_.ask("POST", campaign() + "/pause", us_.key).status, 200);
  EXPECT_EQ(house_.ask("POST", campaign() + "/resume", us_.key).status, 200);
  EXPECT_EQ(house_.ask("POST", campaign() + "/stop", us_.key).status, 200);
  follower again{house_.port(), us_.key, last};
  EXPECT_EQ(again.next("campaign").data.at("state").as_string(), "stopped");
  EXPECT_THAT(again.passed, Not(HasSubstr("event: import"))) << "that one it knows";
  EXPECT_THAT(again.passed, Not(HasSubstr("paused"))) << "the steps are not told, the end is";
}

TEST_F(RestEvents, Tenants_AreToldTheirOwnOnly) {
  follower first{house_.port(), us_.key};
  follower second{house_.port(), house_.second.key};
  (void)first.next("import");
  const event theirs = second.next("import");
  EXPECT_EQ(theirs.data.at("campaign_id").as_string(), house_.second.ids.at("campaign_id"));
  EXPECT_EQ(
      house_.ask("POST", "/v1/campaigns/" + house_.second.ids.at("campaign_id") + "/pause", house_.second.key).status,
      200);
  (void)second.next("campaign", "paused");
  EXPECT_EQ(house_.ask("POST", campaign() + "/stop", us_.key).status, 200);
  (void)first.next("campaign", "stopped");
  for (const auto& [name, id] : house_.second.ids) EXPECT_THAT(first.passed, Not(HasSubstr(id))) << name;
  EXPECT_THAT(first.passed, Not(HasSubstr("paused")));

  follower stolen{house_.port(), us_.key, theirs.id};
  (void)stolen.next("campaign", "stopped");
  EXPECT_THAT(stolen.passed, Not(HasSubstr(house_.second.ids.at("campaign_id")))) << "an id is a place, not a right";
}

TEST_F(RestEvents, ConfinedKey_IsToldOfItsWorkspaceOnly) {
  follower empty{house_.port(), us_.add_key(house_.keys, 1, us_.other_workspace)};
  const std::string there = R"({"name":"Next","workspace_id":")" + us_.other_workspace.text() + '"';
  const test::rest_reply agent =
      house_.ask("POST", "/v1/agents", us_.key, there + R"(,"answer_url":"https://a.example"})");
  const std::string with = R"(,"agent_id":")" + std::string(agent.body.at("id").as_string()) + "\"}";
  EXPECT_EQ(house_.ask("POST", "/v1/campaigns", us_.key, there + with).status, 201);
  EXPECT_EQ(empty.next("campaign").data.at("name").as_string(), "Next");
  EXPECT_THAT(empty.passed, Not(HasSubstr(us_.ids.at("campaign_id"))));
}

TEST_F(RestEvents, RevokedKey_EndsItsStreamAndNoOther) {
  const std::string key = us_.add_key(house_.keys, 1);
  follower leaving{house_.port(), key}, staying{house_.port(), us_.key};
  (void)leaving.next("import");
  (void)staying.next("import");
  us_.keys.back().revoked_at = house_.time.now().utc;
  house_.keys.replace(us_.house.id, us_.keys);
  EXPECT_TRUE(leaving.ended());
  EXPECT_EQ(house_.ask("POST", campaign() + "/stop", us_.key).status, 200);
  (void)staying.next("campaign", "stopped");
}

TEST(EventFacts, CampaignThatTheEngineDoesNotDial_HasNoAttempts) {
  const organisation_id organisation{id128{1, 2}};
  const campaign_id campaign{id128{3, 4}};
  const std::vector<sql::campaign_standing> stored{{organisation, campaign, {}, "A", campaigns::campaign_state::draft},
                                                   {organisation_id{id128{9, 9}}, campaign_id{id128{9, 8}}, {}, "B"}};
  engine::organisation_view view;
  view.id = organisation;
  ASSERT_EQ(facts_of(organisation, stored, {}, {view}).size(), 1U);
  view.campaigns.emplace_back().id = campaign;
  EXPECT_EQ(facts_of(organisation, stored, {}, {view}).size(), 2U);
  view.id = organisation_id{id128{9, 9}};
  EXPECT_EQ(facts_of(organisation, stored, {}, {view}).size(), 1U);
}

}  // namespace
}  // namespace dialer::api
