#pragma once
// Both carriers' number codecs, and what their tests ask and answer.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "carriers/number_codec.hpp"
#include "tests/carriers/exchange_for_test.hpp"

namespace dialer::carriers {

inline const e164 number = *e164::parse("+12125550123");
inline constexpr std::string_view sid = "PN0123456789abcdef0123456789abcdef";
inline const std::string own_number =
    R"({"sid":"PN0123456789abcdef0123456789abcdef","account_sid":"AC0123456789abcdef0123456789abcdef",)"
    R"("phone_number":"+12125550123","friendly_name":"Front desk","type":"local","status":"in-use",)"
    R"("capabilities":{"voice":true,"SMS":true,"Mms":true,"fax":false},"voice_url":"https://old.example.com/v",)"
    R"("voice_application_sid":"","trunk_sid":null})";
inline constexpr std::string_view order_id = "12ade33a-21c0-473b-b055-b3c836e1c292";

inline std::string order(std::string_view status, std::string_view for_number = "+12125550123") {
  return R"({"id":")" + std::string{order_id} + R"(","record_type":"number_order","status":")" + std::string{status} +
         R"(","customer_reference":"phn_1","phone_numbers":[{"id":"dc8e4d67","phone_number":")" +
         std::string{for_number} + R"("}]})";
}

inline http::http_answer no_answer(http::delivery how) {
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

inline std::string line_of(const std::string& bytes) {
  return bytes.substr(0, bytes.find(" HTTP/1.1\r\n"));
}
inline std::string body_of(const std::string& bytes) {
  return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

}  // namespace dialer::carriers
