#include "carriers/http/host_addresses.hpp"

#include <boost/asio/ip/address.hpp>
#include <utility>

namespace dialer::carriers::http {

namespace asio = boost::asio;

host_addresses::host_addresses(asio::io_context& io, std::string host, std::uint16_t port)
    : host_{std::move(host)}, port_{std::to_string(port)}, resolver_{io.get_executor()} {
  boost::system::error_code not_numeric;
  const asio::ip::address address = asio::ip::make_address(host_, not_numeric);
  numeric_ = !not_numeric;
  if (numeric_) endpoints_.emplace_back(address, port);
}

host_addresses::endpoint host_addresses::next() {
  return endpoints_[turn_++ % endpoints_.size()];
}

void host_addresses::refresh(time_point now, std::function<void(std::string_view error)> done) {
  if (numeric_ || asking_ || now < fresh_until_) return;
  asking_ = true;
  fresh_until_ = now + fresh_for;
  // `done` keeps the owner of this object alive.
  resolver_.async_resolve(
      host_, port_, asio::ip::resolver_base::numeric_service,
      [this, done = std::move(done)](boost::system::error_code error, const resolver::results_type& found) {
        asking_ = false;
        if (error) {
          fresh_until_ = {};
          done("resolving " + host_ + ": " + error.message());
          return;
        }
        endpoints_.clear();
        for (const auto& entry : found) endpoints_.push_back(entry.endpoint());
        done({});
      });
}

}  // namespace dialer::carriers::http
