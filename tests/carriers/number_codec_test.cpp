#include "carriers/number_codec.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/carriers/exchange_for_test.hpp"

namespace dialer::carriers {
namespace {

const e164 number = *e164::parse("+12125550123");
constexpr std::string_view sid = "PN0123456789abcdef0123456789abcdef";
const std::string own_number =
    R"({"sid":"PN0123456789abcdef0123456789abcdef","account_sid":"AC0123456789abcdef0123456789abcdef",)"
    R"("phone_number":"+12125550123","friendly_name":"Front desk","type":"local","status":"in-use",)"
    R"("capabilities":{"voice":true,"SMS":true,"Mms":true,"fax":false},"voice_url":"https://old.example.com/v",)"
    R"("voice_application_sid":"","trunk_sid":null})";
constexpr std::string_view order_id = "12ade33a-21c0-473b-b055-b3c836e1c292";

std::string order(std::string_view status, std::string_view for_number = "+12125550123") {
  return R"({"id":")" + std::string{order_id} + R"(","record_type":"number_order","status":")" + std::string{status} +
         R"(","customer_reference":"phn_1","phone_numbers":[{"id":"dc8e4d67","phone_number":")" +
         std::string{for_number} + R"("}]})";
}

http::http_answer no_answer(http::delivery how) {
  http::http_answer answer;
  answer.how = how;
  answer.error = "reset\n";
  return answer;
}

class NumberCodec : public testing::Test {
 protected:
  std::unique_ptr<number_codec> twilio_ = make_number_codec(twilio_account());
  std::unique_ptr<number_codec> telnyx_ = make_number_codec(telnyx_account());

  number_answer buy(number_codec& codec, int status, std::string_view body) {
    const answer_for_test answer{status, body};
    std::string asked;
    codec.encode_buy(number, "phn_1", "", asked);
    return codec.decode_buy(answer);
  }
  number_answer find(number_codec& codec, int status, std::string_view body) {
    const answer_for_test answer{status, body};
    std::string asked;
    codec.encode_find_purchase(number, "phn_1", asked);
    return codec.decode_find_purchase(answer, number);
  }
};

template <class Encode>
std::string request(Encode encode) {
  std::string out;
  encode(out);
  return out;
}

