// What each resource does beyond its form, which the contract test judges.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "api/gzip.hpp"
#include "api/list_import.hpp"
#include "api/list_uploads.hpp"
#include "sql/opt_outs.hpp"
#include "sql/snapshot.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;
using testing::HasSubstr;

class RestResources : public testing::Test {
 protected:
  RestResources() { house_.engine_follows(); }
  rest_reply ask(const std::string& method, const std::string& target, const std::string& body = "") {
    return house_.ask(method, target, us_.key, body);
  }
  std::string campaign() const { return "/v1/campaigns/" + us_.ids.at("campaign_id"); }
  std::string id(const std::string& name) const { return us_.ids.at(name); }
  std::uint64_t generation() { return us_.house.generation(); }

  test::rest_house house_;
  test::tenant& us_ = house_.first;
};

TEST_F(RestResources, Campaign_GoesThroughItsStatesAndNoOthers) {
  EXPECT_EQ(ask("POST", campaign() + "/pause").body.at("state").as_string(), "paused");
  const rest_reply again = ask("POST", campaign() + "/pause");
  EXPECT_EQ(again.status, 200) << "what is so already is no mistake";
  EXPECT_EQ(ask("POST", campaign() + "/resume").body.at("state").as_string(), "running");
  EXPECT_EQ(ask("POST", campaign() + "/stop").body.at("state").as_string(), "stopped");
  const rest_reply refused = ask("POST", campaign() + "/resume");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.text, HasSubstr("is stopped, so it cannot resume"));
  EXPECT_EQ(ask("GET", campaign()).body.at("state").as_string(), "stopped");
  EXPECT_EQ(ask("GET", "/v1/campaigns?state=stopped").body.at("data").as_array().size(), 1U);
  EXPECT_EQ(ask("GET", "/v1/campaigns?state=running").body.at("data").as_array().size(), 0U);
  EXPECT_EQ(ask("GET", "/v1/campaigns?state=asleep").status, 422);
}

TEST_F(RestResources, CampaignSettings_AreKeptWhereNothingIsSaid) {
  const std::uint64_t before = generation();
  const rest_reply changed = ask("PATCH", campaign(), R"({"settings":{
      "window":{"monday":"09:30-24:00","sunday":"closed"}, "retry":{"busy":{"attempts_max":5}},
      "calls_per_second_max":2.5, "ring_timeout_s":45, "caller_id":"local_presence", "machine_detection":"off",
      "default_country":"GB", "redial_absent":true, "attempts_per_contact_max":9}})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.body.at("engine").as_string(), "acknowledged");
  EXPECT_GT(generation(), before);
  const campaigns::settings stored = sql::read_campaign(us_.house.on, us_.house.id, us_.house.campaign).value();
  EXPECT_EQ(stored.window[1], (local_hours{570, 1440}));
  EXPECT_EQ(stored.window[0].open_minute, stored.window[0].close_minute);
  EXPECT_EQ(stored.window[2], local_hours{});
  EXPECT_EQ(stored.retry[3].attempts_max, 5);
  EXPECT_EQ(stored.retry[3].delay, campaigns::default_retry_rules()[3].delay);
  EXPECT_EQ(stored.calls_per_second_max, 2.5);
  EXPECT_EQ(stored.ring_timeout, std::chrono::seconds{45});
  EXPECT_EQ(stored.caller_id, campaigns::caller_id_policy::local_presence);
  EXPECT_EQ(stored.detection, campaigns::machine_detection::off);
  EXPECT_EQ(stored.default_country, "GB");
  EXPECT_TRUE(stored.redial_absent);
  EXPECT_EQ(stored.attempts_per_contact_max, 9);
  EXPECT_EQ(stored.weight, 1);
  EXPECT_EQ(json::serialize(ask("GET", campaign()).body.at("settings")), json::serialize(changed.body.at("settings")));
}

