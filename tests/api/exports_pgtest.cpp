// Lists that are asked for in part, and whole ones as files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <sstream>

#include "api/instants.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::rest_reply;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

class RestExports : public test::rest_fixture {
 protected:
  rest_reply get(const std::string& target) { return house_.ask("GET", target, us_.key); }
  std::string contacts() const { return campaign() + "/contacts"; }
  /// By their `id`, from page to page; `pages` counts them.
  std::vector<std::string> listed(std::string target, int& pages) {
    std::vector<std::string> ids;
    target += target.find('?') == std::string::npos ? "?" : "&";
    std::string cursor;
    for (pages = 0; pages < 1000; ++pages) {
      const rest_reply page = get(target + "limit=100" + cursor);
      EXPECT_EQ(page.status, 200) << page.text;
      if (page.status != 200) break;
      for (const json::value& one : page.body.at("data").as_array()) ids.emplace_back(one.at("id").as_string());
      if (page.body.at("next_cursor").is_null()) return ids;
      cursor = "&cursor=" + std::string(page.body.at("next_cursor").as_string());
    }
    ADD_FAILURE() << target << " has no end";
    return ids;
  }
  std::vector<std::string> listed(const std::string& target) {
    int pages = 0;
    return listed(target, pages);
  }
  std::vector<std::string> exported(const std::string& target) {
    std::vector<std::string> ids;
    const rest_reply file = get(target + (target.find('?') == std::string::npos ? "?" : "&") + "format=ndjson");
    EXPECT_EQ(file.status, 200) << file.text;
    EXPECT_TRUE(file.whole);
    for (const std::string& line : lines_of(file.text)) ids.emplace_back(json::parse(line).at("id").as_string());
    return ids;
  }
  /// An attempt of one of the first contacts, which ended so, or is still open.
  std::string add_attempt(std::chrono::seconds after, std::optional<disposition> how) {
    const utc_time at = sql::test::morning + after;
    const attempt_id id{id_sequence{5}.next(at)};
    us_.house.on.run(
        "INSERT INTO intent VALUES ($1, $2, $3, $4, 2, 12125550102, 12125550199, $5, 0, 1, 5)",
        sql::params{}.uuid(us_.house.id).uuid(us_.house.campaign).uuid(us_.house.integration).int8(id.value).time(at));
    if (how) {
      us_.house.on.run("INSERT INTO outcome VALUES ($1, $2, $3, 0, 13, $4, 0, false, true, '', '', '')",
                       sql::params{}.uuid(us_.house.id).int8(id.value).time(at + 1s).int2(*how));
    }
    return id.text();
  }
  /// A client that has read the head of an export and nothing more.
  struct slow_client {
    loopback_client connection;
    slow_client(std::uint16_t port, const std::string& target, const std::string& key) : connection{port, 64 * 1024} {
      connection.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\n\r\n");
    }
  };
};

