#include "api/listen_address.hpp"

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <system_error>

namespace dialer::api {

namespace asio = boost::asio;

asio::ip::tcp::endpoint parse_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  std::uint16_t port = 0;
  boost::system::error_code error = asio::error::invalid_argument;
  asio::ip::address address;
  if (colon != std::string::npos) {
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const char* end = listen.data() + listen.size();
    const auto [stop, parse_error] = std::from_chars(listen.data() + colon + 1, end, port);
    if (parse_error == std::errc{} && stop == end) address = asio::ip::make_address(host, error);
  }
  if (error) {
    throw std::runtime_error{"can't listen on '" + listen +
                             "': give a numeric address and a port, as in 127.0.0.1:8080"};
  }
  return {address, port};
}

}  // namespace dialer::api
