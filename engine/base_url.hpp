#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dialer::engine {

/// Host and port of a carrier's base URL. Only https is taken: credentials travel in every request.
struct base_url {
  std::string host;
  std::uint16_t port = 443;
};

/// Throws std::invalid_argument naming the URL and the remedy for anything but "https://host[:port]".
base_url parse_base_url(std::string_view text);

}  // namespace dialer::engine
