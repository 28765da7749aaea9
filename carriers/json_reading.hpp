#pragma once
// Private to this folder's sources (it names simdjson). Absent, null and wrongly typed fields all read as "not there".

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dialer::carriers {

inline std::string_view json_text(simdjson::dom::object object, std::string_view key) {
  std::string_view value;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? value : std::string_view{};
}

inline std::optional<std::int64_t> json_integer(simdjson::dom::object object, std::string_view key) {
  std::int64_t value = 0;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? std::optional{value} : std::nullopt;
}

inline std::optional<simdjson::dom::object> json_object(simdjson::dom::object object, std::string_view key) {
  simdjson::dom::object value;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? std::optional{value} : std::nullopt;
}

inline std::optional<simdjson::dom::array> json_array(simdjson::dom::object object, std::string_view key) {
  simdjson::dom::array value;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? std::optional{value} : std::nullopt;
}

/// The whole document as an object. `padded`: followed by SIMDJSON_PADDING readable bytes. Views live until the next
/// parse.
inline std::optional<simdjson::dom::object> json_document(simdjson::dom::parser& parser, std::string_view padded) {
  simdjson::dom::object value;
  return parser.parse(padded.data(), padded.size(), false).get(value) == simdjson::SUCCESS ? std::optional{value}
                                                                                           : std::nullopt;
}

/// The same of a callback's body, which has no padding behind it. The parser is this thread's: callbacks come at
/// several times the call rate, and a parser's buffers are worth keeping.
inline std::optional<simdjson::dom::object> json_body(std::string_view body) {
  thread_local simdjson::dom::parser parser;
  thread_local std::string padded;
  padded.assign(body);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  return json_document(parser, std::string_view{padded}.substr(0, body.size()));
}

}  // namespace dialer::carriers