TEST_F(RestExports, Contacts_ComeWholeInBothFormatsAsTheListTellsThem) {
  us_.house.import(1'000, 1'700, 3);  // several pages, over several lanes
  const rest_reply csv = get(contacts() + "/export");
  EXPECT_EQ(csv.status, 200);
  EXPECT_EQ(csv.header("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(csv.whole);
  const auto lines = lines_of(csv.text);
  ASSERT_EQ(lines.size(), 1 + 3 + 1'700U);
  EXPECT_EQ(lines[0], "id,campaign_id,row,number,name,external_id,stage,attempts,disposition,reason,due_at\r");
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), lines.size());
  EXPECT_EQ(lines[1], us_.ids.at("contact_id") + "," + us_.ids.at("campaign_id") + ",1,'" +
                          sql::test::number_of(1).text() + ",Contact,,done,1,answered,,\r");

  const rest_reply ndjson = get(contacts() + "/export?format=ndjson");
  EXPECT_EQ(ndjson.header("Content-Type"), "application/x-ndjson");
  const auto rows = lines_of(ndjson.text);
  ASSERT_EQ(rows.size(), 3 + 1'700U);
  const json::array first_page = get(contacts() + "?limit=100").body.at("data").as_array();
  for (std::size_t i = 0; i < first_page.size(); ++i) EXPECT_EQ(rows[i], json::serialize(first_page[i]));
  EXPECT_EQ(exported(contacts() + "/export"), listed(contacts()));
}

TEST_F(RestExports, WhatASpreadsheetWouldRun_IsTextToIt) {
  us_.house.on.run(
      "UPDATE contact SET name = '=HYPERLINK(\"http://x\")', external_id = '@a,b' WHERE org_id = $1 AND "
      "contact_id = 2",
      sql::params{}.uuid(us_.house.id));
  EXPECT_THAT(get(contacts() + "/export").text, HasSubstr(",\"'=HYPERLINK(\"\"http://x\"\")\",\"'@a,b\",fresh,"));
  EXPECT_THAT(get(contacts() + "/export?format=ndjson").text, HasSubstr(R"x("name":"=HYPERLINK(\"http://x\")")x"));
}

TEST_F(RestExports, NothingToTell_IsAFileAllTheSame) {
  const rest_reply csv = get("/v1/attempts/export?disposition=busy");
  EXPECT_TRUE(csv.whole);
  EXPECT_EQ(lines_of(csv.text).size(), 1U);
  EXPECT_THAT(csv.text, HasSubstr("id,campaign_id,contact_id,to,from,number,decided_at,state,"));
  const rest_reply ndjson = get("/v1/attempts/export?disposition=busy&format=ndjson");
  EXPECT_TRUE(ndjson.whole);
  EXPECT_EQ(ndjson.text, "");
}

TEST_F(RestExports, WhatIsNoFilter_IsRefusedByName) {
  for (const std::string& list : {contacts(), contacts() + "/export"}) {
    EXPECT_EQ(get(list + "?stage=asleep").body.at("param").as_string(), "stage");
    EXPECT_EQ(get(list + "?disposition=asleep").body.at("param").as_string(), "disposition");
    EXPECT_EQ(get(list + "?number=12").body.at("param").as_string(), "number");
  }
  for (const std::string list : {"/v1/attempts", "/v1/attempts/export"}) {
    EXPECT_EQ(get(list + "?from=yesterday").body.at("param").as_string(), "from");
    EXPECT_EQ(get(list + "?until=2026-11-20T15:00:00+01:00").body.at("param").as_string(), "until");
    EXPECT_EQ(get(list + "?order=up").body.at("param").as_string(), "order");
    EXPECT_EQ(get(list + "?disposition=1").body.at("param").as_string(), "disposition");
    EXPECT_EQ(get(list + "?campaign_id=x").body.at("param").as_string(), "campaign_id");
  }
  EXPECT_EQ(get(contacts() + "/export?format=xls").body.at("param").as_string(), "format");
}

// A page that is being sent needs no transaction, and no page beyond the next is read before it is wanted.
TEST_F(RestExports, OneThatDoesNotRead_HoldsNoTransactionAndIsReadNoFurther) {
  us_.house.import(1'000, 9'000);
  slow_client slow{house_.port(), contacts() + "/export?format=ndjson", us_.key};
  ASSERT_NE(slow.connection.receive_until("\r\n\r\n"), "");
  // Between two pages there is no transaction either: what is asked is whether there is one when all has come to rest.
  const auto at_work = [&] {
    return us_.house.on
        .run(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dialer "
            "api' AND (xact_start IS NOT NULL OR state_change > clock_timestamp() - interval '500 milliseconds')")
        .integer(0, 0);
  };
  const auto end = std::chrono::steady_clock::now() + 10s;
  std::int64_t left = at_work();
  while (left != 0 && std::chrono::steady_clock::now() < end) left = at_work();
  EXPECT_EQ(left, 0);
  us_.house.import(20'000, 1);  // after all others: it was not read ahead
  const std::string rest = slow.connection.receive_chunks();
  EXPECT_TRUE(slow.connection.chunks_ended());
  EXPECT_EQ(lines_of(rest).size(), 3 + 9'000 + 1U);
  EXPECT_THAT(rest, HasSubstr(contact_id{20'000}.text()));
}

TEST_F(RestExports, KeyThatIsRevokedMeanwhile_BreaksItOffVisibly) {
  us_.house.import(1'000, 9'000);
  const std::string key = us_.add_key(house_.keys, 15);
  slow_client slow{house_.port(), contacts() + "/export", key};
  ASSERT_NE(slow.connection.receive_until("\r\n\r\n"), "");
  us_.keys.pop_back();
  house_.keys.replace(us_.house.id, us_.keys);
  const std::string rest = slow.connection.receive_chunks();
  EXPECT_FALSE(slow.connection.chunks_ended()) << "a file that is not whole must not look so";
  EXPECT_LT(lines_of(rest).size(), 9'000U);
}

TEST_F(RestExports, MoreThanAFewAtATime_AreAskedToComeBack) {
  us_.house.import(1'000, 9'000);
  std::vector<std::unique_ptr<slow_client>> under_way;
  for (int i = 0; i < 2; ++i) {
    under_way.push_back(std::make_unique<slow_client>(house_.port(), contacts() + "/export", us_.key));
    ASSERT_THAT(under_way.back()->connection.receive_until("\r\n\r\n"), HasSubstr("200 OK"));
  }
  const rest_reply refused = get(contacts() + "/export");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "overloaded");
  EXPECT_EQ(house_.ask("GET", "/v1/attempts/export", house_.second.key).status, 200) << "others have places of theirs";
  under_way.pop_back();
  const auto end = std::chrono::steady_clock::now() + 10s;
  rest_reply later = refused;
  while (later.status == 503 && std::chrono::steady_clock::now() < end) later = get("/v1/attempts/export");
  EXPECT_EQ(later.status, 200) << "its place was given back";
}

// ---- filters and order

TEST_F(RestExports, ContactsOfAStageOrAnEnd_AreFoundWhereverTheyStand) {
  us_.house.import(1'000, 4'100);
  const auto key = [&] { return sql::params{}.uuid(us_.house.id).uuid(us_.house.campaign); };
  us_.house.on.run("UPDATE lane SET through = 5097 WHERE org_id = $1 AND campaign_id = $2", key());
  us_.house.on.run(
      "INSERT INTO contact_end SELECT org_id, campaign_id, contact_id, lane, $3, now() FROM contact WHERE "
      "org_id = $1 AND campaign_id = $2 AND contact_id BETWEEN 2 AND 5095",
      key().int2(reason::opted_out));
  us_.house.on.run(
      "INSERT INTO contact_wait (org_id, campaign_id, lane, due_at, contact_id, number, last_caller_id, "
      "attempts, why) SELECT org_id, campaign_id, lane, now(), contact_id, number, 0, 0, $3 FROM contact "
      "WHERE org_id = $1 AND campaign_id = $2 AND contact_id BETWEEN 5096 AND 5097",
      key().int2(reason::attempt_cap_24h));
  const auto ids = [](std::initializer_list<std::uint64_t> numbers) {
    std::vector<std::string> all;
    for (const std::uint64_t each : numbers) all.push_back(contact_id{each}.text());
    return all;
  };
  int pages = 0;
  EXPECT_EQ(listed(contacts() + "?stage=waiting", pages), ids({5096, 5097}));
  EXPECT_LT(pages, 4) << "thousands are passed over in a page";
  EXPECT_EQ(listed(contacts() + "?stage=fresh"), ids({5098, 5099}));
  EXPECT_EQ(listed(contacts() + "?stage=open"), ids({}));
  EXPECT_EQ(listed(contacts() + "?stage=done").size(), 1 + 2 + 4'096U);
  EXPECT_EQ(listed(contacts() + "?disposition=answered"), ids({1}));
  EXPECT_EQ(listed(contacts() + "?disposition=busy"), ids({}));
  EXPECT_EQ(listed(contacts() + "?stage=waiting&disposition=answered"), ids({}));
  EXPECT_EQ(listed(contacts() + "?number=" + sql::test::number_of(5'098).text()), ids({5098}));
  EXPECT_EQ(listed(contacts() + "?stage=done&number=" + sql::test::number_of(5'098).text()), ids({}));
  for (const std::string filter : {"stage=waiting", "stage=fresh", "stage=done", "disposition=answered"}) {
    EXPECT_EQ(exported(contacts() + "/export?" + filter), listed(contacts() + "?" + filter)) << filter;
  }
}

TEST_F(RestExports, Attempts_AreFoundByEndAndTimeInEitherOrder) {
  const std::string first = us_.ids.at("attempt_id");
  const std::string busy = add_attempt(60s, disposition::busy);
  const std::string open = add_attempt(120s, {});
  const std::string late = add_attempt(std::chrono::hours{30}, disposition::busy);
  EXPECT_THAT(listed("/v1/attempts"), ElementsAre(late, open, busy, first));
  EXPECT_THAT(listed("/v1/attempts?order=desc"), ElementsAre(late, open, busy, first));
  EXPECT_THAT(listed("/v1/attempts?order=asc"), ElementsAre(first, busy, open, late));
  EXPECT_THAT(listed("/v1/attempts?disposition=busy"), ElementsAre(late, busy));
  EXPECT_THAT(listed("/v1/attempts?disposition=answered"), ElementsAre(first));
  const auto at = [](std::chrono::seconds after) { return to_text(sql::test::morning + after); };
  EXPECT_THAT(listed("/v1/attempts?from=" + at(60s)), ElementsAre(late, open, busy)) << "from is in it";
  EXPECT_THAT(listed("/v1/attempts?until=" + at(60s)), ElementsAre(first)) << "until is not";
  EXPECT_THAT(listed("/v1/attempts?from=" + at(60s) + "&until=" + at(121s) + "&order=asc"), ElementsAre(busy, open));
  EXPECT_THAT(listed("/v1/attempts?order=asc&campaign_id=" + us_.ids.at("campaign_id") + "&disposition=busy"),
              ElementsAre(busy, late));
  EXPECT_TRUE(listed("/v1/attempts?campaign_id=" + house_.second.ids.at("campaign_id")).empty());
  for (const std::string& filter : {std::string("order=asc"), std::string("disposition=busy"), "until=" + at(61s)}) {
    EXPECT_EQ(exported("/v1/attempts/export?" + filter), listed("/v1/attempts?" + filter)) << filter;
  }
}

TEST_F(RestExports, AttemptsMadeMeanwhile_NeitherRepeatNorHideARow) {
  std::vector<std::string> made{us_.ids.at("attempt_id")};
  for (int i = 1; i <= 3; ++i) made.push_back(add_attempt(std::chrono::seconds{i}, disposition::busy));
  const auto page = [&](const std::string& query) { return get("/v1/attempts?limit=2&" + query).body; };
  const auto shown = [](const json::object& body) {
    std::vector<std::string> ids;
    for (const json::value& one : body.at("data").as_array()) ids.emplace_back(one.at("id").as_string());
    return ids;
  };
  const json::object newest = page("order=desc");
  const json::object oldest = page("order=asc");
  made.push_back(add_attempt(100s, disposition::busy));
  const auto after = [](const json::object& body) {
    return "&cursor=" + std::string(body.at("next_cursor").as_string());
  };
  EXPECT_THAT(shown(newest), ElementsAre(made[3], made[2]));
  EXPECT_THAT(shown(page("order=desc" + after(newest))), ElementsAre(made[1], made[0]));
  EXPECT_THAT(shown(oldest), ElementsAre(made[0], made[1]));
  const json::object next = page("order=asc" + after(oldest));
  EXPECT_THAT(shown(next), ElementsAre(made[2], made[3]));
  EXPECT_THAT(shown(page("order=asc" + after(next))), ElementsAre(made[4]));
  EXPECT_EQ(get("/v1/attempts?order=asc" + after(newest)).body.at("param").as_string(), "cursor")
      << "a cursor of the other direction";
}

}  // namespace
}  // namespace dialer::api
