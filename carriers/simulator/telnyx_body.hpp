#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "carriers/simulator/telnyx_api.hpp"

namespace dialer::carriers::simulator {

/// The body of a request, one field at a time.
struct telnyx_api::json_reader {
  simdjson::dom::parser parser;
  simdjson::dom::object object;

  bool parse(std::string_view body) { return parser.parse(body.data(), body.size()).get(object) == simdjson::SUCCESS; }
  std::string text(std::string_view key) {
    std::string_view value;
    return object[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string{};
  }
  std::int64_t number(std::string_view key, std::int64_t fallback) {
    std::int64_t value = 0;
    return object[key].get(value) == simdjson::SUCCESS ? value : fallback;
  }
  bool flag(std::string_view key, bool fallback) {
    bool value = false;
    return object[key].get(value) == simdjson::SUCCESS ? value : fallback;
  }
};

}  // namespace dialer::carriers::simulator
