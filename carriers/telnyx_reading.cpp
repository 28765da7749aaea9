#include "carriers/telnyx_reading.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "carriers/foreign_text.hpp"
#include "carriers/request_head.hpp"
#include "model/ascii.hpp"

namespace dialer::carriers {
namespace {

telnyx_error read_error(simdjson::dom::object row) {
  telnyx_error error;
  error.code = json_text(row, "code");
  if (const auto source = json_object(row, "source")) error.pointer = json_text(*source, "pointer");
  const std::string_view detail = json_text(row, "detail");
  error.token = find_refusal_token(detail);
  if (error.token.empty()) error.token = find_refusal_token(json_text(row, "title"));
  std::string lowered{detail.substr(0, foreign_text_bytes_max)};
  std::ranges::transform(lowered, lowered.begin(), to_lower);
  error.spend_limit = lowered.find("spend limit") != std::string::npos;
  return error;
}

}  // namespace

std::string telnyx_authorization(const account& value) {
  require_visible_ascii("secret", value.secret);
  return "Bearer " + value.secret;
}

std::string json_string(std::string_view text) {
  return boost::json::serialize(boost::json::string_view{text.data(), text.size()});
}

std::optional<telnyx_refusal> read_telnyx_refusal(simdjson::dom::object body, int status) {
  const auto errors = json_array(body, "errors");
  if (!errors) return std::nullopt;
  std::optional<telnyx_refusal> chosen;
  for (const simdjson::dom::element element : *errors) {
    simdjson::dom::object row;
    if (element.get(row) != simdjson::SUCCESS || json_text(row, "code").empty()) return std::nullopt;
    const telnyx_error error = read_error(row);
    const bool known = known_telnyx_error(status, error);
    if (chosen && !known) continue;
    chosen = telnyx_refusal{error, json_text(row, "detail")};
    if (chosen->words.empty()) chosen->words = json_text(row, "title");
    if (known) break;
  }
  return chosen;
}

bool has_telnyx_error(simdjson::dom::object body, std::string_view code) {
  const auto errors = json_array(body, "errors");
  if (!errors) return false;
  for (const simdjson::dom::element element : *errors) {
    simdjson::dom::object row;
    if (element.get(row) == simdjson::SUCCESS && json_text(row, "code") == code) return true;
  }
  return false;
}

}  // namespace dialer::carriers
