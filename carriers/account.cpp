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

std::vector<std::string> account_names(const account& value) {
  std::vector<std::string> names;
  for (const std::string* name : {&value.account_sid, &value.connection_id}) {
    if (!name->empty()) names.push_back(*name);
  }
  return names;
}

std::string missing_for_calls(const account& value) {
  if (value.kind != carrier_kind::telnyx) return {};
  if (value.connection_id.empty()) {
    return "has no connection_id; set metadata.connection_id by PATCH /v1/integrations/" + value.id.text() +
           " to the id of the Call Control application, as the Telnyx portal shows it";
  }
  if (value.webhook_public_key.empty()) {
    return "has no webhook_public_key; set it by PATCH /v1/integrations/" + value.id.text() +
           " to the public key that the Telnyx portal shows";
  }
  return {};
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
