// What holds for the numbers of both carriers alike.

#include <stdexcept>

#include "tests/carriers/number_codec_for_test.hpp"

namespace dialer::carriers {
namespace {

// --- requests ---

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

// --- what the account holds ---

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
