// Contacts over REST: where they stand, and one to be called now.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json/array.hpp>
#include <set>

#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;
using testing::HasSubstr;

using Contacts = test::rest_fixture;

TEST_F(Contacts, Contacts_ShowWhereTheyStand) {
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

TEST_F(Contacts, ContactsThatComeWhileAListIsRead_RepeatAndHideNone) {
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

TEST_F(Contacts, CallNow_IsInTheUrgentLaneOfItsPlaceOnce) {
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

}  // namespace
}  // namespace dialer::api
