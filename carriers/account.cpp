#include "carriers/account.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>
#include <string>
#include <string_view>

namespace dialer::carriers {

const std::string& account_key(const account& value) {
  return value.kind == carrier_kind::twilio ? value.account_sid : value.connection_id;
}

bool queues_calls(carrier_kind kind) {
  return kind == carrier_kind::twilio;
}

bool on_loopback(const account& value) {
  const auto url = boost::urls::parse_uri(value.base_url);
  // Boost 1.81 splits "https://127.0.0.1.example.com" into host 127.0.0.1 and path ".example.com": no such path is
  // real.
  if (!url || (!url->encoded_path().empty() && !url->encoded_path().starts_with('/'))) return false;
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
