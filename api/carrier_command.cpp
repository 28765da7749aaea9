#include "api/carrier_command.hpp"

#include "carriers/http/exchange.hpp"
#include "engine/base_url.hpp"

namespace dialer::api {

carriers::command_answer command_over(const carriers::account& account, const carriers::telnyx_command& command) {
  const engine::base_url url = engine::parse_base_url(account.base_url);
  carriers::http::pool_options to;
  to.host = url.host;
  to.port = url.port;
  to.ca_file = account.ca_file;
  to.request_timeout = std::chrono::seconds{5};  // a caller hears it ringing meanwhile
  return carriers::decode_command(carriers::http::exchange{to}.ask(carriers::encode_command(account, command)));
}

}  // namespace dialer::api
