// Numbers that are given up, until the carrier knows, and no other.
#include "tests/api/number_market_stage.hpp"

namespace dialer::api {
namespace {

TEST_F(NumberMarket, Released_IsGivenUpAtTheCarrierHoweverLong) {
  const rest_reply made = buy(named());
  const std::string path = "/v1/phone-numbers/" + text(made, "id");
  carrier().away = true;
  const rest_reply released = ask("DELETE", path);
  EXPECT_EQ(text(released, "status"), "released") << "shown no more, whoever answers";
  EXPECT_EQ(text(released, "at_carrier"), "release");
  time_passes();
  EXPECT_EQ(carrier().holds.size(), 1U);
  EXPECT_EQ(orders(), 1U);
  carrier().away = false;
  carrier().next = {mishap::answer_lost};
  time_passes();
  EXPECT_EQ(carrier().holds.size(), 0U);
  EXPECT_EQ(orders(), 1U) << "nobody has said so yet";
  time_passes();
  EXPECT_EQ(orders(), 0U);
  EXPECT_TRUE(ask("GET", path).body.at("at_carrier").is_null());
}

TEST_F(NumberMarket, Released_IsNotTheOneThatWasBoughtAnewMeanwhile) {
  const rest_reply first = buy(named());
  us_.house.on.run("UPDATE phone_number SET carrier_ref = '' WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(first, "id")).status, 200);
  carrier().next = {mishap::answer_lost};
  time_passes();
  EXPECT_EQ(carrier().holds.size(), 0U);
  carrier().offers.push_back("+14155550141");
  const rest_reply second = buy(named());
  ASSERT_EQ(second.status, 201) << second.text;
  time_passes();
  EXPECT_EQ(orders(), 0U);
  EXPECT_EQ(carrier().holds.size(), 1U) << "it is paid for";
}

TEST_F(NumberMarket, Released_IsNotAnotherNumberThatTheCarrierListsToo) {
  const std::string other = carrier().hold("+14155550150");
  const rest_reply made = buy(named());
  us_.house.on.run("UPDATE phone_number SET carrier_ref = '' WHERE org_id = $1 AND id = $2",
                   sql::params{}.uuid(us_.house.id).uuid(*phone_number_id::parse(text(made, "id"))));
  carrier().lists_others = true;
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(made, "id")).status, 200);
  time_passes();
  EXPECT_EQ(orders(), 0U);
  ASSERT_EQ(carrier().holds.size(), 1U);
  EXPECT_EQ(carrier().holds.begin()->first, other);
}

}  // namespace
}  // namespace dialer::api
