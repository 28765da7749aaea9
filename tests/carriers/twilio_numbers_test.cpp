// What Twilio is asked about numbers, and what its answers say.

#include "tests/carriers/number_codec_for_test.hpp"

namespace dialer::carriers {
namespace {

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

// --- buying: what each answer leaves open ---

TEST_F(NumberCodec, TwilioBought_NamesTheNumber) {
  const number_answer got = buy(*twilio_, 201, own_number);
  EXPECT_EQ(got.outcome, number_outcome::done);
  EXPECT_EQ(got.carrier_ref, sid);
  EXPECT_TRUE(got.why.empty());
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

}  // namespace
}  // namespace dialer::carriers
