#include "carriers/simulator/signing.hpp"

#include <gtest/gtest.h>

namespace dialer::carriers::simulator {
namespace {

TEST(TwilioSignature, AgreesWithTheOfficialSdk) {
  // Computed by getExpectedTwilioSignature of the npm package twilio 6.2.0.
  form_fields fields;
  fields.add("to", "\xc3\xbc z");
  fields.add("CallSid", "CA1234567890ABCDE");
  fields.add("To", "+12125550100");
  fields.add("Caller", "+12125550123");
  fields.add("Empty", "");
  fields.add("Digits", "1234");
  fields.add("From", "+12125550123");
  EXPECT_EQ(twilio_signature("12345", "https://dialer.example.com/callbacks/twilio?t=abc%2Bd&x=1", fields),
            "p56/+INQQAYbCYJynP48X4gUIrw=");
}

TEST(Ed25519, AgreesWithRfc8032Test1) {
  std::uint64_t words[4];
  ASSERT_TRUE(parse_hex128("9d61b19deffd5a60ba844af492ec2cc4", words[0], words[1]));
  ASSERT_TRUE(parse_hex128("4449c5697b326919703bac031cae7f60", words[2], words[3]));
  ed25519_key::seed seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) {
    seed[i] = static_cast<std::uint8_t>(words[i / 8] >> (56 - 8 * (i % 8)));
  }
  const ed25519_key key{seed};
  EXPECT_EQ(key.public_base64(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  EXPECT_EQ(key.sign_base64(""),
            "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==");
}

TEST(WireText, Base64_BothAlphabetsAndEveryRemainder) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_decode("Zm8"), "fo");
  EXPECT_EQ(base64_decode("_-8="), base64_decode("/+8="));
  EXPECT_EQ(base64_decode("Z"), std::nullopt);
  EXPECT_EQ(base64_decode("Zm 9v"), std::nullopt);
}

TEST(WireText, Forms_DecodeWhatTheyEncode) {
  form_fields fields;
  fields.add("a b", "+1 & 2=3%");
  fields.add("empty", "");
  const auto again = form_fields::parse(fields.encode());
  EXPECT_EQ(again.get("a b"), "+1 & 2=3%");
  EXPECT_NE(again.find("empty"), nullptr);
  EXPECT_EQ(form_fields::parse("x=%zz%4&y").get("x"), "%zz%4");
}

TEST(WireText, Dates_AsTheCarriersWriteThem) {
  using namespace std::chrono_literals;
  const auto at = utc_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}} + 8h + 48min + 3s + 42us;
  EXPECT_EQ(rfc2822(at), "Sat, 21 Nov 2026 08:48:03 +0000");
  EXPECT_EQ(rfc3339(at), "2026-11-21T08:48:03.000042Z");
  EXPECT_EQ(parse_date(rfc3339(at))->at, at);
  EXPECT_TRUE(parse_date("2026-11-21")->whole_day);
  EXPECT_FALSE(parse_date("2026-02-30"));
  EXPECT_FALSE(parse_date("yesterday"));
}

}  // namespace
}  // namespace dialer::carriers::simulator