std::string line_of(const std::string& bytes) {
  return bytes.substr(0, bytes.find(" HTTP/1.1\r\n"));
}
std::string body_of(const std::string& bytes) {
  return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

// --- requests ---

TEST_F(NumberCodec, TwilioRequests_AreTheseBytes) {
  const std::string account = "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef";
  const std::string bought =
      request([&](auto& out) { twilio_->encode_buy(number, "phn_1", "https://d.example.com/v?a=1&b=2", out); });
  const std::string body =
      "PhoneNumber=%2B12125550123&VoiceUrl=https%3A%2F%2Fd.example.com%2Fv%3Fa%3D1%26b%3D2&VoiceMethod=POST";
  EXPECT_EQ(bought,
            "POST " + account +
                "/IncomingPhoneNumbers.json HTTP/1.1\r\nHost: api.twilio.com\r\n"
                "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4"
                "OWFiY2RlZg==\r\nAccept: application/json\r\nUser-Agent: dialer\r\nConnection: keep-alive\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(body_of(request([&](auto& out) { twilio_->encode_buy(number, "", "", out); })),
            "PhoneNumber=%2B12125550123");
  EXPECT_EQ(line_of(request([&](auto& out) { twilio_->encode_held({}, "", out); })),
            "GET " + account + "/IncomingPhoneNumbers.json?PageSize=100");
  EXPECT_EQ(line_of(request([&](auto& out) { twilio_->encode_held(number, "", out); })),
            "GET " + account + "/IncomingPhoneNumbers.json?PageSize=100&PhoneNumber=%2B12125550123");
  EXPECT_EQ(line_of(request([&](auto& out) { twilio_->encode_held({}, "/next?Page=1", out); })), "GET /next?Page=1");
  EXPECT_EQ(line_of(request([&](auto& out) { twilio_->encode_find_purchase(number, "phn_1", out); })),
            "GET " + account + "/IncomingPhoneNumbers.json?PageSize=100&PhoneNumber=%2B12125550123");
  const std::string routed = request([&](auto& out) { twilio_->encode_route(sid, "https://d.example.com/v", out); });
  EXPECT_EQ(line_of(routed), "POST " + account + "/IncomingPhoneNumbers/" + std::string{sid} + ".json");
  EXPECT_EQ(body_of(routed),
            "VoiceUrl=https%3A%2F%2Fd.example.com%2Fv&VoiceMethod=POST&VoiceApplicationSid=&TrunkSid=");
  const std::string released = request([&](auto& out) { twilio_->encode_release(sid, out); });
  EXPECT_EQ(line_of(released), "DELETE " + account + "/IncomingPhoneNumbers/" + std::string{sid} + ".json");
  EXPECT_EQ(released.find("Content-Length"), std::string::npos);
}

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

TEST_F(NumberCodec, AccountThatCannotStandInARequest_IsRefusedByName) {
  account twilio = twilio_account();
  twilio.secret = "x\r\nEvil: 1";
  EXPECT_THROW(make_number_codec(twilio), std::invalid_argument);
  account telnyx = telnyx_account();
  telnyx.connection_id = "1 2";
  EXPECT_THROW(make_number_codec(telnyx), std::invalid_argument);
  telnyx = telnyx_account();
  telnyx.secret = "";
  EXPECT_THROW(make_number_codec(telnyx), std::invalid_argument);
}

TEST_F(NumberCodec, Search_AsksInTheCarriersWords) {
  number_search query;
  query.country = "US";
  query.area_code = "212";
  query.contains = "555";
  query.type = number_type::toll_free;
  query.capabilities = voice | sms | mms | fax;
  query.limit = 500;
  EXPECT_EQ(
      line_of(request([&](auto& out) { twilio_->encode_search(query, out); })),
      "GET /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/AvailablePhoneNumbers/US/TollFree.json"
      "?PageSize=100&AreaCode=212&Contains=555&VoiceEnabled=true&SmsEnabled=true&MmsEnabled=true&FaxEnabled=true");
  EXPECT_EQ(line_of(request([&](auto& out) { telnyx_->encode_search(query, out); })),
            "GET /v2/available_phone_numbers?filter[country_code]=US&filter[national_destination_code]=212"
            "&filter[phone_number][contains]=555&filter[phone_number_type]=toll_free&filter[features][]=voice"
            "&filter[features][]=sms&filter[features][]=mms&filter[features][]=fax&filter[limit]=100"
            "&filter[best_effort]=false&filter[exclude_held_numbers]=true");
  query = {};
  query.country = "GB";
  query.area_code = "20";
  query.contains = "7946";
  query.limit = 0;
  EXPECT_EQ(line_of(request([&](auto& out) { twilio_->encode_search(query, out); })),
            "GET /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/AvailablePhoneNumbers/GB/Local.json"
            "?PageSize=1&Contains=207946");
  for (const auto& [type, word] :
       {std::pair{number_type::mobile, "/Mobile.json?"}, std::pair{number_type::national, "/National.json?"}}) {
    query.type = type;
    EXPECT_NE(request([&](auto& out) { twilio_->encode_search(query, out); }).find(word), std::string::npos);
  }
}

// --- answers that are not what was asked for ---

TEST_F(NumberCodec, AnotherNumberThanWasAskedFor_IsNotBought) {
  std::string other = own_number;
  other.replace(other.find("+12125550123"), 12, "+12125550124");
  EXPECT_EQ(buy(*twilio_, 201, other).outcome, number_outcome::unknown);
  EXPECT_EQ(buy(*telnyx_, 200, "{\"data\":" + order("success", "+12125550124") + "}").outcome, number_outcome::unknown);
}

TEST_F(NumberCodec, OrderThatIsFilledInPart_IsAsItsNumberIs) {
  const auto with_row = [](std::string_view whole, std::string_view own) {
    std::string text = order(whole);
    return "{\"data\":" + text.insert(text.rfind("}]"), ",\"status\":\"" + std::string{own} + "\"") + "}";
  };
  EXPECT_EQ(buy(*telnyx_, 200, with_row("success", "failure")).outcome, number_outcome::refused);
  EXPECT_EQ(buy(*telnyx_, 200, with_row("failure", "success")).outcome, number_outcome::done);
  EXPECT_EQ(buy(*telnyx_, 200, with_row("success", "pending")).outcome, number_outcome::pending);
  EXPECT_EQ(buy(*telnyx_, 200, with_row("pending", "cancelled")).outcome, number_outcome::refused);
}

TEST_F(NumberCodec, OrderOfAnotherPurchaseOfTheNumber_IsNotThisOne) {
  std::string out;
  telnyx_->encode_find_purchase(number, "phn_2", out);
  const std::string body = "{\"data\":[" + order("success") + "]}";  // phn_1's
  const answer_for_test answer{200, body};
  EXPECT_EQ(telnyx_->decode_find_purchase(answer, number).outcome, number_outcome::refused);
}

// --- what can be bought ---

TEST_F(NumberCodec, TwilioOffers_AreReadWithCapabilitiesInAnyCase) {
  number_search query;
  query.country = "CA";
  request([&](auto& out) { twilio_->encode_search(query, out); });
  const answer_for_test answer{
      200,
      R"({"available_phone_numbers":[{"phone_number":"+14165550123","iso_country":"CA","locality":"Toronto","region":"ON",)"
      R"("latitude":"43.7","capabilities":{"voice":true,"SMS":true,"MMS":false}},{"phone_number":"*72"},)"
      R"({"phone_number":"+18005550199","capabilities":{}}],"uri":"/x.json"})"};
  const auto page = twilio_->decode_search(answer);
  ASSERT_TRUE(page.clean) << page.why;
  ASSERT_EQ(page.numbers.size(), 2U);
  const offered_number& first = page.numbers.front();
  EXPECT_EQ(first.number.text(), "+14165550123");
  EXPECT_EQ(first.capabilities, voice | sms);
  EXPECT_EQ(first.country, "CA");
  EXPECT_EQ(first.area_code, "416");
  EXPECT_EQ(first.locality, "Toronto");
  EXPECT_EQ(first.state, "ON");
  EXPECT_EQ(first.type, number_type::local);
  EXPECT_EQ(page.numbers.back().type, number_type::toll_free);
  EXPECT_EQ(page.numbers.back().country, "CA");
  EXPECT_EQ(page.numbers.back().capabilities, 0);
  EXPECT_TRUE(page.next.empty());
}

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

TEST_F(NumberCodec, SearchThatWasRefused_SaysWhy) {
  const answer_for_test twilio{400, R"({"code":21451,"message":"Invalid area code","status":400})"};
  const auto first = twilio_->decode_search(twilio);
  EXPECT_FALSE(first.clean);
  EXPECT_EQ(first.why, "21451: Invalid area code");
  const answer_for_test telnyx{422, R"({"errors":[{"code":"10015","title":"Bad","detail":"Unknown country\n"}]})"};
  const auto second = telnyx_->decode_search(telnyx);
  EXPECT_FALSE(second.clean);
  EXPECT_EQ(second.why, "10015: Unknown country\\x0a");
  for (number_codec* codec : {twilio_.get(), telnyx_.get()}) {
    const answer_for_test page{502, "<html>Bad gateway</html>", "text/html"};
    EXPECT_EQ(codec->decode_search(page).why, "HTTP 502: <html>Bad gateway</html>");
    EXPECT_EQ(codec->decode_held(no_answer(http::delivery::not_sent)).why, "reset\\x0a");
    const answer_for_test rows{200, R"({"available_phone_numbers":[1],"data":[1]})"};
    EXPECT_FALSE(codec->decode_search(rows).clean);
    const answer_for_test none{200, "{}"};
    EXPECT_FALSE(codec->decode_search(none).clean);
  }
}

// --- buying: what each answer leaves open ---

TEST_F(NumberCodec, TwilioBought_NamesTheNumber) {
  const number_answer got = buy(*twilio_, 201, own_number);
  EXPECT_EQ(got.outcome, number_outcome::done);
  EXPECT_EQ(got.carrier_ref, sid);
  EXPECT_TRUE(got.why.empty());
}

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

TEST_F(NumberCodec, NumberThatSomebodyElseTook_IsGone) {
  const number_answer twilio = buy(*twilio_, 400, R"({"code":21422,"message":"+12125550123 is not available"})");
  EXPECT_EQ(twilio.outcome, number_outcome::refused);
  EXPECT_TRUE(twilio.gone);
  EXPECT_EQ(twilio.why, "21422: +12125550123 is not available");
  for (const char* code : {"85000", "85001"}) {
    const number_answer telnyx =
        buy(*telnyx_, 422, R"({"errors":[{"code":")" + std::string{code} + R"(","title":"Gone"}]})");
    EXPECT_EQ(telnyx.outcome, number_outcome::refused);
    EXPECT_TRUE(telnyx.gone) << code;
    EXPECT_EQ(telnyx.why, std::string{code} + ": Gone");
  }
}

TEST_F(NumberCodec, OtherRefusals_AreNotGone) {
  for (const int code : {21421, 21452, 21451, 21404, 21615, 21631, 21649, 21650, 21651, 22300, 20003}) {
    const number_answer got =
        buy(*twilio_, 400, R"({"code":)" + std::to_string(code) + R"(,"message":"no","status":400})");
    EXPECT_EQ(got.outcome, number_outcome::refused) << code;
    EXPECT_FALSE(got.gone) << code;
  }
  for (const char* code : {"85004", "85006", "85007", "20100", "10015", "10009"}) {
    const number_answer got = buy(*telnyx_, 422, R"({"errors":[{"code":")" + std::string{code} + R"("}]})");
    EXPECT_EQ(got.outcome, number_outcome::refused) << code;
    EXPECT_FALSE(got.gone) << code;
  }
}

TEST_F(NumberCodec, TooMany_IsThrottled) {
  EXPECT_EQ(buy(*twilio_, 429, R"({"code":20429,"message":"Too Many Requests","status":429})").outcome,
            number_outcome::throttled);
  EXPECT_EQ(buy(*telnyx_, 429, R"({"errors":[{"code":"10011","title":"Too many"}]})").outcome,
            number_outcome::throttled);
}

TEST_F(NumberCodec, WhatNobodyCanTell_IsNeverARefusal) {
  const answer_for_test answers[] = {
      answer_for_test{500, R"({"code":20500,"message":"Internal","status":500})"},
      answer_for_test{503, R"({"errors":[{"code":"10007","title":"Unavailable"}]})"},
      answer_for_test{408, R"({"errors":[{"code":"10008","title":"Timeout"}]})"},
      answer_for_test{409, R"({"errors":[{"code":"10036","title":"In progress"}]})"},
      answer_for_test{409, R"({"errors":[{"code":"99999","title":"Conflict"}]})"},
      answer_for_test{400, "<html>proxy</html>", "text/html"},
      answer_for_test{404, R"({"error":"no carrier's words"})"},
      answer_for_test{429, "slow down", "text/plain"},
      answer_for_test{201, R"({"sid":"PN01"})"},
      answer_for_test{200, R"({"data":{}})"},
      answer_for_test{201, ""},
      answer_for_test{302, "{}"},
  };
  for (number_codec* codec : {twilio_.get(), telnyx_.get()}) {
    for (const http::http_answer& answer : answers) {
      EXPECT_EQ(codec->decode_buy(answer).outcome, number_outcome::unknown) << answer.status << answer.body;
      EXPECT_EQ(codec->decode_route(answer).outcome, number_outcome::unknown) << answer.status << answer.body;
      EXPECT_EQ(codec->decode_release(answer).outcome, number_outcome::unknown) << answer.status << answer.body;
      EXPECT_EQ(codec->decode_find_purchase(answer, number).outcome, number_outcome::unknown) << answer.body;
      EXPECT_FALSE(codec->decode_buy(answer).why.empty()) << answer.status << answer.body;
    }
    EXPECT_EQ(codec->decode_buy(no_answer(http::delivery::unknown)).outcome, number_outcome::unknown);
    EXPECT_EQ(codec->decode_buy(no_answer(http::delivery::unknown)).why, "reset\\x0a");
  }
}

TEST_F(NumberCodec, NotSent_IsCertainlyNotDone) {
  for (number_codec* codec : {twilio_.get(), telnyx_.get()}) {
    const http::http_answer answer = no_answer(http::delivery::not_sent);
    EXPECT_EQ(codec->decode_buy(answer).outcome, number_outcome::throttled);
    EXPECT_EQ(codec->decode_release(answer).outcome, number_outcome::throttled);
    // A question that was not asked tells nothing about the purchase.
    EXPECT_EQ(codec->decode_find_purchase(answer, number).outcome, number_outcome::unknown);
  }
}

TEST_F(NumberCodec, NumberOfAnotherAccount_IsNotABoughtOne) {
  const number_answer got =
      buy(*twilio_, 201,
          R"({"sid":"PN0123456789abcdef0123456789abcdef","account_sid":"ACffffffffffffffffffffffffffffffff"})");
  EXPECT_EQ(got.outcome, number_outcome::unknown);
}

// --- what became of a purchase ---

TEST_F(NumberCodec, TwilioFindPurchase_IsWhetherTheAccountHoldsExactlyThatNumber) {
  const number_answer held = find(*twilio_, 200, R"({"incoming_phone_numbers":[)" + own_number + "]}");
  EXPECT_EQ(held.outcome, number_outcome::done);
  EXPECT_EQ(held.carrier_ref, sid);
  EXPECT_EQ(find(*twilio_, 200, R"({"incoming_phone_numbers":[]})").outcome, number_outcome::refused);
  std::string other = own_number;
  other.replace(other.find("+12125550123"), 12, "+12125550124");
  EXPECT_EQ(find(*twilio_, 200, R"({"incoming_phone_numbers":[)" + other + "]}").outcome, number_outcome::refused);
  const std::string more =
      R"("next_page_uri":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/IncomingPhoneNumbers.json?Page=1")";
  EXPECT_EQ(find(*twilio_, 200, R"({"incoming_phone_numbers":[],)" + more + "}").outcome, number_outcome::unknown);
  EXPECT_EQ(find(*twilio_, 401, R"({"code":20003,"message":"Authenticate","status":401})").outcome,
            number_outcome::unknown);
}

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

TEST_F(NumberCodec, TwilioHeld_TellsWhereCallsGoNow) {
  const std::string next = "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/IncomingPhoneNumbers.json?Page=1";
  const answer_for_test answer{
      200, R"({"incoming_phone_numbers":[)" + own_number +
               R"(,{"sid":"PN0123456789abcdef0123456789abcde0","phone_number":"+18005550100","trunk_sid":"TK1",)"
               R"("voice_application_sid":"AP1","voice_url":"https://x.example.com"}],"next_page_uri":")" +
               next + "\"}"};
  const auto page = twilio_->decode_held(answer);
  ASSERT_TRUE(page.clean) << page.why;
  ASSERT_EQ(page.numbers.size(), 2U);
  const held_number& first = page.numbers.front();
  EXPECT_EQ(first.carrier_ref, sid);
  EXPECT_EQ(first.number, number);
  EXPECT_EQ(first.friendly_name, "Front desk");
  EXPECT_EQ(first.type, number_type::local);
  EXPECT_EQ(first.capabilities, voice | sms | mms);
  EXPECT_EQ(first.voice_webhook, "https://old.example.com/v");
  EXPECT_TRUE(first.country.empty());
  EXPECT_TRUE(first.active);
  EXPECT_EQ(page.numbers.back().voice_webhook, "TK1");
  EXPECT_EQ(page.numbers.back().type, number_type::toll_free);
  EXPECT_EQ(page.next, next);
}

TEST_F(NumberCodec, NextPageOfAnotherAccount_IsNotFollowed) {
  for (const char* next :
       {"/2010-04-01/Accounts/ACffffffffffffffffffffffffffffffff/IncomingPhoneNumbers.json?Page=1",
        "https://evil.example.com/", "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json?Page=1",
        "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/IncomingPhoneNumbers.json?a b"}) {
    const answer_for_test answer{
        200, R"({"incoming_phone_numbers":[)" + own_number + R"(],"next_page_uri":")" + next + "\"}"};
    const auto page = twilio_->decode_held(answer);
    EXPECT_FALSE(page.clean) << next;
    EXPECT_TRUE(page.next.empty());
    EXPECT_TRUE(page.numbers.empty());
  }
}

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

