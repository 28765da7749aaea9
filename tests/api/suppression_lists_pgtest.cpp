// National lists that come over REST: in force as a whole or not at all.

#include "api/suppression_lists.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "compliance/do_not_call_list.hpp"
#include "sql/configuration.hpp"
#include "tests/api/rest_fixture.hpp"
#include "tests/scratch.hpp"

namespace dialer::api {
namespace {

using test::rest_reply;
using testing::HasSubstr;

class SuppressionLists : public test::rest_fixture {
 protected:
  rest_reply put(const std::string& query, const std::string& list, const std::string& headers = "") {
    house_.keys.confirm(house_.time.now().steady);
    return house_.ask("POST", "/v1/suppression-lists" + query, us_.key, list, "Content-Type: text/csv\r\n" + headers);
  }
  std::vector<sql::do_not_call_record> stored() { return sql::read_do_not_call(us_.house.on, us_.house.id); }
  std::size_t files() const {
    const auto directory = house_.uploads.path() / "suppression-lists";
    if (!std::filesystem::exists(directory)) return 0;
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{directory}, std::filesystem::directory_iterator{}));
  }
};

TEST_F(SuppressionLists, AList_IsInForceUnderItsNameInPlaceOfTheOneBefore) {
  const rest_reply first = put("?name=usa&version=v1&as_of=2025-01-02T03:04:05Z", "212,5550161\n415,5550162\n");
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_THAT(first.text, HasSubstr(R"("name":"usa","version":"v1","as_of":"2025-01-02T03:04:05Z","numbers":2)"));
  EXPECT_EQ(stored().size(), 2U) << "beside the list that was there";
  ASSERT_EQ(put("?name=usa&version=v2&as_of=2025-01-03T00:00:00Z", "212,5550163\n").status, 200);
  const auto lists = stored();
  ASSERT_EQ(lists.size(), 2U);
  const auto usa = std::ranges::find(lists, std::string("usa"), &sql::do_not_call_record::name);
  ASSERT_NE(usa, lists.end());
  EXPECT_EQ(usa->numbers, 1U);
  EXPECT_EQ(files(), 1U) << "the one before is gone";
  const auto opened = compliance::do_not_call_list::open(usa->path);
  EXPECT_TRUE(opened->contains(*e164::parse("+12125550163")));
  EXPECT_FALSE(opened->contains(*e164::parse("+12125550161")));
  EXPECT_EQ(opened->version(), "v2");
}

TEST_F(SuppressionLists, AnotherListUnderTheSameKey_IsNotTakenForARepeat) {
  const std::string key = "Idempotency-Key: monthly\r\n";
  ASSERT_EQ(put("?name=usa&as_of=2025-01-02T00:00:00Z", "212,5550161\n", key).status, 200);
  const rest_reply second = put("?name=usa&as_of=2025-01-02T00:00:00Z", "212,5550161\n415,5550162\n", key);
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(second.body.at("numbers").as_int64(), 2);
  EXPECT_EQ(second.header("Idempotency-Replayed"), "");
  const auto lists = stored();
  EXPECT_EQ(std::ranges::find(lists, std::string("usa"), &sql::do_not_call_record::name)->numbers, 2U);
}

TEST_F(SuppressionLists, TextThatIsNoList_ChangesNothing) {
  ASSERT_EQ(put("?name=usa", "212,5550161\n").status, 200);
  const auto before = stored();
  const rest_reply refused = put("?name=usa", "212,5550161\n415;5550162\n");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.code(), "no_list");
  EXPECT_THAT(refused.text, HasSubstr("the list"));
  EXPECT_THAT(refused.text, testing::Not(HasSubstr("upload-"))) << "where it was kept is nobody's business";
  EXPECT_EQ(put("?name=usa", "").status, 422);
  EXPECT_EQ(put("?as_of=2999-01-01T00:00:00Z", "212,5550161\n").status, 422);
  EXPECT_EQ(put("?as_of=yesterday", "212,5550161\n").status, 422);
  EXPECT_EQ(stored(), before);
  EXPECT_EQ(files(), 1U);
}

TEST_F(SuppressionLists, WhileOneIsPutInForce_NoOtherEngineTouchesTheirFiles) {
  const scratch place;
  std::ofstream{place.path() / "text"} << "212,5550161\n";
  const auto is_locked = [&] {
    const int directory = open(place.path().c_str(), O_RDONLY | O_DIRECTORY);
    const bool refused = flock(directory, LOCK_EX | LOCK_NB) != 0;
    close(directory);
    return refused;
  };
  suppression_lists lists{place.path()};
  bool locked = false;
  lists.put(us_.house.id, place.path() / "text", {"usa", "v1", house_.time.now().utc}, us_.house.on,
            [&](const sql::do_not_call_record&) { locked = is_locked(); });
  EXPECT_TRUE(locked);
  EXPECT_FALSE(is_locked());
}

TEST_F(SuppressionLists, OneThatIsRemoved_IsNotThereAnyMore) {
  ASSERT_EQ(put("?name=usa", "212,5550161\n").status, 200);
  EXPECT_EQ(ask("GET", "/v1/suppression-lists/usa").status, 200);
  EXPECT_EQ(ask("DELETE", "/v1/suppression-lists/usa").status, 200);
  EXPECT_EQ(ask("GET", "/v1/suppression-lists/usa").status, 404);
  EXPECT_EQ(stored().size(), 1U);
}

}  // namespace
}  // namespace dialer::api
