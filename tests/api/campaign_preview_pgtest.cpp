// A preview against what then happens: the change is made, and a real organisation, fed from the same database at the
// same instant, decides every contact that it would decide.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <deque>

#include "api/instants.hpp"
#include "compliance/zone_rules.hpp"
#include "engine/organisation.hpp"
#include "sql/opt_outs.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::rest_reply;

constexpr std::uint64_t first_contact = 1'000;
constexpr std::uint64_t contacts = 300;
constexpr std::uint64_t that_waited = 60;  // the first ones: a third of them in each lane

using counts = std::map<std::string, std::uint64_t>;

counts counts_in(const json::value& object) {
  counts all;
  for (const auto& [name, count] : object.as_object()) all[std::string(name)] = count.to_number<std::uint64_t>();
  return all;
}

class CampaignPreview : public testing::Test {
 protected:
  CampaignPreview() {
    house_.engine_follows();
    sql::session& on = us_.house.on;
    const auto key = [&] { return sql::params{}.uuid(us_.house.id).uuid(us_.house.campaign); };
    us_.house.import(first_contact, contacts, 3);  // New York and Chicago are awake, Los Angeles is not
    on.run("DELETE FROM contact WHERE org_id = $1 AND contact_id < 1000", sql::params{}.uuid(us_.house.id));
    on.run("UPDATE phone_number SET calls_per_day_max = 0, calls_per_hour_max = 0 WHERE org_id IS NOT NULL");
    on.run("UPDATE integration SET calls_per_second = 500 WHERE org_id IS NOT NULL");
    on.run("UPDATE lane SET through = $3 WHERE org_id = $1 AND campaign_id = $2",
           key().int8(first_contact + that_waited - 1));
    // One, two or three attempts behind them; every other one is due.
    on.run(
        "INSERT INTO contact_wait (org_id, campaign_id, lane, due_at, contact_id, number, last_caller_id, attempts, "
        "why) SELECT org_id, campaign_id, lane, $3::timestamptz + make_interval(mins => CASE contact_id % 2 WHEN 0 "
        "THEN -10 ELSE 120 END), contact_id, number, 12125550199, (1 + contact_id / 3 % 3)::int, $4 FROM contact "
        "WHERE org_id = $1 AND campaign_id = $2 AND contact_id < $5",
        key().time(now_.utc).int2(reason::retry_delay).int8(first_contact + that_waited));
    call_from_elsewhere();
    (void)sql::add_opt_outs(on, us_.house.id, std::vector<e164>{number(1'200), number(1'201), number(1'202)}, "test");
  }

  static e164 number(std::uint64_t contact) { return sql::test::number_of(contact); }

  // Another campaign has called some of the numbers from 1200 on, of New York's area code; those of 1100 have none:
  // today, this week, before that, and one at this moment.
  void call_from_elsewhere() {
    std::uint64_t attempt = 10;
    const auto call = [&](std::uint64_t contact, std::chrono::microseconds ago, bool over, int kind = 13) {
      const engine::intent made = sql::test::intent_for(us_.house, ++attempt, contact);
      id_sequence ids{3};
      const auto id = attempt_id{ids.next(now_.utc - ago) + attempt};
      us_.house.on.run("INSERT INTO intent VALUES ($1, $2, $3, $4, $5, $6, 12125550199, $7, 0, 1, 5)",
                       sql::params{}
                           .uuid(us_.house.id)
                           .uuid(sql::test::make_test_id())
                           .uuid(us_.house.integration)
                           .int8(id.value)
                           .int8(contact + 100'000)
                           .int8(made.to.digits())
                           .time(now_.utc - ago));
      if (!over) return;
      us_.house.on.run("INSERT INTO outcome VALUES ($1, $2, $3, 17, $4, 4, 0, false, true, '', '', '')",
                       sql::params{}.uuid(us_.house.id).int8(id.value).time(now_.utc - ago + 30s).int2(kind));
    };
    for (std::uint64_t contact = 1'220; contact < 1'250; ++contact) {
      const auto today = contact % 4;
      for (std::uint64_t i = 0; i < today; ++i) call(contact, std::chrono::hours{1 + i}, true);
    }
    for (std::uint64_t contact = 1'250; contact < 1'265; ++contact) {
      for (std::uint64_t i = 0; i < 7; ++i) call(contact, std::chrono::hours{30 + 10 * i}, true);
    }
    for (std::uint64_t contact = 1'265; contact < 1'270; ++contact) {
      for (std::uint64_t i = 0; i < 3; ++i) call(contact, std::chrono::hours{1 + i}, true, 10);  // never sent
    }
    for (std::uint64_t contact = 1'270; contact < 1'276; ++contact) call(contact, 5s, false);
  }

  rest_reply ask(const std::string& method, const std::string& path, const std::string& body) {
    return house_.ask(method, "/v1/campaigns/" + us_.ids.at("campaign_id") + path, us_.key, body);
  }
  json::object preview(const std::string& body) {
    const rest_reply reply = ask("POST", "/preview", body);
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.body;
  }

  /// What became of the contacts when an engine that had just taken over had decided all it could at that instant.
  struct decided {
    std::uint64_t dialed = 0, still_there = 0;
    counts ended, put_off;
  };
  decided decide() {
    sql::ledger_options options = us_.house.for_ledger();
    options.load_rules = [](const auto&) {
      compliance::rules_snapshot rules;
      rules.zones = compliance::load_system_zone_rules();
      return rules;
    };
    sql::postgres_ledger ledger{options};
    engine::organisation machine{{}, ledger.take_over(us_.house.id, 1, now_.utc), now_};
    decided all;
    std::deque<engine::event> next;
    for (int turn = 0; turn < 8; ++turn) {
      now_.steady += 1s;  // the wall clock stands still: it is one instant that is judged
      next.emplace_back(engine::tick{});
      while (!next.empty()) {
        engine::effects out;
        machine.step(std::move(next.front()), now_, out);
        next.pop_front();
        machine.step(engine::tick{}, now_, out);
        for (const auto& batch : out.decisions) {
          all.dialed += batch.intents.size();
          next.emplace_back(engine::decisions_committed{batch.number, ledger.commit(batch)});
        }
        for (const auto& batch : out.outcomes) {
          next.emplace_back(engine::outcomes_committed{batch.number, ledger.commit(batch)});
        }
        for (const auto& request : out.loads) next.emplace_back(engine::contacts_loaded{true, ledger.load(request)});
        for (const auto& call : out.sends) next.emplace_back(engine::sends_taken{call.integration, 1});
      }
    }
    const auto key = sql::params{}.uuid(us_.house.id).uuid(us_.house.campaign);
    us_.house.on.for_each_row("SELECT why, count(*) FROM contact_end WHERE org_id = $1 AND campaign_id = $2 GROUP BY 1",
                              key, [&](const sql::result& row) {
                                all.ended[std::string(to_string(row.enumerator<reason>(0, 0)))] = row.number(0, 1);
                              });
    us_.house.on.for_each_row(
        "SELECT why, count(*) FROM contact_wait WHERE org_id = $1 AND campaign_id = $2 AND due_at > $3 GROUP BY 1",
        sql::params{key}.time(now_.utc), [&](const sql::result& row) {
          all.put_off[std::string(to_string(row.enumerator<reason>(0, 0)))] = row.number(0, 1);
        });
    all.still_there = us_.house.on
                          .run(
                              "SELECT (SELECT count(*) FROM contact c JOIN lane l ON l.org_id = c.org_id AND "
                              "l.campaign_id = c.campaign_id AND l.lane = c.lane AND c.contact_id > l.through "
                              "WHERE c.org_id = $1 AND c.campaign_id = $2) + (SELECT count(*) FROM contact_wait "
                              "WHERE org_id = $1 AND campaign_id = $2 AND due_at <= $3)",
                              sql::params{key}.time(now_.utc))
                          .number(0, 0);
    return all;
  }

  test::rest_house house_;
  test::tenant& us_ = house_.first;
  instant now_ = house_.time.now();
};

struct edit {
  const char* name;
  const char* body;
};
std::ostream& operator<<(std::ostream& out, const edit& one) {
  return out << one.name;
}

class CampaignPreviewOf : public CampaignPreview, public testing::WithParamInterface<edit> {};

INSTANTIATE_TEST_SUITE_P(
    Each, CampaignPreviewOf,
    testing::Values(edit{"nothing", R"({})"}, edit{"a_cap_of_a_day", R"({"settings":{"attempts_per_number_24h":1}})"},
                    edit{"wider_caps", R"({"settings":{"attempts_per_number_24h":9,"attempts_per_number_7d":9}})"},
                    edit{"a_cap_of_the_contact", R"({"settings":{"attempts_per_contact_max":2}})"},
                    edit{"hours_that_close", R"({"settings":{"window":{"monday":"10:00-24:00"}}})"},
                    edit{"a_closed_day", R"({"settings":{"window":{"monday":"closed"}}})"},
                    edit{"another_country", R"({"settings":{"default_country":"GB"}})"},
                    edit{"pace", R"({"settings":{"weight":5,"concurrent_calls_max":1000}})"}),
    [](const testing::TestParamInfo<edit>& one) { return one.param.name; });

TEST_P(CampaignPreviewOf, CountsWhatThenHappens) {
  const json::object told = preview(GetParam().body);
  EXPECT_EQ(told.at("contacts").to_number<std::uint64_t>(), contacts);
  EXPECT_EQ(told.at("judged_at").as_string(), to_text(now_.utc));
  ASSERT_EQ(ask("PATCH", "", GetParam().body).status, 200);

  const json::object again = preview("{}");
  EXPECT_EQ(json::serialize(again.at("before")), json::serialize(told.at("after"))) << "by the same judge";
  EXPECT_TRUE(again.at("changes").as_array().empty());

  const decided happened = decide();
  const json::object& after = told.at("after").as_object();
  EXPECT_EQ(after.at("eligible").to_number<std::uint64_t>(), happened.dialed);
  EXPECT_EQ(counts_in(after.at("ending")), happened.ended);
  counts waiting = counts_in(after.at("waiting"));
  EXPECT_EQ(waiting["window_closed"] + waiting["window_never_opens"], happened.still_there);
  waiting.erase("window_closed");
  waiting.erase("window_never_opens");
  EXPECT_EQ(waiting, happened.put_off);
}

TEST_P(CampaignPreviewOf, ChangesAreTheDifference) {
  const json::object told = preview(GetParam().body);
  std::map<std::pair<std::string, std::string>, std::int64_t> moved;
  for (const json::value& each : told.at("changes").as_array()) {
    const auto place = [&](const char* kind, const char* why) {
      const json::value& reason = each.at(why);
      return std::pair{std::string(each.at(kind).as_string()),
                       reason.is_null() ? std::string() : std::string(reason.as_string())};
    };
    const auto count = each.at("contacts").to_number<std::int64_t>();
    moved[place("from", "from_reason")] -= count;
    moved[place("to", "to_reason")] += count;
  }
  const auto all_of = [](const json::value& told_of) {
    std::map<std::pair<std::string, std::string>, std::int64_t> all;
    all[{"eligible", ""}] = told_of.at("eligible").to_number<std::int64_t>();
    for (const char* kind : {"waiting", "ending"}) {
      for (const auto& [why, n] : told_of.at(kind).as_object())
        all[{kind, std::string(why)}] = n.to_number<std::int64_t>();
    }
    return all;
  };
  auto expected = all_of(told.at("before"));
  for (const auto& [place, count] : moved) expected[place] += count;
  std::erase_if(expected, [](const auto& each) { return each.second == 0 && each.first.first != "eligible"; });
  EXPECT_EQ(expected, all_of(told.at("after")));
}

TEST_F(CampaignPreview, TellsWhoWaitsWhyAndWhoIsEndedAndWhatIsLeft) {
  const json::object told = preview(R"({"settings":{"attempts_per_contact_max":2,"attempts_per_number_24h":1}})");
  const json::object& before = told.at("before").as_object();
  const json::object& after = told.at("after").as_object();
  SCOPED_TRACE(json::serialize(told));
  counts was = counts_in(before.at("waiting"));
  EXPECT_EQ(was["retry_delay"], that_waited / 2);
  EXPECT_GT(was["window_closed"], 0U) << "Los Angeles sleeps";
  EXPECT_GT(was["attempt_cap_24h"], 0U);
  EXPECT_GT(was["attempt_cap_7d"], 0U);
  EXPECT_EQ(was["number_in_flight"], 4U) << "and two more in Los Angeles";
  EXPECT_EQ(counts_in(before.at("ending"))["opted_out"], 2U + 1U)
      << "the house's own with them, one in Los Angeles not";
  EXPECT_GT(counts_in(after.at("waiting"))["attempt_cap_24h"], was["attempt_cap_24h"]);
  EXPECT_GT(counts_in(after.at("ending"))["attempts_exhausted"], 0U);
  EXPECT_EQ(before.at("ends_when_due").to_number<int>(), 0);
  EXPECT_GT(after.at("ends_when_due").to_number<int>(), 0);
  EXPECT_LT(after.at("attempts_left_max").to_number<int>(), before.at("attempts_left_max").to_number<int>());
  EXPECT_TRUE(before.at("held").is_null());
}

TEST_F(CampaignPreview, OfRetryRules_TellsHowManyAttemptsAreLeft) {
  const json::object told = preview(R"({"settings":{"retry":{"busy":{"attempts_max":1},"no_answer":{"attempts_max":1},
                                        "failed":{"attempts_max":1}}}})");
  const json::object& after = told.at("after").as_object();
  std::uint64_t with_a_turn = after.at("eligible").to_number<std::uint64_t>();
  for (const auto& [why, n] : counts_in(after.at("waiting"))) with_a_turn += n;
  EXPECT_EQ(after.at("attempts_left_max").to_number<std::uint64_t>(), with_a_turn) << "one each";
  EXPECT_GT(told.at("before").at("attempts_left_max").to_number<std::uint64_t>(), 2 * with_a_turn);
}

TEST_F(CampaignPreview, OfAnAgentThatMayNotCall_SaysThatNothingIsCalled) {
  const rest_reply agent = house_.ask("POST", "/v1/agents", us_.key,
                                      R"({"workspace_id":")" + us_.ids.at("workspace_id") +
                                          R"(","name":"Bea","answer_url":"https://a.example","published":true})");
  ASSERT_EQ(agent.status, 201) << agent.text;
  const std::string body = R"({"agent_id":")" + std::string(agent.body.at("id").as_string()) + "\"}";
  EXPECT_EQ(preview(body).at("after").at("held").as_string(), "no_caller_id");
  EXPECT_EQ(ask("PATCH", "", body).status, 200);
  EXPECT_EQ(decide().dialed, 0U);
  (void)ask("POST", "/pause", "");
  EXPECT_EQ(preview("{}").at("before").at("held").as_string(), "campaign_not_running");
}

