#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace dialer::api {

/// Reads "127.0.0.1:8080", "[::1]:8080" or "0.0.0.0:0". Names are not looked up. Throws std::runtime_error that quotes
/// what was given and shows the form.
boost::asio::ip::tcp::endpoint parse_listen(const std::string& listen);

}  // namespace dialer::api
