#include "carriers/webhook_check.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace dialer::carriers {
namespace {

/// Signed by the carrier's own library (see webhook_signature_test).
std::string twilio_line(std::string_view id, std::string_view signature = "Amhslv9jQwVk9Nw0pRgqQqtNwUM=") {
  return R"({"id":)" + std::string{id} +
         R"(,"carrier":"twilio","key":"0123456789abcdef0123456789abcdef","method":"POST",)"
         R"("url":"https://dialer.example.com/callbacks/twilio?t=abc-_123","headers":{"HOST":"x",)"
         R"("x-TWILIO-signature":")" +
         std::string{signature} +
         R"(","Content-Type":"application/x-www-form-urlencoded"},"body":"A=z&A=a&A=b&B=1","captured_by":{"a":[1]}})";
}

struct outcome {
  std::string text;
  webhook_check_result result;
};

outcome check(const std::string& input) {
  std::istringstream in{input};
  std::ostringstream out;
  const webhook_check_result result = check_webhooks(in, out);
  return {out.str(), result};
}

TEST(WebhookCheck, EachLine_IsAnsweredInOrderUnderItsId) {
  const outcome got = check(twilio_line("\"a\\n1\"") + "\n" + twilio_line("42", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=") +
                            "\r\n\n" + twilio_line("-7.50"));
  EXPECT_EQ(got.text,
            "{\"id\":\"a\\n1\",\"valid\":true}\n{\"id\":42,\"valid\":false}\n{\"id\":-7.50,\"valid\":true}\n");
  EXPECT_EQ(got.result.checked, 3U);
  EXPECT_EQ(got.result.valid, 2U);
  EXPECT_EQ(got.result.malformed, 0U);
}

TEST(WebhookCheck, Telnyx_IsJudgedAtItsNow) {
  // RFC 8032's third key pair over `1790000000|{}`.
  const auto line = [](std::string_view now) {
    return R"({"id":1,"carrier":"telnyx","key":"/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=","method":"POST","url":"",)"
           R"("headers":{"Telnyx-Timestamp":"1790000000","TELNYX-SIGNATURE-ED25519":["DFifScfFdKa2ROZPl4zZ3S2kQWw262AaR+ea6q46k5mBMz8mQwcSOaiUoyGVC6X61XMm8+VOOdBp8Q5D8I3wDQ=="]},"body":"{}","now":)" +
           std::string{now} + "}\n";
  };
  EXPECT_EQ(check(line("1790000300")).text, "{\"id\":1,\"valid\":true}\n");
  EXPECT_EQ(check(line("1790000300.0")).text, "{\"id\":1,\"valid\":true}\n");
  EXPECT_EQ(check(line("1790000301")).text, "{\"id\":1,\"valid\":false}\n");
  const outcome without = check(line("\"soon\""));
  EXPECT_EQ(without.result.malformed, 1U);
  EXPECT_NE(without.text.find("line 1: \\\"now\\\" is missing or no number"), std::string::npos) << without.text;
}

TEST(WebhookCheck, BodyAbsentNullOrEmpty_IsEmpty) {
  for (const auto body : {"", R"(,"body":null)", R"(,"body":"")"}) {
    const std::string line = R"({"id":"g","carrier":"twilio","key":"0123456789abcdef0123456789abcdef","method":"GET",)"
                             R"("url":"https://dialer.example.com/callbacks/twilio?t=abc-_123&CallSid=x%20y",)"
                             R"("headers":{"X-Twilio-Signature":"Dn2vD6DSYW+q2lz4gUAi5SSuFv0="})" +
                             std::string{body} + "}";
    EXPECT_EQ(check(line).text, "{\"id\":\"g\",\"valid\":true}\n") << body;
  }
}

TEST(WebhookCheck, MalformedLine_NamesLineFieldAndRemedyAndTheRestGoesOn) {
  const std::string good = twilio_line("9");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"{", "not one JSON object"},
      {"[]", "not one JSON object"},
      {good + good, "not one JSON object"},
      {"{\"id\":\"\xff\"}", "not one JSON object"},
      {R"({"carrier":"twilio"})", "\\\"id\\\" is missing"},
      {R"({"id":true})", "\\\"id\\\" is missing"},
      {R"({"id":1})", "\\\"carrier\\\" is missing"},
      {R"({"id":1,"carrier":"plivo"})", "\\\"carrier\\\" is neither"},
      {R"({"id":1,"carrier":"twilio"})", "\\\"key\\\" is missing"},
      {R"({"id":1,"carrier":"twilio","key":"k"})", "\\\"headers\\\" is missing"},
      {R"({"id":1,"carrier":"twilio","key":"k","headers":{}})", "\\\"method\\\" is missing"},
      {R"({"id":1,"carrier":"twilio","key":"k","headers":{},"method":"POST"})", "\\\"url\\\" is missing"},
      {R"({"id":1,"carrier":"twilio","key":"k","headers":{},"method":"POST","url":"x","body":{}})",
       "\\\"body\\\" is no text"},
      {R"({"id":1,"carrier":"twilio","key":"k","headers":{"Content-Type":5},"method":"POST","url":"x"})",
       "header \\\"Content-Type\\\" is no text"},
      {R"({"id":1,"carrier":"telnyx","key":"k","headers":{}})", "\\\"now\\\" is missing"},
      {R"({"id":1,"carrier":"telnyx","key":"k","headers":{},"now":1e300})", "\\\"now\\\" is missing"},
  };
  for (const auto& [line, problem] : rows) {
    const outcome got = check("\n" + line + "\n" + good + "\n");
    EXPECT_EQ(got.result.checked, 2U) << line;
    EXPECT_EQ(got.result.malformed, 1U) << line;
    EXPECT_EQ(got.result.valid, 1U) << line;
    EXPECT_NE(got.text.find("\"valid\":false,\"error\":\"line 2: " + problem), std::string::npos) << got.text;
    EXPECT_NE(got.text.find("\n{\"id\":9,\"valid\":true}\n"), std::string::npos) << got.text;
    const bool id_readable = line.starts_with("{\"id\":1");
    EXPECT_TRUE(got.text.starts_with(id_readable ? "{\"id\":1," : "{\"id\":null,")) << got.text;
  }
}

TEST(WebhookCheck, MissingSignature_IsInvalidNotMalformed) {
  const outcome got = check(R"({"id":1,"carrier":"twilio","key":"k","headers":{},"method":"POST","url":"https://a/"})");
  EXPECT_EQ(got.text, "{\"id\":1,\"valid\":false}\n");
}

TEST(WebhookCheck, NothingIn_NothingOut) {
  EXPECT_EQ(check("\n \t\r\n").text, "");
}

}  // namespace
}  // namespace dialer::carriers
