// What Telnyx is asked about numbers, and what its answers say.

#include <stdexcept>

#include "tests/carriers/number_codec_for_test.hpp"

namespace dialer::carriers {
namespace {

// --- requests ---

TEST_F(NumberCodec, TelnyxRequests_AreTheseBytes) {
  const std::string bought =
      request([&](auto& out) { telnyx_->encode_buy(number, "phn_1\"", "https://ignored.example.com", out); });
  const std::string body =
      R"({"phone_numbers":[{"phone_number":"+12125550123"}],"connection_id":"1234567890","customer_reference":"phn_1\""})";
  EXPECT_EQ(bought,
            "POST /v2/number_orders HTTP/1.1\r\nHost: api.telnyx.com\r\nAuthorization: Bearer KEY0123\r\n"
            "Accept: application/json\r\nUser-Agent: dialer\r\nConnection: keep-alive\r\n"
            "Content-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(line_of(request([&](auto& out) { telnyx_->encode_find_purchase(number, "phn 1", out); })),
            "GET /v2/number_orders?page[size]=250&filter[customer_reference]=phn%201");
  EXPECT_EQ(line_of(request([&](auto& out) { telnyx_->encode_held({}, "", out); })),
            "GET /v2/phone_numbers?page[size]=250&page[number]=1");
  EXPECT_EQ(line_of(request([&](auto& out) { telnyx_->encode_held(number, "2", out); })),
            "GET /v2/phone_numbers?page[size]=250&page[number]=2&filter[phone_number]=12125550123");
  const std::string routed = request([&](auto& out) { telnyx_->encode_route("129", "https://x.example.com", out); });
  EXPECT_EQ(line_of(routed), "PATCH /v2/phone_numbers/129");
  EXPECT_EQ(body_of(routed), R"({"connection_id":"1234567890"})");
  EXPECT_EQ(line_of(request([&](auto& out) { telnyx_->encode_release("12/9", out); })),
            "DELETE /v2/phone_numbers/12%2F9");
}

TEST_F(NumberCodec, TelnyxAccountWithoutConnection_DoesEverythingButRouting) {
  account value = telnyx_account();
  value.connection_id.clear();
  const auto codec = make_number_codec(value);
  EXPECT_EQ(body_of(request([&](auto& out) { codec->encode_buy(number, "", "", out); })),
            R"({"phone_numbers":[{"phone_number":"+12125550123"}]})");
  std::string out;
  try {
    codec->encode_route("129", "https://x.example.com", out);
    ADD_FAILURE();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string_view{error.what()}.find("connection_id is empty"), std::string_view::npos);
  }
  EXPECT_TRUE(out.empty());
}

// --- what can be bought ---

TEST_F(NumberCodec, TelnyxOffers_AreReadWithTheirRegion) {
  number_search query;
  query.country = "GB";
  query.area_code = "20";
  query.type = number_type::national;
  request([&](auto& out) { telnyx_->encode_search(query, out); });
  const answer_for_test answer{
      200,
      R"({"data":[{"record_type":"available_phone_number","phone_number":"+442079460123","features":[{"name":"SMS"},)"
      R"({"name":"voice"},{"name":"hd_voice"}],"region_information":[{"region_type":"country_code","region_name":"GB"},)"
      R"({"region_type":"location","region_name":"London"},{"region_type":"rate_center","region_name":"X"}]},)"
      R"({"phone_number":"+447700900123","phone_number_type":"mobile"}],"meta":{"total_results":2}})"};
  const auto page = telnyx_->decode_search(answer);
  ASSERT_TRUE(page.clean) << page.why;
  ASSERT_EQ(page.numbers.size(), 2U);
  EXPECT_EQ(page.numbers.front().capabilities, voice | sms);
  EXPECT_EQ(page.numbers.front().locality, "London");
  EXPECT_EQ(page.numbers.front().country, "GB");
  EXPECT_EQ(page.numbers.front().area_code, "20");
  EXPECT_EQ(page.numbers.front().type, number_type::national);
  EXPECT_EQ(page.numbers.back().type, number_type::mobile);
}

// --- buying: what each answer leaves open ---

TEST_F(NumberCodec, TelnyxOrder_IsWhatItsStatusSays) {
  for (const auto& [status, outcome] :
       {std::pair{"pending", number_outcome::pending}, std::pair{"success", number_outcome::done},
        std::pair{"failure", number_outcome::refused}, std::pair{"on-the-moon", number_outcome::unknown}}) {
    const number_answer got = buy(*telnyx_, 200, R"({"data":)" + order(status) + "}");
    EXPECT_EQ(got.outcome, outcome) << status;
    EXPECT_EQ(got.carrier_order, order_id);
    EXPECT_EQ(got.why.empty(), outcome == number_outcome::done);
  }
}