TEST_F(RestResources, EditsOfACampaign_AreNumberedKeptAndAudited) {
  EXPECT_EQ(ask("GET", campaign()).body.at("version").to_number<int>(), 1);
  const auto edit = [&](const std::string& body) {
    return house_.ask("PATCH", campaign(), us_.key, body, "Audit-Reason: spring hours\r\n");
  };
  const rest_reply second = edit(R"({"if_version":1,"settings":{"weight":3,"window":{"monday":"10:00-11:00"}}})");
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(second.body.at("version").to_number<int>(), 2);
  EXPECT_EQ(edit(R"({"settings":{"weight":3}})").body.at("version").to_number<int>(), 2) << "nothing was changed";
  EXPECT_EQ(edit(R"({"settings":{"attempts_per_contact_max":2}})").body.at("version").to_number<int>(), 3);

  const json::array kept = ask("GET", campaign() + "/versions").body.at("data").as_array();
  ASSERT_EQ(kept.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kept.at(static_cast<std::size_t>(i)).at("version").to_number<int>(), 3 - i);
  EXPECT_EQ(json::serialize(kept[0].at("settings")), json::serialize(ask("GET", campaign()).body.at("settings")));
  EXPECT_EQ(kept[1].at("settings").at("attempts_per_contact_max").to_number<int>(), 6);
  EXPECT_EQ(kept[1].at("settings").at("window").at("monday").as_string(), "10:00-11:00");
  EXPECT_EQ(kept[2].at("settings").at("weight").to_number<int>(), 1);

  const json::value newest = ask("GET", "/v1/audit?limit=1").body.at("data").as_array().at(0);
  EXPECT_EQ(newest.at("action").as_string(), "changeCampaign");
  EXPECT_EQ(newest.at("actor").as_string(), us_.keys.front().id.text());
  EXPECT_EQ(newest.at("resource").as_string(), id("campaign_id"));
  EXPECT_EQ(newest.at("reason").as_string(), "spring hours");
}

TEST_F(RestResources, EditOfAnotherVersion_ChangesNothingAndNamesTheCurrentOne) {
  EXPECT_EQ(ask("PATCH", campaign(), R"({"settings":{"weight":3}})").status, 200);
  const std::uint64_t before = generation();
  const rest_reply late = ask("PATCH", campaign(), R"({"if_version":1,"settings":{"weight":4}})");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.code(), "version_conflict");
  EXPECT_EQ(late.body.at("param").as_string(), "if_version");
  EXPECT_THAT(late.text, HasSubstr("the campaign is at version 2 by now"));
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(ask("GET", campaign()).body.at("settings").at("weight").to_number<int>(), 3);
  EXPECT_EQ(ask("GET", campaign() + "/versions").body.at("data").as_array().size(), 2U);
}

// Two people read version 1 and change it at the same moment: one of them is told.
TEST_F(RestResources, EditsOfOneVersionAtOnce_AreMadeOnce) {
  const auto edit = [&](int weight) {
    return std::async(std::launch::async, [&, weight] {
      return ask("PATCH", campaign(), R"({"if_version":1,"settings":{"weight":)" + std::to_string(weight) + "}}")
          .status;
    });
  };
  auto one = edit(3);
  auto other = edit(4);
  EXPECT_EQ(one.get() + other.get(), 200 + 409);
}

TEST_F(RestResources, CampaignSettings_ThatMakeNoSense_AreToldByName) {
  const auto refused = [&](const std::string& settings) {
    const rest_reply reply = ask("PATCH", campaign(), "{\"settings\":" + settings + "}");
    EXPECT_EQ(reply.status, 422) << reply.text;
    return std::string(reply.body.at("param").as_string());
  };
  EXPECT_EQ(refused(R"({"window":{"friday":"21:00-08:00"}})"), "settings.window.friday");
  EXPECT_EQ(refused(R"({"window":{"caturday":"08:00-21:00"}})"), "settings.window.caturday");
  EXPECT_EQ(refused(R"({"retry":{"answered":{"attempts_max":2}}})"), "settings.retry.answered");
  EXPECT_EQ(refused(R"({"retry":{"busy":{"attempts_max":0}}})"), "settings.retry.busy.attempts_max");
  EXPECT_EQ(refused(R"({"ring_timeout_s":4})"), "settings.ring_timeout_s");
  EXPECT_EQ(refused(R"({"ring_timeout_s":601})"), "settings.ring_timeout_s");
  EXPECT_EQ(refused(R"({"default_country":"us"})"), "settings.default_country");
  EXPECT_EQ(refused(R"({"attempts_per_number_24h":8})"), "settings.attempts_per_number_7d");
}

