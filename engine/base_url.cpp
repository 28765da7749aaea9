#include "engine/base_url.hpp"

#include <stdexcept>

#include "carriers/url.hpp"

namespace dialer::engine {

base_url parse_base_url(std::string_view text) {
  const auto url = carriers::parse_url(text);
  const auto refuse = [&](const char* what) {
    return std::invalid_argument("base_url '" + std::string{text} + "' " + what +
                                 "; write it as https://host or https://host:port");
  };
  if (!url) throw refuse("is not a URL");
  if (url->scheme() != "https") throw refuse("is not https");
  if (url->has_userinfo()) throw refuse("holds credentials, which belong into the integration's secret");
  base_url parsed;
  parsed.host = url->host_address();
  if (url->has_port()) {
    if (url->port_number() == 0) throw refuse("has no usable port");
    parsed.port = url->port_number();
  }
  return parsed;
}

}  // namespace dialer::engine
