#include "carriers/twilio_reading.hpp"

#include <algorithm>
#include <limits>

#include "carriers/base64.hpp"
#include "carriers/form.hpp"
#include "carriers/request_head.hpp"

namespace dialer::carriers {

std::string twilio_authorization(const account& value) {
  require_visible_ascii("account_sid", value.account_sid);
  require_visible_ascii("secret", value.secret);
  std::string header = "Basic ";
  append_base64(value.account_sid + ":" + value.secret, base64_kind::standard, header);
  return header;
}

std::string twilio_account_path(const account& value) {
  std::string path = "/2010-04-01/Accounts/";
  append_percent_encoded(value.account_sid, path);
  return path;
}

int twilio_error_code(simdjson::dom::object body) {
  const std::int64_t code = json_integer(body, "code").value_or(0);
  return code >= 10'000 && code <= std::numeric_limits<int>::max() ? static_cast<int>(code) : 0;
}

std::optional<twilio_error> read_twilio_error(simdjson::dom::object body, int status) {
  twilio_error error{twilio_error_code(body), json_text(body, "message")};
  if (error.words.empty()) error.words = json_text(body, "detail");
  if (error.words.empty()) error.words = json_text(body, "title");
  if (error.code == 0 && (error.words.empty() || json_integer(body, "status") != status)) return std::nullopt;
  return error;
}

bool read_twilio_next(simdjson::dom::object body, std::string_view list, std::string& next) {
  const std::string_view uri = json_text(body, "next_page_uri");
  if (uri.empty()) return true;
  const bool visible = std::ranges::all_of(uri, [](char c) { return c > ' ' && c < 0x7F; });
  if (!visible || !uri.starts_with(list)) return false;
  next = uri;
  return true;
}

}  // namespace dialer::carriers
