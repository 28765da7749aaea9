#pragma once
// One exchange with a carrier, by hand: a permit without a gate, and an answer with the padding the HTTP client
// promises.

#include <optional>
#include <string>
#include <string_view>

#include "carriers/base64.hpp"
#include "carriers/codec.hpp"

// The real gate is the permit's only maker; these tests do not link it, and stand in its place.
namespace dialer::compliance {
class gate {
 public:
  static dial_permit permit_for_test(e164 to, e164 from) {
    return {contact_id{1}, to, from, integration_id{}, steady_time::max(), utc_time::max()};
  }
};
}  // namespace dialer::compliance

namespace dialer::carriers {

inline const e164 callee = *e164::parse("+12125550123");
inline const e164 caller = *e164::parse("+442079460123");

/// Shaped as a token is; nobody signed it.
inline const std::string token_text = "AQ" + std::string(106, 'k');

inline std::string client_state_of(std::string_view text) {
  std::string coded;
  append_base64(text, base64_kind::standard, coded);
  return coded;
}

class answer_for_test {
 public:
  explicit answer_for_test(int status, std::string_view body, std::string_view content_type = "application/json")
      : text_{body} {
    text_.append(64, '\0');
    value_.how = http::delivery::answered;
    value_.status = status;
    value_.body = std::string_view{text_}.substr(0, body.size());
    value_.content_type = content_type;
  }
  answer_for_test(const answer_for_test&) = delete;
  answer_for_test& operator=(const answer_for_test&) = delete;
  http::http_answer* operator->() { return &value_; }
  operator const http::http_answer&() const { return value_; }

 private:
  std::string text_;
  http::http_answer value_;
};

inline account twilio_account() {
  account value;
  value.kind = carrier_kind::twilio;
  value.base_url = "https://api.twilio.com";
  value.account_sid = "AC0123456789abcdef0123456789abcdef";
  value.secret = "0123456789abcdef0123456789abcdef";
  return value;
}

inline account telnyx_account() {
  account value;
  value.kind = carrier_kind::telnyx;
  value.base_url = "https://api.telnyx.com";
  value.connection_id = "1234567890";
  value.secret = "KEY0123";
  return value;
}

inline call_options options_for_test() {
  call_options options;
  options.answer_url = "https://agent.example.com/answer?agent=7";
  options.callback_base_url = "https://dialer.example.com/";
  return options;
}

}  // namespace dialer::carriers
