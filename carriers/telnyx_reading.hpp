#pragma once
// What every dialect of Telnyx's REST API shares. Private to this folder's sources (it names simdjson).

#include <optional>
#include <string>
#include <string_view>

#include "carriers/account.hpp"
#include "carriers/json_reading.hpp"
#include "carriers/reactions.hpp"

namespace dialer::carriers {

inline constexpr std::string_view json_type = "application/json";

/// "Bearer ...". Throws std::invalid_argument, naming the field, when the key cannot stand in a request.
std::string telnyx_authorization(const account& value);

/// The text as a JSON string, with its quotes.
std::string json_string(std::string_view text);

struct telnyx_refusal {
  telnyx_error error;
  std::string_view words;
};

/// Several errors: the first that the tables know decides, else the first. nullopt: not Telnyx's error body.
std::optional<telnyx_refusal> read_telnyx_refusal(simdjson::dom::object body, int status);

bool has_telnyx_error(simdjson::dom::object body, std::string_view code);

}  // namespace dialer::carriers