// --- settings and release ---

TEST_F(NumberCodec, Routed_IsTheNumberAsItIsNow) {
  const answer_for_test twilio{200, own_number};
  EXPECT_EQ(twilio_->decode_route(twilio).outcome, number_outcome::done);
  const answer_for_test created{201, own_number};
  EXPECT_EQ(twilio_->decode_route(created).outcome, number_outcome::unknown);
  const answer_for_test telnyx{200, R"({"data":{"id":"129","phone_number":"+12125550123"}})"};
  EXPECT_EQ(telnyx_->decode_route(telnyx).outcome, number_outcome::done);
  EXPECT_EQ(telnyx_->decode_route(telnyx).carrier_ref, "129");
  const answer_for_test missing{404, R"({"code":20404,"message":"not found","status":404})"};
  EXPECT_EQ(twilio_->decode_route(missing).outcome, number_outcome::refused);
}

TEST_F(NumberCodec, Released_AlsoWhenItWasNotHeldAnyMore) {
  const answer_for_test nothing{204, "", ""};
  EXPECT_EQ(twilio_->decode_release(nothing).outcome, number_outcome::done);
  const answer_for_test missing{404, R"({"code":20404,"message":"not found","status":404})"};
  EXPECT_EQ(twilio_->decode_release(missing).outcome, number_outcome::done);
  const answer_for_test other{404, R"({"code":20405,"message":"not found","status":404})"};
  EXPECT_EQ(twilio_->decode_release(other).outcome, number_outcome::refused);
  const answer_for_test deleted{200, R"({"data":{"id":"129","status":"deleted"}})"};
  EXPECT_EQ(telnyx_->decode_release(deleted).outcome, number_outcome::done);
  const answer_for_test unknown{404, R"({"errors":[{"code":"10005","title":"Resource not found"}]})"};
  EXPECT_EQ(telnyx_->decode_release(unknown).outcome, number_outcome::done);
  const answer_for_test locked{422, R"({"errors":[{"code":"10015","detail":"deletion lock is enabled"}]})"};
  EXPECT_EQ(telnyx_->decode_release(locked).outcome, number_outcome::refused);
  EXPECT_EQ(telnyx_->decode_release(locked).why, "10015: deletion lock is enabled");
}

}  // namespace
}  // namespace dialer::carriers
