#include "carriers/webhook_check.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <cmath>
#include <istream>
#include <ostream>
#include <string>

#include "carriers/codec.hpp"
#include "carriers/json_reading.hpp"

namespace dialer::carriers {
namespace {

/// Why a line is no webhook: the field and the remedy.
struct malformed {
  std::string what;
};

std::string json_string(std::string_view text) {
  return boost::json::serialize(boost::json::string_view{text.data(), text.size()});
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view required_text(simdjson::dom::object line, std::string_view field, std::string_view example) {
  std::string_view value;
  if (line.at_key(field).get(value) != simdjson::SUCCESS) {
    throw malformed{"\"" + std::string{field} + "\" is missing or no text; give it as a string, for example " +
                    std::string{example}};
  }
  return value;
}

std::string_view optional_text(simdjson::dom::object line, std::string_view field) {
  simdjson::dom::element value;
  if (line.at_key(field).get(value) != simdjson::SUCCESS || value.is_null()) return {};
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    throw malformed{"\"" + std::string{field} +
                    "\" is no text; give the bytes as received, as a string, or leave it out"};
  }
  return text;
}

/// A value may be a string or, as some servers hand it over, a list whose first string counts.
std::string_view header(simdjson::dom::object headers, std::string_view name) {
  for (const auto field : headers) {
    if (!same_name(field.key, name)) continue;
    std::string_view text;
    simdjson::dom::array list;
    if (field.value.get(text) == simdjson::SUCCESS) return text;
    if (field.value.get(list) == simdjson::SUCCESS && list.at(0).get(text) == simdjson::SUCCESS) return text;
    throw malformed{"header \"" + std::string{field.key} + "\" is no text; give header values as strings"};
  }
  return {};
}

utc_time required_now(simdjson::dom::object line) {
  constexpr double seconds_max = 1e11;
  double seconds = 0;
  if (line.at_key("now").get(seconds) != simdjson::SUCCESS || !(std::abs(seconds) <= seconds_max)) {
    throw malformed{
        "\"now\" is missing or no number; give the time of judgement in Unix seconds, for example 1790000000"};
  }
  return utc_time{std::chrono::microseconds{std::llround(seconds * 1e6)}};
}

bool judge(simdjson::dom::object line) {
  const std::string_view carrier = required_text(line, "carrier", "\"twilio\" or \"telnyx\"");
  if (carrier != "twilio" && carrier != "telnyx") {
    throw malformed{"\"carrier\" is neither \"twilio\" nor \"telnyx\"; give one of the two"};
  }
  const std::string_view key = required_text(line, "key", "the account's auth token or public key");
  const auto headers = json_object(line, "headers");
  if (!headers) throw malformed{"\"headers\" is missing or no object; give {\"name\": \"value\"}"};
  callback_request request{};
  request.body = optional_text(line, "body");
  if (carrier == "telnyx") {
    request.telnyx_signature = header(*headers, "telnyx-signature-ed25519");
    request.telnyx_timestamp = header(*headers, "telnyx-timestamp");
    return verify_telnyx(request, key, required_now(line));
  }
  request.method = required_text(line, "method", "\"POST\"");
  request.url = required_text(line, "url", "\"https://dialer.example.com/callbacks/twilio?t=…\"");
  request.content_type = header(*headers, "content-type");
  request.twilio_signature = header(*headers, "x-twilio-signature");
  return verify_twilio(request, key);
}

/// The id as written: a number must not come back in another spelling.
std::string id_of(simdjson::dom::object line, simdjson::ondemand::parser& parser, std::string_view padded,
                  std::size_t padded_size) {
  simdjson::dom::element id;
  simdjson::ondemand::document document;
  std::string_view token;
  const bool found = line.at_key("id").get(id) == simdjson::SUCCESS && (id.is_string() || id.is_number()) &&
                     parser.iterate(padded.data(), padded.size(), padded_size).get(document) == simdjson::SUCCESS &&
                     document.find_field_unordered("id").raw_json_token().get(token) == simdjson::SUCCESS;
  if (!found) {
    throw malformed{
        "\"id\" is missing or neither text nor number; give each line one, so that its answer can be told apart"};
  }
  return std::string{token.substr(0, token.find_last_not_of(" \t\r\n") + 1)};
}

}  // namespace

webhook_check_result check_webhooks(std::istream& in, std::ostream& out) {
  webhook_check_result result;
  simdjson::dom::parser parser;
  simdjson::ondemand::parser id_parser;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    ++result.checked;
    std::string id = "null";
    try {
      const std::size_t length = line.size();
      line.append(simdjson::SIMDJSON_PADDING, '\0');
      const std::string_view text = std::string_view{line}.substr(0, length);
      const auto object = json_document(parser, text);
      if (!object) throw malformed{"not one JSON object; write each webhook as one object on one line, in UTF-8"};
      id = id_of(*object, id_parser, text, line.size());
      const bool valid = judge(*object);
      if (valid) ++result.valid;
      out << "{\"id\":" << id << ",\"valid\":" << (valid ? "true" : "false") << "}\n";
    } catch (const malformed& problem) {
      ++result.malformed;
      const std::string error = json_string("line " + std::to_string(number) + ": " + problem.what);
      out << "{\"id\":" << id << ",\"valid\":false,\"error\":" << error << "}\n";
    }
  }
  return result;
}

}  // namespace dialer::carriers
