#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http_server.hpp"

namespace dialer::api {

/// "a=1&b=%41" taken apart and decoded; a "+" stays one, so that a phone number may be written as it is. Nothing when
/// an escape is broken.
std::optional<http_params> parse_query(std::string_view query);

/// Where a list goes on: opaque outside. `kind` keeps a cursor of one list from being used in another.
std::string make_cursor(std::string_view kind, std::uint64_t high, std::uint64_t low = 0);
struct cursor_place {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};
std::optional<cursor_place> parse_cursor(std::string_view kind, std::string_view text);

}  // namespace dialer::api
