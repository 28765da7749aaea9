// Lists that come over REST: what becomes of each row, and of those that break off or find no room.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/gzip.hpp"
#include "api/list_import.hpp"
#include "sql/contact_store.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;
using testing::HasSubstr;

using Uploads = test::rest_fixture;

/// A list of `rows` different numbers, longer than several pieces of a body.
std::string long_list(std::uint64_t rows) {
  std::string list = "phone_number,name\n";
  for (std::uint64_t i = 0; i < rows; ++i) list += sql::test::number_of(1'000 + i).text() + ",Some name\n";
  return list;
}

TEST_F(Uploads, Upload_AccountsForEveryRowOnce) {
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

TEST_F(Uploads, PackedUpload_IsTheSameList) {
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

TEST_F(Uploads, ListThatWouldFillTheDisk_IsRefused) {
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

TEST_F(Uploads, DryRun_SaysWhatWouldBecomeOfEachRowAndStoresNothing) {
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
TEST_F(Uploads, DryRunOfALongList_KnowsItsOwnDuplicates) {
  const std::string list = long_list(12'000);
  const std::string twice = list + list.substr(list.find('\n') + 1);
  const rest_reply tried = ask("POST", campaign() + "/contacts?dry_run=true", twice);
  ASSERT_EQ(tried.status, 200) << tried.text;
  rest_reply done = ask("POST", campaign() + "/contacts", twice);
  done.body["dry_run"] = true;
  EXPECT_EQ(done.body, tried.body);
  EXPECT_EQ(done.body.at("duplicate"), done.body.at("accepted"));
}

TEST_F(Uploads, CallNowOfANumberOfTheListBeingImported_IsADuplicateInIt) {
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

TEST_F(Uploads, Imports_ShowHowFarTheyAre) {
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

TEST_F(Uploads, UploadInManyPieces_IsTheSameList) {
  const rest_reply done = ask("POST", campaign() + "/contacts", long_list(12'000));
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(done.body.at("rows").to_number<int>(), 12'000) << done.text;
  EXPECT_EQ(done.body.at("accepted").to_number<int>() + done.body.at("duplicate").to_number<int>() +
                done.body.at("rejected").to_number<int>(),
            12'000);
  EXPECT_GT(done.body.at("accepted").to_number<int>(), 10'000) << "area codes that cannot exist are few";
}

TEST_F(Uploads, UploadThatBreaksOff_LeavesNothing) {
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

TEST_F(Uploads, UploadThatIsNoList_IsRefused) {
  const rest_reply refused = ask("POST", campaign() + "/contacts", "colour,size\nred,1\n");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.code(), "no_list");
  EXPECT_EQ(ask("POST", campaign() + "/contacts?format=xls", "x").body.at("param").as_string(), "format");
  EXPECT_EQ(ask("POST", campaign() + "/contacts?country=ZZ", "x").body.at("param").as_string(), "country");
}

TEST_F(Uploads, UploadWhileAnotherImports_IsAConflict) {
  sql::contact_store other{us_.house.connection(), us_.house.id, us_.house.campaign, "another"};
  const rest_reply refused = ask("POST", campaign() + "/contacts", "phone_number\n+12125550174\n");
  EXPECT_EQ(refused.status, 409) << refused.text;
}

}  // namespace
}  // namespace dialer::api
