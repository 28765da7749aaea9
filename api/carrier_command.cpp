#include "api/carrier_command.hpp"

namespace dialer::api {

carriers::command_answer command_over(carrier_exchange& exchange, const carriers::account& account,
                                      const carriers::telnyx_command& command) {
  return carriers::decode_command(exchange.ask(account, carriers::encode_command(account, command)));
}

}  // namespace dialer::api
