#include "carriers/account.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace dialer::carriers {

bool on_loopback(const account& value) {
  const auto url = boost::urls::parse_uri(value.base_url);
  if (!url) return false;
  switch (url->host_type()) {
    case boost::urls::host_type::ipv4:
      return url->host_ipv4_address().is_loopback();
    case boost::urls::host_type::ipv6:
      return url->host_ipv6_address().is_loopback();
    case boost::urls::host_type::name: {
      std::string name = url->host_name();
      for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      }
      return name == "localhost";
    }
    default:
      return false;
  }
}

}  // namespace dialer::carriers
