// What an account holds already: listed and taken over, but not from the platform's account.
#include <boost/json/array.hpp>

#include "tests/api/number_market_stage.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;

TEST_F(NumberMarket, Import_ListsWhatTheAccountHoldsAndTakesWhatIsChosen) {
  us_.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL");
  const std::string import = "/v1/integrations/" + id("integration_id") + "/import";
  const auto chosen = [&](const std::string& number) {
    return R"({"phone_numbers":[")" + number + R"("],"agent_id":")" + agent() + '"';
  };
  carrier().hold("+14155550150", "https://old.example.com/voice");
  carrier().hold("+14155550151");
  const rest_reply listed = ask("POST", import, "{}");
  ASSERT_EQ(listed.status, 200) << listed.text;
  ASSERT_EQ(listed.body.at("data").as_array().size(), 2U);
  EXPECT_EQ(listed.body.at("data").at(0).at("voice_webhook").as_string(), "https://old.example.com/voice");
  EXPECT_TRUE(listed.body.at("data").at(0).at("number_id").is_null());

  const rest_reply taken = ask("POST", import, chosen("+14155550150") + "}");
  EXPECT_EQ(taken.body.at("data").at(0).at("webhook").as_string(), "kept") << taken.text;
  EXPECT_EQ(status_of("+14155550150"), "active");
  EXPECT_EQ(status_of("+14155550151"), "none");
  EXPECT_EQ(carrier().holds.begin()->second.voice_url, "https://old.example.com/voice");

  const std::string replace = chosen("+14155550150") + R"(,"replace_webhook":true)";
  const rest_reply refused = ask("POST", import, replace + "}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "webhook_in_use");
  EXPECT_THAT(refused.text, HasSubstr("https://old.example.com/voice"));
  EXPECT_EQ(carrier().holds.begin()->second.voice_url, "https://old.example.com/voice");
  const rest_reply replaced = ask("POST", import, replace + R"(,"current_webhook":"https://old.example.com/voice"})");
  EXPECT_EQ(replaced.body.at("data").at(0).at("webhook").as_string(), "replaced") << replaced.text;
  EXPECT_THAT(carrier().holds.begin()->second.voice_url, HasSubstr("https://dialer.example.com"));

  EXPECT_EQ(text(ask("POST", import, chosen("+14155550152") + "}"), "param"), "phone_numbers");
  carrier().away = true;
  EXPECT_EQ(ask("POST", import, "{}").code(), "carrier_unavailable");
}

TEST_F(NumberMarket, Import_WarmsUpWhatNobodyUsedSoFar) {
  us_.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL");
  const std::string import = "/v1/integrations/" + id("integration_id") + "/import";
  struct held {
    const char* number;
    const char* voice_url;
    const char* more;
    const char* state;
  };
  for (const held& one :
       {held{"+14155550150", "https://old.example.com/voice", "", "healthy"}, held{"+14155550151", "", "", "fresh"},
        held{"+14155550152", "https://demo.twilio.com/welcome/voice/", "", "fresh"},
        held{"+14155550153", "https://old.example.com/voice", R"(,"in_use":false)", "fresh"},
        held{"+14155550154", "", R"(,"in_use":true)", "healthy"}}) {
    carrier().hold(one.number, one.voice_url);
    const std::string chosen =
        R"({"phone_numbers":[")" + std::string(one.number) + R"("],"agent_id":")" + agent() + '"' + one.more + "}";
    const rest_reply taken = ask("POST", import, chosen);
    ASSERT_EQ(taken.status, 200) << taken.text;
    const auto query = "/v1/phone-numbers?phone_number=" + std::string(one.number);
    const rest_reply found = ask("GET", query);
    EXPECT_EQ(found.body.at("data").at(0).at("health").at("state").as_string(), one.state) << one.number;
    EXPECT_EQ(ask("POST", import, chosen).status, 200);
    EXPECT_EQ(ask("GET", query).text, found.text) << "a second time it is known";
  }
}

TEST_F(NumberMarket, ListWithoutEnd_IsGivenUp) {
  int pages = 0;
  carrier().stand_in = [&](const std::string& request) {
    ++pages;
    const std::string path = request.substr(4, request.find('?') - 4);
    const std::string body =
        R"({"incoming_phone_numbers":[],"next_page_uri":")" + path + "?Page=" + std::to_string(pages) + "\"}";
    return test::fake_carrier::answer(pages > 1'000 ? 500 : 200, body);  // 500 ends the test, too
  };
  const rest_reply listed = ask("POST", "/v1/integrations/" + id("integration_id") + "/import", "{}");
  EXPECT_EQ(listed.code(), "carrier_unavailable") << listed.text;
  EXPECT_LE(pages, 300);
  EXPECT_GT(pages, 100);
}

TEST_F(NumberMarket, PlatformsAccount_HasNoNumbersOfOnesOwn) {
  carrier().hold("+14155550150");
  const rest_reply imported =
      ask("POST", "/v1/integrations/" + id("integration_id") + "/import", R"({"phone_numbers":["+14155550150"]})");
  EXPECT_EQ(imported.status, 409) << imported.text;
  EXPECT_EQ(text(imported, "rule"), "S7");
  const rest_reply registered = ask("POST", "/v1/phone-numbers",
                                    R"({"phone_number":"+14155550150","integration_id":")" + id("integration_id") +
                                        R"(","agent_id":")" + agent() + "\"}");
  EXPECT_EQ(text(registered, "rule"), "S7") << registered.text;
  EXPECT_EQ(status_of("+14155550150"), "none");
}

TEST_F(NumberMarket, PlatformsAccount_IsTheOperatorsToChange) {
  const std::string account = "/v1/integrations/" + id("integration_id");
  const rest_reply revoked = ask("DELETE", account);
  EXPECT_EQ(revoked.status, 409) << revoked.text;
  EXPECT_EQ(text(revoked, "rule"), "S7");
  EXPECT_EQ(text(ask("PATCH", account, R"({"api_key":"0123456789abcdef"})"), "rule"), "S7");
  EXPECT_EQ(buy(named()).status, 201);
}

}  // namespace
}  // namespace dialer::api