// S9: a draft agent never dials.
TEST_F(CampaignPreview, OfADraftAgent_SaysThatNothingIsCalled) {
  EXPECT_TRUE(preview("{}").at("before").at("held").is_null());
  const std::string agent = "/v1/agents/" + us_.ids.at("agent_id");
  EXPECT_EQ(house_.ask("PATCH", agent, us_.key, R"({"published":false})").status, 200);
  EXPECT_EQ(preview("{}").at("before").at("held").as_string(), "agent_not_published");
  EXPECT_EQ(decide().dialed, 0U);
}

// S8: what a country demands of numbers is data; one that falls short is not shown.
TEST_F(CampaignPreview, OfNumbersThatFallShort_SaysThatNothingIsCalled) {
  const auto demand = [&](const char* country, int type, int what) {
    us_.house.on.run("DELETE FROM number_restriction WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
    us_.house.on.run("INSERT INTO number_restriction (org_id, country, type, demand) VALUES ($1, $2, $3, $4)",
                     sql::params{}.uuid(us_.house.id).text(country).int2(type).int2(what));
    return preview("{}").at("before").at("held");
  };
  constexpr int any_type = -1;
  constexpr int local = 0;
  constexpr int toll_free = 3;
  constexpr int registration = 1;
  EXPECT_TRUE(demand("GB", any_type, registration).is_null()) << "another country's";
  EXPECT_TRUE(demand("US", toll_free, registration).is_null()) << "another kind of number";
  EXPECT_EQ(demand("US", local, registration), "no_caller_id");
  EXPECT_EQ(decide().dialed, 0U);
  us_.house.on.run("UPDATE phone_number SET registered = true WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  EXPECT_TRUE(demand("US", local, registration).is_null()) << "it is registered now";
}

TEST_F(CampaignPreview, OfACampaignThatEnded_IsRefused) {
  ASSERT_EQ(ask("POST", "/stop", "").status, 200);
  const rest_reply refused = ask("POST", "/preview", "{}");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.code(), "conflict");
}

TEST_F(CampaignPreview, ChangesNothingAndLeavesNoTrace) {
  const auto all = [&] {
    return std::string{us_.house.on
                           .run("SELECT (SELECT string_agg(c::text, ';') FROM campaign c WHERE org_id = $1) || (SELECT "
                                "generation::text "
                                "FROM org_owner WHERE org_id = $1) || (SELECT count(*)::text FROM audit_log WHERE "
                                "org_id = $1) || (SELECT "
                                "count(*)::text FROM campaign_version WHERE org_id = $1)",
                                sql::params{}.uuid(us_.house.id))
                           .text(0, 0)};
  };
  const std::string before = all();
  (void)preview(R"({"settings":{"weight":9,"attempts_per_contact_max":1}})");
  EXPECT_EQ(all(), before);
  EXPECT_EQ(ask("POST", "/preview", R"({"settings":{"window":{"friday":"21:00-08:00"}}})").status, 422);
  const rest_reply other = ask("POST", "/preview", R"({"if_version":7})");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "version_conflict");
}

}  // namespace
}  // namespace dialer::api
