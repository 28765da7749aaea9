#include "carriers/url.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <cctype>
#include <string>

namespace dialer::carriers {

std::optional<boost::urls::url_view> parse_url(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || url->encoded_host().empty()) return std::nullopt;
  // Boost 1.81 splits "https://127.0.0.1.example.com" into host 127.0.0.1 and path ".example.com", and takes a port
  // that is no number for a path: no such path is real.
  if (!url->encoded_path().empty() && !url->encoded_path().starts_with('/')) return std::nullopt;
  return *url;
}

bool is_loopback_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return false;
  switch (url->host_type()) {
    case boost::urls::host_type::ipv4: return url->host_ipv4_address().is_loopback();
    case boost::urls::host_type::ipv6: return url->host_ipv6_address().is_loopback();
    case boost::urls::host_type::name: {
      constexpr std::string_view name = "localhost";
      const std::string host = url->host_name();
      return std::equal(host.begin(), host.end(), name.begin(), name.end(),
                        [](unsigned char a, char b) { return std::tolower(a) == b; });
    }
    default: return false;
  }
}

}  // namespace dialer::carriers