// --- what became of a purchase ---

TEST_F(NumberCodec, TelnyxFindPurchase_IsTheFurthestOrderForThatNumber) {
  const auto orders = [](const std::string& rows, int pages = 1) {
    return R"({"data":[)" + rows + R"(],"meta":{"page_number":1,"total_pages":)" + std::to_string(pages) + "}}";
  };
  EXPECT_EQ(find(*telnyx_, 200, orders("")).outcome, number_outcome::refused);
  EXPECT_EQ(find(*telnyx_, 200, orders("")).why, "there is no order for +12125550123");
  EXPECT_EQ(find(*telnyx_, 200, orders("", 2)).outcome, number_outcome::unknown);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("failure"), 2)).outcome, number_outcome::unknown);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("success"), 2)).outcome, number_outcome::done);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("failure"))).outcome, number_outcome::refused);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("failure"))).carrier_order, order_id);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("failure") + "," + order("pending"))).outcome, number_outcome::pending);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("pending") + "," + order("failure"))).outcome, number_outcome::pending);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("pending") + "," + order("success"))).outcome, number_outcome::done);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("moon") + "," + order("failure"))).outcome, number_outcome::unknown);
  EXPECT_EQ(find(*telnyx_, 200, orders(order("success", "+12125550199"))).outcome, number_outcome::refused);
  EXPECT_EQ(find(*telnyx_, 200, orders(R"({"id":"1","status":"success"})")).outcome, number_outcome::done);
  EXPECT_EQ(find(*telnyx_, 200, orders(R"({"status":"success"})")).outcome, number_outcome::unknown);
  EXPECT_EQ(find(*telnyx_, 401, R"({"errors":[{"code":"10009","title":"Authentication failed"}]})").outcome,
            number_outcome::unknown);
}

// --- what the account holds ---

TEST_F(NumberCodec, TelnyxHeld_LeavesOutWhatIsHeldNoMore) {
  const auto row = [](int id, std::string_view status, std::string_view more = "") {
    return R"({"id":")" + std::to_string(id) + R"(","phone_number":"+1212555010)" + std::to_string(id) +
           R"(","country_iso_alpha2":"US","phone_number_type":"longcode","status":")" + std::string{status} + "\"" +
           std::string{more} + "}";
  };
  const answer_for_test answer{
      200, R"({"data":[)" +
               row(1, "active", R"(,"connection_id":"77","customer_reference":"Desk","messaging_profile_id":"m")") +
               "," + row(2, "deleted") + "," + row(3, "ported_out") + "," + row(4, "purchase-failed") + "," +
               row(5, "requirement-info-pending", R"(,"connection_id":null)") + "," + row(6, "port-out-pending") +
               R"(],"meta":{"page_number":2,"total_pages":3,"total_results":600,"page_size":250}})"};
  const auto page = telnyx_->decode_held(answer);
  ASSERT_TRUE(page.clean) << page.why;
  ASSERT_EQ(page.numbers.size(), 3U);
  EXPECT_EQ(page.numbers[0].carrier_ref, "1");
  EXPECT_EQ(page.numbers[0].friendly_name, "Desk");
  EXPECT_EQ(page.numbers[0].country, "US");
  EXPECT_EQ(page.numbers[0].capabilities, voice | sms);
  EXPECT_EQ(page.numbers[0].voice_webhook, "77");
  EXPECT_EQ(page.numbers[0].type, number_type::local);
  EXPECT_TRUE(page.numbers[0].active);
  EXPECT_EQ(page.numbers[1].number.text(), "+12125550105");
  EXPECT_FALSE(page.numbers[1].active);
  EXPECT_EQ(page.numbers[1].capabilities, voice);
  EXPECT_TRUE(page.numbers[2].active);
  EXPECT_EQ(page.next, "3");
}

TEST_F(NumberCodec, TelnyxLastPage_HasNoNext) {
  const answer_for_test answer{200, R"({"data":[],"meta":{"page_number":3,"total_pages":3}})"};
  const auto page = telnyx_->decode_held(answer);
  EXPECT_TRUE(page.clean);
  EXPECT_TRUE(page.next.empty());
}

}  // namespace
}  // namespace dialer::carriers
