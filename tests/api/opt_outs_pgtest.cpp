// Opt-outs over REST.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <future>
#include <thread>

#include "sql/opt_outs.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_reply;

using OptOuts = test::rest_fixture;

TEST_F(OptOuts, OptOut_IsNormalisedStoredAndWithdrawn) {
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

TEST_F(OptOuts, OneBadNumber_ChangesNothingAndIsNamed) {
  const std::uint64_t before = generation();
  const rest_reply refused = ask("POST", "/v1/opt-outs", R"({"numbers":["+12125550134","12","x"]})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body.at("errors").as_array().size(), 2U);
  EXPECT_EQ(refused.body.at("errors").at(0).at("param").as_string(), "numbers[1]");
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(ask("GET", "/v1/opt-outs/+12125550134").status, 404);
  EXPECT_EQ(ask("POST", "/v1/opt-outs", R"({"numbers":["1"],"country":"ZZ"})").body.at("param").as_string(), "country");
}

TEST_F(OptOuts, OptOutWithoutAnEngineThatFollows_IsPendingAndHolds) {
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

}  // namespace
}  // namespace dialer::api
