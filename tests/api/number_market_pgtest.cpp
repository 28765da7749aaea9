// What a carrier offers: searched, picked and bought, or sold to somebody else meanwhile.
#include <boost/json/array.hpp>

#include "tests/api/number_market_stage.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;

TEST_F(NumberMarket, SearchedAndPicked_IsBoughtAndWired) {
  const rest_reply found = ask("GET", "/v1/phone-numbers/search?country=US&area_code=415&limit=10");
  ASSERT_EQ(found.status, 200) << found.text;
  const boost::json::object first = found.body.at("data").at(0).as_object();
  const std::string number{first.at("phone_number").as_string()};
  EXPECT_EQ(first.at("purchase_price").at("amount").as_int64(), price);
  const rest_reply made = buy(R"({
        "phone_number": ")" + number +
                              R"(",
        "friendly_name": "Sales Line",
        "agent_id": ")" + agent() +
                              R"(",
        "inbound_routing": {
          "agent_id": ")" + agent() +
                              R"(",
          "fallback": { "agent_id": ")" +
                              agent() + R"(" },
          "voicemail_message": "Sorry we missed you, please leave a message."
        }
      })");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "phone_number"), number);
  EXPECT_EQ(text(made, "agent_id"), agent());
  EXPECT_EQ(text(made, "status"), "active");
  EXPECT_EQ(text(made, "provider"), "platform");
  EXPECT_EQ(made.body.at("inbound_routing").at("agent_id").as_string(), agent());
  EXPECT_TRUE(made.body.at("at_carrier").is_null());
  EXPECT_EQ(balance(), balance_at_first - price);
  ASSERT_EQ(carrier().holds.size(), 1U);
  EXPECT_EQ(carrier().holds.begin()->second.number, number);
  EXPECT_THAT(carrier().holds.begin()->second.voice_url, HasSubstr("https://dialer.example.com"));
}

TEST_F(NumberMarket, WithoutANumber_OneIsChosen) {
  const rest_reply made = buy(R"({
        "country": "US",
        "area_code": "415",
        "friendly_name": "Sales Line",
        "agent_id": ")" + agent() +
                              R"("
      })");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "phone_number"), "+14155550140");
  EXPECT_EQ(text(made, "status"), "active");
}

TEST_F(NumberMarket, SoldMeanwhile_IsGoneOrTheNextOneIsTaken) {
  carrier().refusal = 21422;
  const rest_reply gone = buy(named());
  EXPECT_EQ(gone.code(), "number_gone") << gone.text;
  EXPECT_THAT(gone.text, HasSubstr("/v1/phone-numbers/search"));
  EXPECT_EQ(buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}").code(), "number_gone");
  EXPECT_EQ(bought(), 1 + 3) << "each that was offered";
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_EQ(buy(named("+14155550199")).code(), "number_gone") << "not offered";
}

TEST_F(NumberMarket, OneOfOurOwn_IsNotTakenFromTheOffersAgain) {
  us_.house.on.run("UPDATE phone_number SET number = 14155550140 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  const rest_reply made = buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "phone_number"), "+14155550141");
}

TEST_F(NumberMarket, OffersThatWereNotAskedFor_AreNotBought) {
  carrier().offers = {"+12125550140", "+18005550141", "+14155550142"};
  const rest_reply made = buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}");
  EXPECT_EQ(text(made, "phone_number"), "+14155550142") << made.text;
  carrier().offers = {"+14155550143"};
  EXPECT_EQ(buy(R"({"area_code":"415","capabilities":["fax"],"agent_id":")" + agent() + "\"}").code(), "number_gone");
  EXPECT_EQ(bought(), 1);
}

TEST_F(NumberMarket, MoreOffersThanWereAskedFor_AreNotAllTried) {
  carrier().offers.clear();
  for (int i = 100; i < 140; ++i) carrier().offers.push_back("+14155550" + std::to_string(i));
  carrier().refusal = 21422;
  EXPECT_EQ(buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}").code(), "number_gone");
  EXPECT_EQ(bought(), 5);
}

TEST_F(NumberMarket, QuestionThatTheCarrierRefuses_IsNotToldAsAnOutage) {
  const auto said = [&](int status, const std::string& body) {
    carrier().stand_in = [=](const std::string&) { return test::fake_carrier::answer(status, body); };
    return ask("GET", "/v1/phone-numbers/search?country=US");
  };
  const rest_reply refused = said(404, R"({"code":20404,"message":"not found","status":404})");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.code(), "carrier_refused");
  EXPECT_THAT(refused.text, HasSubstr("20404"));
  for (const int status : {429, 500, 503}) {
    const rest_reply busy = said(status, R"({"code":20429,"message":"slower","status":429})");
    EXPECT_EQ(busy.status, 503) << busy.text;
    EXPECT_EQ(busy.code(), "carrier_unavailable");
    EXPECT_EQ(busy.header("Retry-After"), "1");
  }
}

}  // namespace
}  // namespace dialer::api