TEST_F(RestResources, NewThings_HaveTheirDefaultsAndTheirOwnName) {
  const std::string owner = R"("workspace_id":")" + id("workspace_id") + '"';
  const rest_reply agent =
      ask("POST", "/v1/agents", "{" + owner + R"(,"name":"Bea","answer_url":"https://a.example"})");
  ASSERT_EQ(agent.status, 201) << agent.text;
  EXPECT_FALSE(agent.body.at("published").as_bool()) << "a new agent is a draft and never dials";
  EXPECT_EQ(ask("POST", "/v1/agents", "{" + owner + R"(,"name":"Bea","answer_url":"https://b.example"})").status, 409);
  EXPECT_EQ(ask("GET", "/v1/agents/" + std::string(agent.body.at("id").as_string())).body.at("answer_url").as_string(),
            "https://a.example");
  EXPECT_EQ(ask("POST", "/v1/agents", "{" + owner + R"(,"name":"C","answer_url":"ftp://a"})").status, 422);

  const std::string with_agent = owner + R"(,"agent_id":")" + id("agent_id") + '"';
  const rest_reply made = ask("POST", "/v1/campaigns", "{" + with_agent + R"(,"name":"Autumn"})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("state").as_string(), "draft");
  EXPECT_EQ(ask("POST", "/v1/campaigns", "{" + with_agent + R"(,"name":"Autumn"})").status, 409);
  EXPECT_EQ(ask("POST", "/v1/workspaces", R"({"name":"Main"})").status, 409);
}

TEST_F(RestResources, AgentOfAnotherWorkspace_IsRefused) {
  const std::string other = us_.other_workspace.text();
  const rest_reply made = ask("POST", "/v1/campaigns",
                              R"({"name":"X","workspace_id":")" + other + R"(","agent_id":")" + id("agent_id") + "\"}");
  EXPECT_EQ(made.status, 422);
  EXPECT_EQ(made.body.at("param").as_string(), "agent_id");
}

TEST_F(RestResources, ConfinedKey_WorksWithinItsWorkspace) {
  const std::string key = us_.add_key(house_.keys, 7, us_.house.workspace);
  EXPECT_EQ(house_.ask("GET", "/v1/workspaces", key).body.at("data").as_array().size(), 1U);
  EXPECT_EQ(house_.ask("POST", campaign() + "/pause", key).status, 200);
  EXPECT_EQ(house_.ask("GET", "/v1/attempts", key).body.at("data").as_array().size(), 1U);
  EXPECT_EQ(house_.ask("GET", "/v1/attempts/" + id("attempt_id"), key).status, 200);
  const rest_reply elsewhere = house_.ask(
      "POST", "/v1/agents", key,
      R"({"workspace_id":")" + us_.other_workspace.text() + R"(","name":"D","answer_url":"https://a.example"})");
  EXPECT_EQ(elsewhere.status, 422);
}

TEST_F(RestResources, OptOut_IsNormalisedStoredAndWithdrawn) {
  const std::uint64_t before = generation();
  const rest_reply added =
      ask("POST", "/v1/opt-outs", R"({"numbers":["(212) 555-0133","+12125550133","+442079460000"]})");
  ASSERT_EQ(added.status, 200) << added.text;
  EXPECT_EQ(added.body.at("engine").as_string(), "acknowledged");
  EXPECT_EQ(json::serialize(added.body.at("numbers")), R"(["+12125550133","+12125550133","+442079460000"])");
  EXPECT_EQ(generation(), before + 1) << "one change, however many numbers";
  const rest_reply found = ask("GET", "/v1/opt-outs/+12125550133");
  EXPECT_THAT(std::string(found.body.at("source").as_string()), testing::StartsWith("API key_"));
  EXPECT_EQ(ask("DELETE", "/v1/opt-outs/+12125550133").status, 200);
  EXPECT_EQ(ask("GET", "/v1/opt-outs/+12125550133").status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/opt-outs/+12125550133").status, 404);
}

TEST_F(RestResources, OneBadNumber_ChangesNothingAndIsNamed) {
  const std::uint64_t before = generation();
  const rest_reply refused = ask("POST", "/v1/opt-outs", R"({"numbers":["+12125550134","12","x"]})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body.at("errors").as_array().size(), 2U);
  EXPECT_EQ(refused.body.at("errors").at(0).at("param").as_string(), "numbers[1]");
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(ask("GET", "/v1/opt-outs/+12125550134").status, 404);
  EXPECT_EQ(ask("POST", "/v1/opt-outs", R"({"numbers":["1"],"country":"ZZ"})").body.at("param").as_string(), "country");
}

TEST_F(RestResources, OptOutWithoutAnEngineThatFollows_IsPendingAndHolds) {
  us_.house.on.run("UPDATE org_owner SET applied_generation = 0 WHERE org_id IS NOT NULL");
  house_.time.advance(std::chrono::hours{1});
  house_.keys.confirm(house_.time.now().steady);
  auto asked =
      std::async(std::launch::async, [&] { return ask("POST", "/v1/opt-outs", R"({"numbers":["+12125550135"]})"); });
  // Only once it is committed: a clock that ran ahead of that would end a wait that has not begun.
  while (!sql::find_opt_out(us_.house.on, us_.house.id, e164::from_digits(12125550135))) std::this_thread::yield();
  while (asked.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready) {
    house_.time.advance(std::chrono::milliseconds{100});
  }
  const rest_reply pending = asked.get();
  EXPECT_EQ(pending.status, 202);
  EXPECT_EQ(pending.body.at("engine").as_string(), "pending");
}

TEST_F(RestResources, Contacts_ShowWhereTheyStand) {
  const rest_reply all = ask("GET", campaign() + "/contacts");
  ASSERT_EQ(all.body.at("data").as_array().size(), 3U);
  const json::value& first = all.body.at("data").at(0);
  EXPECT_EQ(first.at("stage").as_string(), "done");
  EXPECT_EQ(first.at("attempts").to_number<int>(), 1);
  EXPECT_EQ(first.at("disposition").as_string(), "answered");
  EXPECT_EQ(all.body.at("data").at(1).at("stage").as_string(), "fresh");
  EXPECT_TRUE(all.body.at("data").at(1).at("disposition").is_null());
  const std::string number(first.at("number").as_string());
  const rest_reply one = ask("GET", campaign() + "/contacts?number=" + number);
  ASSERT_EQ(one.body.at("data").as_array().size(), 1U);
  EXPECT_EQ(one.body.at("data").at(0), first);
  EXPECT_EQ(ask("GET", campaign() + "/contacts?number=+12125550177").body.at("data").as_array().size(), 0U);
  EXPECT_EQ(ask("GET", campaign() + "/contacts?number=212").status, 422);
}

TEST_F(RestResources, ContactsThatComeWhileAListIsRead_RepeatAndHideNone) {
  std::set<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 20; ++page) {
    const rest_reply reply = ask("GET", campaign() + "/contacts?limit=2" + cursor);
    for (const json::value& one : reply.body.at("data").as_array()) {
      EXPECT_TRUE(seen.insert(std::string(one.at("id").as_string())).second) << "shown twice";
    }
    if (reply.body.at("next_cursor").is_null()) break;
    cursor = "&cursor=" + std::string(reply.body.at("next_cursor").as_string());
    if (page == 0) us_.house.import(1'000, 4, 2);  // into the lane that is being read, and into one after it
  }
  for (const std::uint64_t old : {1, 2, 3}) EXPECT_TRUE(seen.contains(contact_id{old}.text()));
  EXPECT_EQ(seen.size(), 7U);
}

// ---- stats

TEST_F(RestResources, Stats_CountByCampaignWorkspaceAndInAll) {
  const json::object before = ask("GET", "/v1/stats").body;
  const json::value& counts = before.at("campaigns").at(0).at("counts");
  EXPECT_EQ(json::serialize(counts),
            R"({"contacts":3,"stages":{"fresh":2,"open":0,"waiting":0,"done":1},"attempts":1,)"
            R"("dispositions":{"answered":1},"not_dialed":{},"misplaced":0,"waiting":{},"tried":1,)"
            R"("attempt_dispositions":{"answered":1},"tried_rate":3.333333333333333E-1,"answer_rate":1E0,)"
            R"("answered_s_average":1.7E1})");
  EXPECT_EQ(before.at("total"), counts) << "there is one campaign";
  ASSERT_EQ(before.at("workspaces").as_array().size(), 2U);
  for (const json::value& one : before.at("workspaces").as_array()) {
    const bool ours = one.at("id").as_string() == id("workspace_id");
    EXPECT_EQ(one.at("counts").at("contacts").to_number<int>(), ours ? 3 : 0);
    EXPECT_EQ(one.at("counts").at("answer_rate").is_null(), !ours);
  }

  // A second campaign: one contact waits after a busy attempt, one was ended without any.
  const rest_reply made =
      ask("POST", "/v1/campaigns",
          R"({"name":"Next","workspace_id":")" + id("workspace_id") + R"(","agent_id":")" + id("agent_id") + "\"}");
  us_.house.campaign = campaign_id::parse(made.body.at("id").as_string()).value();
  us_.house.import(200, 4);
  const auto row = [&] { return sql::params{}.uuid(us_.house.id).uuid(us_.house.campaign); };
  us_.house.on.run("INSERT INTO intent VALUES ($1, $2, $3, 900, 200, 12125550100, 12125550199, $4, 0, 1, 5)",
                   row().uuid(us_.house.integration).time(sql::test::morning));
  us_.house.on.run("INSERT INTO outcome VALUES ($1, 900, $2, 0, 13, 3, 0, false, false, 'CA2', '', '')",
                   sql::params{}.uuid(us_.house.id).time(sql::test::morning));
  us_.house.on.run("INSERT INTO contact_wait VALUES ($1, $2, 0, $3, 200, 12125550100, 0, 1, $4)",
                   row().time(sql::test::morning).int2(static_cast<int>(reason::retry_delay)));
  us_.house.on.run("INSERT INTO contact_end VALUES ($1, $2, 201, 0, $3, $4)",
                   row().int2(static_cast<int>(reason::opted_out)).time(sql::test::morning));
  us_.house.on.run("UPDATE lane SET through = 201 WHERE org_id = $1 AND campaign_id = $2", row());
  const json::object after = ask("GET", "/v1/stats").body;
  const json::value& total = after.at("total");
  EXPECT_EQ(total.at("contacts").to_number<int>(), 7);
  EXPECT_EQ(json::serialize(total.at("stages")), R"({"fresh":4,"open":0,"waiting":1,"done":2})");
  EXPECT_EQ(json::serialize(total.at("waiting")), R"({"retry_delay":1})");
  EXPECT_EQ(json::serialize(total.at("not_dialed")), R"({"opted_out":1})");
  EXPECT_EQ(json::serialize(total.at("attempt_dispositions")), R"({"answered":1,"busy":1})");
  EXPECT_EQ(total.at("answer_rate").as_double(), 0.5);
  EXPECT_EQ(total.at("answered_s_average").as_double(), 17.0);
  EXPECT_EQ(after.at("campaigns").at(0), before.at("campaigns").at(0)) << "another campaign's are not counted in";
}

TEST_F(RestResources, Stats_ShowWhatTheEngineOfThisProcessDoes) {
  EXPECT_TRUE(ask("GET", "/v1/stats").body.at("campaigns").at(0).at("now").is_null());
  engine::campaign_view dialing;
  dialing.id = us_.house.campaign;
  dialing.live = 7;
  dialing.queued = 50;
  dialing.blocked = reason::account_cps;
  engine::organisation_view theirs;
  theirs.id = house_.second.house.id;
  theirs.campaigns = {dialing};
  house_.views = {theirs};
  EXPECT_TRUE(ask("GET", "/v1/stats").body.at("campaigns").at(0).at("now").is_null()) << "of another organisation";
  theirs.id = us_.house.id;
  house_.views.push_back(theirs);
  EXPECT_EQ(json::serialize(ask("GET", "/v1/stats").body.at("campaigns").at(0).at("now")),
            R"({"live":7,"queued":50,"blocked":"account_cps","next_at":null})");
}

TEST_F(RestResources, Stats_OfAConfinedKey_AreThoseOfItsWorkspace) {
  const std::string key = us_.add_key(house_.keys, 1, us_.other_workspace);
  const json::object shown = house_.ask("GET", "/v1/stats", key).body;
  EXPECT_EQ(shown.at("workspaces").as_array().size(), 1U);
  EXPECT_TRUE(shown.at("campaigns").as_array().empty());
  EXPECT_EQ(shown.at("total").at("contacts").to_number<int>(), 0);
}

// ---- uploads

/// A list of `rows` different numbers, longer than several pieces of a body.
std::string long_list(std::uint64_t rows) {
  std::string list = "phone_number,name\n";
  for (std::uint64_t i = 0; i < rows; ++i) list += sql::test::number_of(1'000 + i).text() + ",Some name\n";
  return list;
}

TEST_F(RestResources, Upload_AccountsForEveryRowOnce) {
  const std::string list = "phone_number,name\n+12125550171,A\n(212) 555-0172,B\n+12125550171,C\n12,D\n";
  const rest_reply done = ask("POST", campaign() + "/contacts", list);
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_THAT(done.text,
              HasSubstr(R"("rows":4,"accepted":2,"duplicate":1,"rejected":1,"finished":true,"imported_before":false)"));
  const json::array& refused = done.body.at("not_accepted").as_array();
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(json::serialize(refused[0]),
            R"({"row":3,"verdict":"duplicate","number":"+12125550171","detail":"of row 1"})");
  EXPECT_EQ(refused[1].at("verdict").as_string(), "rejected");
  EXPECT_EQ(ask("GET", campaign() + "/contacts?number=+12125550172").body.at("data").as_array().size(), 1U);

  const rest_reply again = ask("POST", campaign() + "/contacts", list);
  EXPECT_THAT(again.text,
              HasSubstr(R"("rows":4,"accepted":2,"duplicate":1,"rejected":1,"finished":true,"imported_before":true)"));
  EXPECT_EQ(us_.house.on.run("SELECT count(*) FROM contact").integer(0, 0), 3 + 3 + 2);
}

TEST_F(RestResources, PackedUpload_IsTheSameList) {
  const std::string list = long_list(12'000);
  const auto upload = [&](const std::string& body, const std::string& headers) {
    house_.keys.confirm(house_.time.now().steady);
    return house_.ask("POST", campaign() + "/contacts", us_.key, body, "Content-Type: text/csv\r\n" + headers);
  };
  const std::string packed = gzip(list);
  EXPECT_LT(packed.size(), list.size() / 3);
  const rest_reply done = upload(packed, "Content-Encoding: gzip\r\n");
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_THAT(done.text, HasSubstr(R"("rows":12000,"accepted":10800,"duplicate":0,"rejected":1200,"finished":true)"));
  EXPECT_THAT(upload(list, "").text, HasSubstr(R"("imported_before":true)")) << "by what it says, not how it came";

  const rest_reply cut_off = upload(packed.substr(0, packed.size() / 2), "Content-Encoding: gzip\r\n");
  EXPECT_EQ(cut_off.status, 400);
  EXPECT_EQ(cut_off.code(), "malformed_gzip");
}

TEST_F(RestResources, ListThatWouldFillTheDisk_IsRefused) {
  const std::string list = "phone_number\n+12125550171\n";
  const auto upload = [&](std::uintmax_t available, std::uintmax_t capacity) {
    house_.disk = {capacity, available, available};
    return ask("POST", campaign() + "/contacts", list);
  };
  constexpr std::uintmax_t gib = std::uintmax_t{1} << 30;
  const rest_reply refused = upload(gib - 1, 5 * gib);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.code(), "no_room");
  EXPECT_THAT(refused.text, HasSubstr("then send the list again"));
  EXPECT_EQ(us_.house.on.run("SELECT count(*) FROM contact").integer(0, 0), 3 + 3);
  EXPECT_EQ(upload(gib, 5 * gib).status, 200);
}

TEST_F(RestResources, DryRun_SaysWhatWouldBecomeOfEachRowAndStoresNothing) {
  ASSERT_EQ(ask("POST", campaign() + "/contacts", "phone_number\n+12125550172\n").status, 200);
  const auto stored = [&] {
    return us_.house.on.run(
        "SELECT (SELECT count(*) FROM contact), (SELECT count(*) FROM campaign_import), (SELECT count(*) FROM lane), "
        "(SELECT sum(generation) FROM org_owner)::bigint, (SELECT count(*) FROM audit_log)");
  };
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator{house_.uploads.path()},
                         std::filesystem::directory_iterator{});
  };
  const sql::result before = stored();
  const auto files_before = files();
  const std::string list = "phone_number,name\n+12125550171,A\n(212) 555-0172,B\n+12125550171,C\n12,D\n";
  const rest_reply tried = ask("POST", campaign() + "/contacts?dry_run=true", list);
  ASSERT_EQ(tried.status, 200) << tried.text;
  EXPECT_THAT(tried.text, HasSubstr(R"("rows":4,"accepted":1,"duplicate":2,"rejected":1,"finished":true,)"
                                    R"("imported_before":false,"dry_run":true)"));
  const rest_reply again = ask("POST", campaign() + "/contacts?dry_run=true", list);
  EXPECT_EQ(again.body, tried.body);
  const sql::result after = stored();
  for (int column = 0; column < 5; ++column) EXPECT_EQ(after.integer(0, column), before.integer(0, column)) << column;
  EXPECT_EQ(files(), files_before);

  rest_reply done = ask("POST", campaign() + "/contacts?dry_run=false", list);
  EXPECT_EQ(done.body.at("dry_run").as_bool(), false);
  done.body["dry_run"] = true;
  EXPECT_EQ(done.body, tried.body) << "the same verdicts";
  const rest_reply known = ask("POST", campaign() + "/contacts?dry_run=true", list);
  EXPECT_TRUE(known.body.at("imported_before").as_bool());
  EXPECT_EQ(known.body.at("not_accepted"), tried.body.at("not_accepted"));
  EXPECT_EQ(ask("POST", campaign() + "/contacts?dry_run=yes", list).body.at("param").as_string(), "dry_run");
}

// Longer than a batch of the importer: the second must know what the first accepted.
TEST_F(RestResources, DryRunOfALongList_KnowsItsOwnDuplicates) {
  const std::string list = long_list(12'000);
  const std::string twice = list + list.substr(list.find('\n') + 1);
  const rest_reply tried = ask("POST", campaign() + "/contacts?dry_run=true", twice);
  ASSERT_EQ(tried.status, 200) << tried.text;
  rest_reply done = ask("POST", campaign() + "/contacts", twice);
  done.body["dry_run"] = true;
  EXPECT_EQ(done.body, tried.body);
  EXPECT_EQ(done.body.at("duplicate"), done.body.at("accepted"));
}

TEST_F(RestResources, CallNow_IsInTheUrgentLaneOfItsPlaceOnce) {
  const auto lanes = [&] {
    const sql::result row = us_.house.on.run(
        "SELECT count(*) FILTER (WHERE urgent), count(*), (SELECT max(generation) FROM org_owner WHERE org_id = $1) "
        "FROM lane WHERE org_id = $1",
        sql::params{}.uuid(us_.house.id));
    return std::array{row.integer(0, 0), row.integer(0, 1), row.integer(0, 2)};
  };
  const auto before = lanes();
  const rest_reply one =
      ask("POST", campaign() + "/call-now", R"({"number":"(212) 555-0191","name":"Pat","variables":{"a":"b"}})");
  ASSERT_EQ(one.status, 201) << one.text;
  EXPECT_EQ(one.body.at("number").as_string(), "+12125550191");
  EXPECT_EQ(one.body.at("stage").as_string(), "fresh");
  EXPECT_EQ(one.body.at("row").to_number<int>(), 0);
  EXPECT_EQ(one.body.at("engine").as_string(), "acknowledged");
  const rest_reply two = ask("POST", campaign() + "/call-now", R"({"number":"+12125550192"})");
  ASSERT_EQ(two.status, 201) << two.text;
  EXPECT_GT(two.body.at("id").as_string(), one.body.at("id").as_string());
  EXPECT_EQ(lanes(), (std::array<std::int64_t, 3>{before[0] + 1, before[1] + 1, before[2] + 2}));

  const rest_reply again = ask("POST", campaign() + "/call-now", R"({"number":"+12125550192"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body.at("param").as_string(), "number");
  EXPECT_EQ(ask("POST", campaign() + "/call-now", R"({"number":"12"})").body.at("param").as_string(), "number");
  EXPECT_EQ(ask("POST", campaign() + "/call-now", R"({"number":"+12125550193","variables":{"a":"\u0000"}})").status,
            422);
  EXPECT_EQ(lanes()[2], before[2] + 2) << "what is refused changes nothing";

  // A list that comes later goes beside it, in lanes that are not urgent.
  const rest_reply list = ask("POST", campaign() + "/contacts", "phone_number\n+12125550191\n+12125550194\n");
  EXPECT_THAT(list.text, HasSubstr(R"("rows":2,"accepted":1,"duplicate":1)"));
  EXPECT_EQ(list.body.at("not_accepted").at(0).at("detail").as_string(), "of a contact that came in no list");
  EXPECT_EQ(
      us_.house.on.run("SELECT count(*) FROM contact c JOIN lane l USING (org_id, campaign_id, lane) WHERE l.urgent")
          .integer(0, 0),
      2);
}

TEST_F(RestResources, CallNowOfANumberOfTheListBeingImported_IsADuplicateInIt) {
  const scratch here;
  list_import what;
  what.list = here.file("list.csv", long_list(12'000));
  what.country = "US";
  what.place = [](const campaigns::place_question&) { return campaigns::place_answer{sql::test::place_of(0), {}, {}}; };
  what.verdicts = [&](const std::string& name) { return here.path() / name; };
  int commits = 0;
  what.go_on = [&](const campaigns::import_progress&) {
    if (++commits > 1) return true;
    // Of the second batch, which is yet to be read.
    const rest_reply called =
        ask("POST", campaign() + "/call-now", R"({"number":")" + sql::test::number_of(12'500).text() + "\"}");
    EXPECT_EQ(called.status, 201) << called.text;
    return true;
  };
  const list_import_result done =
      import_list(what, us_.house.connection(), us_.house.id, us_.house.campaign, house_.time);
  const campaigns::import_progress& at = done.what.progress;
  EXPECT_TRUE(at.finished);
  EXPECT_EQ(at.rows, 12'000U);
  EXPECT_EQ(at.accepted, 10'799U);
  EXPECT_EQ(at.duplicate, 1U);
  std::ifstream verdicts{done.verdicts};
  const std::string told{std::istreambuf_iterator<char>{verdicts}, {}};
  EXPECT_EQ(std::ranges::count(told, '\n'), 1 + 12'000) << "one of each row, though some were judged twice";
  EXPECT_THAT(told, HasSubstr(",duplicate,'" + sql::test::number_of(12'500).text() + ",of a contact that came in no"));
}

TEST_F(RestResources, Imports_ShowHowFarTheyAre) {
  EXPECT_EQ(ask("GET", campaign() + "/imports").body.at("data").as_array().size(), 1U) << "the house's own";
  {
    sql::contact_store half{us_.house.connection(), us_.house.id, us_.house.campaign, "half of a list"};
    campaigns::import_progress progress;
    progress.byte_offset = progress.rows = progress.rejected = 7;
    half.commit({}, progress);
  }
  const rest_reply under_way = ask("GET", campaign() + "/imports");
  EXPECT_EQ(json::serialize(under_way.body.at("data").at(0)),
            R"({"campaign_id":")" + id("campaign_id") +
                R"(","source":"half of a list","rows":7,"accepted":0,"duplicate":0,"rejected":7,"finished":false})");
  EXPECT_EQ(ask("GET", "/v1/campaigns/" + house_.second.ids.at("campaign_id") + "/imports").status, 404);
}

TEST_F(RestResources, UploadInManyPieces_IsTheSameList) {
  const rest_reply done = ask("POST", campaign() + "/contacts", long_list(12'000));
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(done.body.at("rows").to_number<int>(), 12'000) << done.text;
  EXPECT_EQ(done.body.at("accepted").to_number<int>() + done.body.at("duplicate").to_number<int>() +
                done.body.at("rejected").to_number<int>(),
            12'000);
  EXPECT_GT(done.body.at("accepted").to_number<int>(), 10'000) << "area codes that cannot exist are few";
}

TEST_F(RestResources, UploadThatBreaksOff_LeavesNothing) {
  {
    loopback_client client{house_.port()};
    const std::string list = long_list(12'000);
    client.send("POST " + campaign() + "/contacts HTTP/1.1\r\nAuthorization: Bearer " + us_.key +
                "\r\nContent-Length: " + std::to_string(list.size()) + "\r\n\r\n" + list.substr(0, list.size() / 2));
  }
  EXPECT_EQ(ask("POST", campaign() + "/contacts", "phone_number\n+12125550173\n").status, 200);
  EXPECT_EQ(us_.house.on.run("SELECT count(*) FROM campaign_import WHERE source LIKE 'sha256:%'").integer(0, 0), 1);
  house_.stop();
  for (const auto& left : std::filesystem::directory_iterator{house_.uploads.path()}) {
    EXPECT_EQ(left.path().extension(), ".csv") << left.path();
  }
}

TEST(ListUploads, WhatAKilledEngineLeft_IsRemovedAndVerdictsAreKept) {
  const scratch directory;
  for (const char* name : {"upload-abc123", "0123.verdicts.csv"}) std::ofstream{directory.path() / name} << "x";
  const list_uploads made{directory.path()};
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "upload-abc123"));
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "0123.verdicts.csv"));
}

TEST_F(RestResources, UploadThatIsNoList_IsRefused) {
  const rest_reply refused = ask("POST", campaign() + "/contacts", "colour,size\nred,1\n");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.code(), "no_list");
  EXPECT_EQ(ask("POST", campaign() + "/contacts?format=xls", "x").body.at("param").as_string(), "format");
  EXPECT_EQ(ask("POST", campaign() + "/contacts?country=ZZ", "x").body.at("param").as_string(), "country");
}

TEST_F(RestResources, UploadWhileAnotherImports_IsAConflict) {
  sql::contact_store other{us_.house.connection(), us_.house.id, us_.house.campaign, "another"};
  const rest_reply refused = ask("POST", campaign() + "/contacts", "phone_number\n+12125550174\n");
  EXPECT_EQ(refused.status, 409) << refused.text;
}

TEST_F(RestResources, Attempt_TellsHowItEnded) {
  const rest_reply one = ask("GET", "/v1/attempts/" + id("attempt_id"));
  EXPECT_EQ(one.body.at("state").as_string(), "ended");
  EXPECT_EQ(one.body.at("disposition").as_string(), "answered");
  EXPECT_EQ(one.body.at("duration_s").to_number<int>(), 17);
  EXPECT_EQ(one.body.at("call_ref").as_string(), "CA1");
  EXPECT_EQ(one.body.at("contact_id").as_string(), id("contact_id"));
  EXPECT_EQ(ask("GET", "/v1/attempts?campaign_id=" + id("campaign_id")).body.at("data").as_array().size(), 1U);
  EXPECT_EQ(
      ask("GET", "/v1/attempts?campaign_id=" + house_.second.ids.at("campaign_id")).body.at("data").as_array().size(),
      0U);
}

TEST_F(RestResources, RevokedKey_IsKeptWithItsEnd) {
  const rest_reply revoked = ask("DELETE", "/v1/keys/" + id("key_id"));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_FALSE(revoked.body.at("revoked_at").is_null());
  EXPECT_EQ(sql::read_keys_versions(us_.house.on).front().version, 3U) << "two were made, one was revoked";
}

}  // namespace
}  // namespace dialer::api
